/// A mount as a client asks for it (`--mount`).
/// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
public struct Mount: APIObject, Equatable {
  public var type: String = ""
  public var source: String?
  public var target: String = ""
  public var readOnly: Bool?
  public var consistency: String?
  public var bindOptions: BindOptions?
  public var volumeOptions: VolumeOptions?
  public var imageOptions: ImageOptions?
  public var tmpfsOptions: TmpfsOptions?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Type", &type)
    try object.optional("Source", &source)
    try object.present("Target", &target)
    try object.optional("ReadOnly", &readOnly)
    try object.optional("Consistency", &consistency)
    try object.optional("BindOptions", &bindOptions)
    try object.optional("VolumeOptions", &volumeOptions)
    try object.optional("ImageOptions", &imageOptions)
    try object.optional("TmpfsOptions", &tmpfsOptions)
  }
}

/// Options of a bind mount.
/// `private`, `rprivate`, `shared`, `rshared`, `slave` or `rslave`.
public struct BindOptions: APIObject, Equatable {
  public var propagation: String?
  public var nonRecursive: Bool?
  public var createMountpoint: Bool?
  /// Leave submounts writable.
  public var readOnlyNonRecursive: Bool?
  /// Fail where submounts cannot be made read-only.
  public var readOnlyForceRecursive: Bool?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Propagation", &propagation)
    try object.optional("NonRecursive", &nonRecursive)
    try object.optional("CreateMountpoint", &createMountpoint)
    try object.optional("ReadOnlyNonRecursive", &readOnlyNonRecursive)
    try object.optional("ReadOnlyForceRecursive", &readOnlyForceRecursive)
  }
}

/// Options of a volume mount.
public struct VolumeOptions: APIObject, Equatable {
  public var noCopy: Bool?
  public var labels: [String: String]?
  public var driverConfig: VolumeDriverConfig?
  public var subpath: String?

  public init() {}

  public init(
    noCopy: Bool? = nil, labels: [String: String]? = nil, driverConfig: VolumeDriverConfig? = nil,
    subpath: String? = nil
  ) {
    self.noCopy = noCopy
    self.labels = labels
    self.driverConfig = driverConfig
    self.subpath = subpath
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("NoCopy", &noCopy)
    try object.optional("Labels", &labels)
    try object.optional("DriverConfig", &driverConfig)
    try object.optional("Subpath", &subpath)
  }
}

/// The driver that makes a volume.
public struct VolumeDriverConfig: APIObject, Equatable {
  public var name: String?
  public var options: [String: String]?

  public init() {}

  public init(name: String? = nil, options: [String: String]? = nil) {
    self.name = name
    self.options = options
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Name", &name)
    try object.optional("Options", &options)
  }
}

/// Options of an image mounted as a tree.
public struct ImageOptions: APIObject, Equatable {
  public var subpath: String?

  public init() {}

  public init(subpath: String? = nil) {
    self.subpath = subpath
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("Subpath", &subpath)
  }
}

/// Options of a tmpfs mount.
/// Bytes; nil: half of the memory.
public struct TmpfsOptions: APIObject, Equatable {
  public var sizeBytes: Int64?
  /// Permission bits; nil: 01777.
  public var mode: Int?
  /// Pairs of key and value, or single flags.
  public var options: [[String]]?

  public init() {}

  public init(sizeBytes: Int64? = nil, mode: Int? = nil, options: [[String]]? = nil) {
    self.sizeBytes = sizeBytes
    self.mode = mode
    self.options = options
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("SizeBytes", &sizeBytes)
    try object.optional("Mode", &mode)
    try object.optional("Options", &options)
  }
}

/// A mount as a container has it, in inspect and list.
public struct MountPoint: APIObject, Equatable {
  public var type: String = ""
  public var name: String?
  public var source: String = ""
  public var destination: String = ""
  public var driver: String?
  /// The options of a bind as they were given.
  public var mode: String = ""
  public var isWritable: Bool = false
  public var propagation: String = ""

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Type", &type)
    try object.optional("Name", &name)
    try object.present("Source", &source)
    try object.present("Destination", &destination)
    try object.optional("Driver", &driver)
    try object.present("Mode", &mode)
    try object.present("RW", &isWritable)
    try object.present("Propagation", &propagation)
  }
}
