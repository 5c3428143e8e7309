import Cgroups
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec
import SeccompFilter

/// The directory `<root>/<id>`: what the runtime knows of one container between its commands.
///
///     state.json    the record
///     config.json   the configuration as it was at `create`; later edits of the bundle have no effect
///     filter.bpf    the compiled filter of system calls, for `exec`
///     cgroup        a link whose target is the cgroup's path, from before there is a record
///     exec.fifo     where init waits for `start`; gone once the program runs
public struct StateDirectory: Sendable {
  public let root: String
  public let id: String

  /// Throws: `invalid` for an id that is no safe file name.
  public init(root: String, id: String) throws {
    guard Self.isValid(id) else {
      throw ClassifiedError(
        .invalid, "invalid container id \"\(id)\"", advice: "use letters, digits, and any of _ + - . after the first")
    }
    self.root = root
    self.id = id
  }

  public var path: String { "\(root)/\(id)" }
  var recordPath: String { "\(path)/state.json" }
  var configurationPath: String { "\(path)/config.json" }
  private var filterPath: String { "\(path)/filter.bpf" }
  private static let cgroupName = "cgroup"
  private var cgroupLink: String { "\(path)/\(Self.cgroupName)" }
  var fifoPath: String { "\(path)/exec.fifo" }

  private static let permissions: UInt32 = 0o700

  /// Makes the directory, and the root when it is not there.
  ///
  /// Throws: `conflict` when there is a container of this id.
  func make() throws {
    do throws(SystemError) {
      do throws(SystemError) {
        try HostFiles.makeDirectory(path, permissions: Self.permissions)
      } catch {
        guard error.errno == 2 else { throw error }
        try HostFiles.makeDirectories(root, permissions: 0o700)
        try HostFiles.makeDirectory(path, permissions: Self.permissions)
      }
    } catch {
      guard error.kind == .conflict else { throw error }
      throw ClassifiedError(.conflict, "container with given ID already exists", object: id)
    }
  }

  func remove() throws {
    try HostFiles.removeTree(path)
  }

  /// Written beside and renamed, since other commands read it at any time.
  func write(_ record: ContainerRecord) throws {
    try HostFiles.replace(recordPath, with: record.json(), permissions: 0o600)
  }

  /// Keeps the configuration for later commands. Before the record is there nobody reads it.
  func keep(_ configuration: [UInt8]) throws {
    try HostFiles.open(configurationPath, [.writeOnly, .create, .exclusive]).writeAll(configuration)
  }

  /// Keeps where the cgroup is, before it is made, as the target of a link: one call, on the way of every start. This
  /// finds it when the creation ends before there is a record.
  func keep(_ cgroup: CgroupPath) throws {
    try HostFiles.makeSymbolicLink(cgroupLink, to: cgroup.description)
  }

  /// Where the cgroup is; nil when the creation did not come so far.
  func readCgroup() throws -> CgroupPath? {
    guard try HostFiles.list(path).contains(Self.cgroupName) else { return nil }
    return try CgroupPath(try HostFiles.readLink(cgroupLink))
  }

  /// Keeps the compiled filter, as `keep`.
  func keep(_ filter: FilterProgram) throws {
    try HostFiles.open(filterPath, [.writeOnly, .create, .exclusive]).writeAll(filter.bytes)
  }

  func readFilter() throws -> FilterProgram {
    let bytes = try HostFiles.read(filterPath)
    guard let program = FilterProgram(bytes: bytes[...]) else {
      throw ClassifiedError(.dataLoss, "not a filter of system calls", object: filterPath)
    }
    return program
  }

  /// Throws: `notFound` when there is no container of this id.
  func readRecord() throws -> ContainerRecord {
    guard let bytes = try HostFiles.readIfPresent(recordPath) else {
      throw ClassifiedError(.notFound, "container does not exist", object: id)
    }
    do {
      return try ContainerRecord(json: bytes)
    } catch {
      throw ClassifiedError(.dataLoss, "\(error)", object: recordPath, advice: "delete --force removes the container")
    }
  }

  func readConfiguration() throws -> Spec {
    try Bundle.parse(try HostFiles.read(configurationPath), path: configurationPath)
  }

  /// The ids of all containers below a root, sorted.
  static func identifiers(in root: String) throws -> [String] {
    do throws(SystemError) {
      return try HostFiles.list(root).filter(isValid).sorted()
    } catch {
      if error.kind == .notFound { return [] }
      throw error
    }
  }

  private static func isValid(_ id: String) -> Bool {
    guard (1...255).contains(id.utf8.count), id != ".", id != ".." else { return false }
    return id.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: "_+-.".utf8.contains(byte)
      }
    }
  }
}
