public import Diagnostics
public import Foundation
import GRDB

/// A network, as the database and its file hold it.
public struct NetworkRecord: Sendable, Equatable {
  /// 64 hexadecimal digits.
  public var id: String
  public var name: String
  /// Unix time in nanoseconds.
  public var created: Int64
  /// JSON of the engine's own making.
  public var configuration: Data

  public init(id: String, name: String, created: Int64, configuration: Data) {
    self.id = id
    self.name = name
    self.created = created
    self.configuration = configuration
  }
}

/// What a running container has of its networks: what no other network and no other container may use meanwhile.
public struct GrantRecord: Sendable, Equatable {
  /// The container's id.
  public var container: String
  /// JSON of the engine's own making.
  public var grant: Data

  public init(container: String, grant: Data) {
    self.container = container
    self.grant = grant
  }
}

extension Database {
  /// All networks, oldest first.
  public func networks() throws(ClassifiedError) -> [NetworkRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM network ORDER BY created").map { row in
        NetworkRecord(
          id: row["id"], name: row["name"], created: row["created"], configuration: row["configuration"])
      }
    }
  }

  /// Adds a network, or changes its configuration. It survives loss of power when this returns.
  ///
  /// Throws: `conflict` when another one has its name.
  public func save(_ record: NetworkRecord) throws(ClassifiedError) {
    try transact(.power) { connection in
      try connection.execute(
        sql: """
          INSERT INTO network VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET configuration = excluded.configuration
          """,
        arguments: [record.id, record.name, record.created, record.configuration])
    }
  }

  /// Forgets a network; does nothing when there is no such network.
  public func remove(network id: String) throws(ClassifiedError) {
    try transact(.power) { connection in
      try connection.execute(sql: "DELETE FROM network WHERE id = ?", arguments: [id])
    }
  }

  /// All grants.
  public func grants() throws(ClassifiedError) -> [GrantRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM networkGrant").map { row in
        GrantRecord(container: row["container"], grant: row["granted"])
      }
    }
  }

  /// Writes down what a container has, in place of what was written before.
  public func save(_ record: GrantRecord) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(
        sql: "INSERT OR REPLACE INTO networkGrant VALUES (?, ?)", arguments: [record.container, record.grant])
    }
  }

  /// The same together with the container's configuration: both or none.
  public func save(_ record: GrantRecord, configuration: Data) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(
        sql: "INSERT OR REPLACE INTO networkGrant VALUES (?, ?)", arguments: [record.container, record.grant])
      try connection.execute(
        sql: "UPDATE container SET configuration = ? WHERE id = ?", arguments: [configuration, record.container])
    }
  }

  /// Forgets what a container has; does nothing when it has nothing.
  public func remove(grantOf container: String) throws(ClassifiedError) {
    try transact(.process) { connection in
      try connection.execute(sql: "DELETE FROM networkGrant WHERE container = ?", arguments: [container])
    }
  }
}
