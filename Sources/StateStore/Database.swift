public import Diagnostics
import Foundation
import GRDB

/// The engine's SQLite database: what containers, images and references exist.
///
/// One connection with a small page cache, in WAL mode: the engine answers reads from memory, so the database is
/// read once, at the start, and written after that. All calls block; call them off the cooperative pool.
public final class Database: Sendable {
  /// How much a commit must survive.
  enum Durability: Sendable {
    /// The death of the server: the write-ahead log is written, not synchronised (0.03 ms).
    case process
    /// Loss of power: the write-ahead log is synchronised (0.5 ms).
    case power
  }

  let queue: DatabaseQueue

  private init(queue: DatabaseQueue) {
    self.queue = queue
  }

  /// What opening a database came to.
  public struct Opening: Sendable {
    public let database: Database
    /// Where a damaged database was moved to.
    public let damagedCopy: String?
    /// The rows are not all there: the database is new, or a rebuild was cut short. The caller adds what its files say
    /// and the rows do not, and then calls `markComplete`.
    public let isIncomplete: Bool
  }

  /// Opens the database at `path`, making it when it is missing. A damaged one is moved aside, to
  /// `<path>.damaged-<Unix seconds>`, and an empty one takes its place.
  ///
  /// Throws: `unsupported` when a newer version has written it, `unavailable` when another process holds it, `system`
  /// when the file cannot be opened at all.
  public static func open(at path: String) throws(ClassifiedError) -> Opening {
    var copy: String?
    let database: Database
    do {
      database = try openSound(path)
    } catch let damage {
      guard damage.kind == .dataLoss else { throw damage }
      copy = try moveAside(path)
      database = try openSound(path)
    }
    let mark = try database.fetch { try Int.fetchOne($0, sql: "PRAGMA user_version") }
    return Opening(database: database, damagedCopy: copy, isIncomplete: mark != completeMark)
  }

  /// The value of `PRAGMA user_version` in a database that holds all that there is.
  private static let completeMark = 1

  /// Says that the database holds all that there is. Until then each start adds what only the files say.
  public func markComplete() throws(ClassifiedError) {
    try transact(.power) { try $0.execute(sql: "PRAGMA user_version = \(Self.completeMark)") }
  }

  /// Opens and checks; an error of kind `dataLoss` means that the content is damaged.
  private static func openSound(_ path: String) throws(ClassifiedError) -> Database {
    do {
      try keepPrivate(path)
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.write { connection in
        let verdict = try String.fetchOne(connection, sql: "PRAGMA quick_check(1)")
        guard verdict == "ok" else {
          throw ClassifiedError(.dataLoss, "quick check says: \(verdict ?? "nothing")", object: path)
        }
      }
      let migrator = Schema.migrator
      guard try !queue.read(migrator.hasBeenSuperseded) else {
        throw ClassifiedError(
          .unsupported, "the database was written by a newer version", object: path, advice: "run that version")
      }
      do {
        try migrator.migrate(queue)
      } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
        throw ClassifiedError(.dataLoss, "migration failed: \(error.message ?? "unknown")", object: path)
      }
      return Database(queue: queue)
    } catch {
      throw classified(error, path: path)
    }
  }

  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(2)
    configuration.label = "apus.db"
    configuration.prepareDatabase { connection in
      // Negative: kibibytes. The data is in the engine's memory, so a large cache would hold it twice.
      try connection.execute(sql: "PRAGMA cache_size = -256")
      try connection.execute(sql: "PRAGMA synchronous = NORMAL")
      try connection.execute(sql: "PRAGMA journal_size_limit = 4194304")
    }
    return configuration
  }

  /// The rows hold containers' environments, and so their passwords. SQLite gives the files beside the database its
  /// permissions.
  private static func keepPrivate(_ path: String) throws {
    let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o600]
    if !FileManager.default.fileExists(atPath: path) {
      // What is wrong with the place is better said by SQLite, which opens it next.
      _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: attributes)
    }
    for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
      try FileManager.default.setAttributes(attributes, ofItemAtPath: path + suffix)
    }
  }

  private static func moveAside(_ path: String) throws(ClassifiedError) -> String {
    let copy = "\(path).damaged-\(Int(Date().timeIntervalSince1970))"
    do {
      for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
        try FileManager.default.moveItem(atPath: path + suffix, toPath: copy + suffix)
      }
    } catch {
      throw ClassifiedError(.system, "cannot move the damaged database aside: \(error)", object: path)
    }
    return copy
  }

  static func classified(_ error: any Error, path: String) -> ClassifiedError {
    if let error = error as? ClassifiedError { return error }
    guard let error = error as? DatabaseError else {
      return ClassifiedError(.system, "\(error)", object: path)
    }
    let message = error.message ?? "SQLite error \(error.resultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT:
      return ClassifiedError(.dataLoss, message, object: path)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return ClassifiedError(
        .unavailable, message, object: path, advice: "is another server running on this data root?")
    case .SQLITE_FULL:
      return ClassifiedError(.system, "no space left for the database", object: path, advice: "free some disk space")
    case .SQLITE_CONSTRAINT:
      return ClassifiedError(.conflict, message, object: path)
    default:
      return ClassifiedError(.system, message, object: path)
    }
  }

  /// Runs `change` in one transaction that survives what `durability` says, or not at all.
  func transact(_ durability: Durability, _ change: (GRDB.Database) throws -> Void) throws(ClassifiedError) {
    do {
      try queue.writeWithoutTransaction { connection in
        if durability == .power { try connection.execute(sql: "PRAGMA synchronous = FULL") }
        defer {
          // The setting belongs to the connection; restoring it cannot fail in a way that a caller could act on.
          if durability == .power { try? connection.execute(sql: "PRAGMA synchronous = NORMAL") }
        }
        try connection.inTransaction(.immediate) {
          try change(connection)
          return .commit
        }
      }
    } catch {
      throw Database.classified(error, path: queue.path)
    }
  }

  func fetch<Value>(_ body: (GRDB.Database) throws -> Value) throws(ClassifiedError) -> Value {
    do {
      return try queue.read(body)
    } catch {
      throw Database.classified(error, path: queue.path)
    }
  }

  /// Writes the log back into the database file and closes the connection.
  ///
  /// Throws: `system` when a statement is still running or the disk fails.
  public func close() throws(ClassifiedError) {
    do {
      try queue.close()
    } catch {
      throw Database.classified(error, path: queue.path)
    }
  }
}
