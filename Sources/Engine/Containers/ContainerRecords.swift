import Diagnostics
import EngineAPI
import FoundationEssentials
import LinuxKernel
import NIOPosix
import StateStore

/// Keeps containers in the database and in their `container.json`, from which a lost database is rebuilt. What is
/// acknowledged after one of these calls survives the server's death.
struct ContainerRecords: Sendable {
  let database: Database
  let layout: EngineLayout
  let threads: NIOThreadPool
  /// The kernel's boot id (random(4)).
  let boot: String

  /// `container.json`.
  struct Description: APIObject {
    var id = ""
    var name = ""
    var image = ""
    /// Unix time in nanoseconds.
    var created: Int64 = 0
    var configuration = StoredConfiguration()

    mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
      try head(&object)
      try object.present("configuration", &configuration)
    }

    /// All but the configuration.
    fileprivate mutating func head(_ object: inout ObjectFields) throws(JSONFault) {
      try object.present("id", &id)
      try object.present("name", &name)
      try object.present("image", &image)
      try object.present("created", &created)
    }
  }

  /// Makes a new container known: its row, then its directory. Blocking.
  ///
  /// Throws: `conflict` when its name is taken.
  func insert(_ container: Container) throws {
    let configuration = EngineJSON.encode(container.configuration)
    try FailPoint.createBeforeRecord.pass()
    try database.insert(record(of: container, configuration))
    try FailPoint.createAfterRecord.pass()
    let directory = layout.directory(of: container.id)
    // Others must not look into a container's files (CVE-2021-41091).
    try HostFiles.makeDirectories(layout.containers, permissions: 0o710)
    try HostFiles.makeDirectory(directory, permissions: 0o710)
    try HostFiles.makeDirectory("\(directory)/upper", permissions: 0o755)
    try HostFiles.makeDirectory("\(directory)/work", permissions: 0o700)
    try write(container, configuration)
    try FailPoint.createAfterDirectory.pass()
  }

  /// What a container's `container.json` says. Blocking.
  ///
  /// Throws: when it is missing or damaged.
  func description(of id: ContainerID) throws -> Description {
    let description = try EngineJSON.decode(
      Description.self, from: try HostFiles.read(layout.description(of: id)))
    guard description.id == id.text else {
      throw ClassifiedError(
        .dataLoss, "it is of another container: \(description.id)", object: layout.description(of: id))
    }
    return description
  }

  /// Writes the state.
  func update(_ container: Container) async throws {
    let record = container.state.record(boot: boot)
    try await onThread { try database.update(record, of: container.id.text) }
  }

  /// Writes down that a container has another configuration from now on.
  func update(_ container: Container, to configuration: StoredConfiguration) async throws {
    try await onThread { try save(configuration, of: container) }
  }

  /// The same, and what the container has of its networks from now on; nil: that stays as it is. Blocking.
  func save(_ configuration: StoredConfiguration, of container: Container, with grant: NetworkGrant? = nil) throws {
    let bytes = EngineJSON.encode(configuration)
    let id = container.id.text
    if let grant {
      try database.save(
        GrantRecord(container: id, grant: Data(EngineJSON.encode(grant))), configuration: Data(bytes))
    } else {
      try database.update(configuration: Data(bytes), of: id)
    }
    try write(container, bytes)
  }

  func rename(_ container: Container, to name: String) async throws {
    try await onThread {
      try database.rename(container: container.id.text, to: name)
      try write(container, EngineJSON.encode(container.configuration), name: name)
    }
  }

  func remove(_ container: Container) async throws {
    try await onThread { try database.remove(container: container.id.text) }
  }

  /// The row of a container, for a rebuilt database. Blocking.
  func reinsert(_ container: Container) throws {
    try database.insert(record(of: container, EngineJSON.encode(container.configuration)))
  }

  private func record(of container: Container, _ configuration: [UInt8]) -> ContainerRecord {
    ContainerRecord(
      id: container.id.text, name: container.name, image: container.image, created: container.created.nanoseconds,
      configuration: Data(configuration), state: container.state.record(boot: boot))
  }

  /// The configuration is encoded once; its bytes go into the row and, between two braces, into the file.
  private func write(_ container: Container, _ configuration: [UInt8], name: String? = nil) throws {
    struct Head: APIObject {
      var description = Description()

      mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
        try description.head(&object)
      }
    }
    let head = Head(
      description: Description(
        id: container.id.text, name: name ?? container.name, image: container.image,
        created: container.created.nanoseconds))
    let bytes =
      EngineJSON.encode(head).dropLast() + Array(#","configuration":"#.utf8) + configuration + [UInt8(ascii: "}")]
    try HostFiles.replace(layout.description(of: container.id), with: Array(bytes), permissions: 0o600)
  }

  private func onThread(_ work: @Sendable @escaping () throws -> Void) async throws {
    try await threads.runIfActive { try work() }
  }
}
