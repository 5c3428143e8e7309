/// A mount as a client asks for it (`--mount`).
/// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
public struct Mount: Codable, Sendable, Equatable {
  @Present public var type: String = ""
  public var source: String?
  @Present public var target: String = ""
  public var readOnly: Bool?
  public var consistency: String?
  public var bindOptions: BindOptions?
  public var volumeOptions: VolumeOptions?
  public var imageOptions: ImageOptions?
  public var tmpfsOptions: TmpfsOptions?

  public init(
    type: String = "", source: String? = nil, target: String = "", readOnly: Bool? = nil, consistency: String? = nil,
    bindOptions: BindOptions? = nil, volumeOptions: VolumeOptions? = nil, imageOptions: ImageOptions? = nil,
    tmpfsOptions: TmpfsOptions? = nil
  ) {
    self.type = type
    self.source = source
    self.target = target
    self.readOnly = readOnly
    self.consistency = consistency
    self.bindOptions = bindOptions
    self.volumeOptions = volumeOptions
    self.imageOptions = imageOptions
    self.tmpfsOptions = tmpfsOptions
  }

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case source = "Source"
    case target = "Target"
    case readOnly = "ReadOnly"
    case consistency = "Consistency"
    case bindOptions = "BindOptions"
    case volumeOptions = "VolumeOptions"
    case imageOptions = "ImageOptions"
    case tmpfsOptions = "TmpfsOptions"
  }
}

/// Options of a bind mount.
/// `private`, `rprivate`, `shared`, `rshared`, `slave` or `rslave`.
public struct BindOptions: Codable, Sendable, Equatable {
  public var propagation: String?
  public var nonRecursive: Bool?
  public var createMountpoint: Bool?
  /// Leave submounts writable.
  public var readOnlyNonRecursive: Bool?
  /// Fail where submounts cannot be made read-only.
  public var readOnlyForceRecursive: Bool?

  public init(
    propagation: String? = nil, nonRecursive: Bool? = nil, createMountpoint: Bool? = nil,
    readOnlyNonRecursive: Bool? = nil, readOnlyForceRecursive: Bool? = nil
  ) {
    self.propagation = propagation
    self.nonRecursive = nonRecursive
    self.createMountpoint = createMountpoint
    self.readOnlyNonRecursive = readOnlyNonRecursive
    self.readOnlyForceRecursive = readOnlyForceRecursive
  }

  private enum CodingKeys: String, CodingKey {
    case propagation = "Propagation"
    case nonRecursive = "NonRecursive"
    case createMountpoint = "CreateMountpoint"
    case readOnlyNonRecursive = "ReadOnlyNonRecursive"
    case readOnlyForceRecursive = "ReadOnlyForceRecursive"
  }
}

/// Options of a volume mount.
public struct VolumeOptions: Codable, Sendable, Equatable {
  public var noCopy: Bool?
  public var labels: [String: String]?
  public var driverConfig: VolumeDriverConfig?
  public var subpath: String?

  public init(
    noCopy: Bool? = nil, labels: [String: String]? = nil, driverConfig: VolumeDriverConfig? = nil,
    subpath: String? = nil
  ) {
    self.noCopy = noCopy
    self.labels = labels
    self.driverConfig = driverConfig
    self.subpath = subpath
  }

  private enum CodingKeys: String, CodingKey {
    case noCopy = "NoCopy"
    case labels = "Labels"
    case driverConfig = "DriverConfig"
    case subpath = "Subpath"
  }
}

/// The driver that makes a volume.
public struct VolumeDriverConfig: Codable, Sendable, Equatable {
  public var name: String?
  public var options: [String: String]?

  public init(name: String? = nil, options: [String: String]? = nil) {
    self.name = name
    self.options = options
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case options = "Options"
  }
}

/// Options of an image mounted as a tree.
public struct ImageOptions: Codable, Sendable, Equatable {
  public var subpath: String?

  public init(subpath: String? = nil) {
    self.subpath = subpath
  }

  private enum CodingKeys: String, CodingKey {
    case subpath = "Subpath"
  }
}

/// Options of a tmpfs mount.
/// Bytes; nil: half of the memory.
public struct TmpfsOptions: Codable, Sendable, Equatable {
  public var sizeBytes: Int64?
  /// Permission bits; nil: 01777.
  public var mode: Int?
  /// Pairs of key and value, or single flags.
  public var options: [[String]]?

  public init(sizeBytes: Int64? = nil, mode: Int? = nil, options: [[String]]? = nil) {
    self.sizeBytes = sizeBytes
    self.mode = mode
    self.options = options
  }

  private enum CodingKeys: String, CodingKey {
    case sizeBytes = "SizeBytes"
    case mode = "Mode"
    case options = "Options"
  }
}

/// A mount as a container has it, in inspect and list.
public struct MountPoint: Codable, Sendable, Equatable {
  @Present public var type: String = ""
  public var name: String?
  @Present public var source: String = ""
  @Present public var destination: String = ""
  public var driver: String?
  /// The options of a bind as they were given.
  @Present public var mode: String = ""
  @Present public var isWritable: Bool = false
  @Present public var propagation: String = ""

  public init(
    type: String = "", name: String? = nil, source: String = "", destination: String = "", driver: String? = nil,
    mode: String = "", isWritable: Bool = false, propagation: String = ""
  ) {
    self.type = type
    self.name = name
    self.source = source
    self.destination = destination
    self.driver = driver
    self.mode = mode
    self.isWritable = isWritable
    self.propagation = propagation
  }

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case name = "Name"
    case source = "Source"
    case destination = "Destination"
    case driver = "Driver"
    case mode = "Mode"
    case isWritable = "RW"
    case propagation = "Propagation"
  }
}
