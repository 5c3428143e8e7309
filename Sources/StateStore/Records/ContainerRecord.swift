public import Diagnostics
public import Foundation
import GRDB

/// One container, as the database and its `container.json` hold it.
public struct ContainerRecord: Sendable, Equatable, Codable {
  /// 64 hexadecimal digits.
  public var id: String
  /// Without the leading slash.
  public var name: String
  /// The image's id, `sha256:…`.
  public var image: String
  /// Unix time in nanoseconds.
  public var created: Int64
  /// What the container was created with: JSON of the engine's own making.
  public var configuration: Data
  public var state: State

  /// What changes while a container lives.
  public struct State: Sendable, Equatable, Codable {
    /// The engine's name of the phase: `created`, `running`, `exited`…
    public var phase: String
    /// The kernel's boot id at the last start: pids and shims of another boot are gone.
    public var boot: String
    /// Init's pid while it runs, else 0.
    public var pid: Int
    /// Unix time in nanoseconds; nil: never.
    public var started: Int64?
    public var finished: Int64?
    public var exitCode: Int
    public var oomKilled: Bool
    /// Why the last start failed, or why the container was lost.
    public var error: String

    public init(
      phase: String, boot: String = "", pid: Int = 0, started: Int64? = nil, finished: Int64? = nil,
      exitCode: Int = 0, oomKilled: Bool = false, error: String = ""
    ) {
      self.phase = phase
      self.boot = boot
      self.pid = pid
      self.started = started
      self.finished = finished
      self.exitCode = exitCode
      self.oomKilled = oomKilled
      self.error = error
    }
  }

  public init(id: String, name: String, image: String, created: Int64, configuration: Data, state: State) {
    self.id = id
    self.name = name
    self.image = image
    self.created = created
    self.configuration = configuration
    self.state = state
  }
}

extension Database {
  /// All containers, oldest first.
  public func containers() throws(ClassifiedError) -> [ContainerRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM container ORDER BY created").map(ContainerRecord.init(row:))
    }
  }

  /// Adds a container.
  ///
  /// Throws: `conflict` when its id or name is taken.
  public func insert(_ record: ContainerRecord) throws(ClassifiedError) {
    try transact(.process) { connection in
      let state = record.state
      try connection.execute(
        sql: "INSERT INTO container VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          record.id, record.name, record.image, record.created, record.configuration, state.phase, state.boot,
          state.pid, state.started, state.finished, state.exitCode, state.oomKilled, state.error,
        ])
    }
  }

  /// Gives a container another configuration; does nothing when there is no such container.
  public func update(configuration: Data, of id: String) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(
        sql: "UPDATE container SET configuration = ? WHERE id = ?", arguments: [configuration, id])
    }
  }

  /// Sets a container's state; does nothing when there is no such container.
  public func update(_ state: ContainerRecord.State, of id: String) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(
        sql: """
          UPDATE container SET phase = ?, boot = ?, pid = ?, started = ?, finished = ?, exitCode = ?, oomKilled = ?,
            error = ? WHERE id = ?
          """,
        arguments: [
          state.phase, state.boot, state.pid, state.started, state.finished, state.exitCode, state.oomKilled,
          state.error, id,
        ])
    }
  }

  /// Gives a container another name.
  ///
  /// Throws: `conflict` when the name is taken.
  public func rename(container id: String, to name: String) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(sql: "UPDATE container SET name = ? WHERE id = ?", arguments: [name, id])
    }
  }

  /// Forgets a container; does nothing when there is no such container.
  public func remove(container id: String) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(sql: "DELETE FROM container WHERE id = ?", arguments: [id])
    }
  }
}

extension ContainerRecord {
  init(row: Row) {
    self.init(
      id: row["id"], name: row["name"], image: row["image"], created: row["created"],
      configuration: row["configuration"],
      state: State(
        phase: row["phase"], boot: row["boot"], pid: row["pid"], started: row["started"],
        finished: row["finished"], exitCode: row["exitCode"], oomKilled: row["oomKilled"], error: row["error"]))
  }
}
