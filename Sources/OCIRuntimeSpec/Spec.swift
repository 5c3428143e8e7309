/// The configuration of a container: `config.json` of an OCI bundle (runtime-spec 1.2, config.md).
public struct Spec: JSONObject {
  /// The specification version that this room implements and writes.
  public static let currentVersion = "1.2.0"

  public var ociVersion: String
  /// The program to run; needed by `start`, absent only in containers that never start.
  public var process: Process?
  public var root: Root?
  public var hostname: String
  public var domainname: String
  /// In the order in which they are mounted.
  public var mounts: [SpecMount]
  public var hooks: Hooks?
  public var annotations: [String: String]
  public var linux: Linux?

  public init(
    ociVersion: String = Spec.currentVersion, process: Process? = nil, root: Root? = nil, hostname: String = "",
    domainname: String = "", mounts: [SpecMount] = [], hooks: Hooks? = nil, annotations: [String: String] = [:],
    linux: Linux? = nil
  ) {
    self.ociVersion = ociVersion
    self.process = process
    self.root = root
    self.hostname = hostname
    self.domainname = domainname
    self.mounts = mounts
    self.hooks = hooks
    self.annotations = annotations
    self.linux = linux
  }

  public init() { self.init(ociVersion: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.optional("process", &process)
    try fields.optional("root", &root)
    try fields.defaulted("hostname", &hostname)
    try fields.defaulted("domainname", &domainname)
    try fields.defaulted("mounts", &mounts)
    try fields.optional("hooks", &hooks)
    try fields.defaulted("annotations", &annotations)
    try fields.optional("linux", &linux)
  }
}

/// The container's root filesystem.
public struct Root: JSONObject {
  /// Absolute, or relative to the bundle.
  public var path: String
  public var readonly: Bool

  public init(path: String, readonly: Bool = false) {
    self.path = path
    self.readonly = readonly
  }

  public init() { self.init(path: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("path", &path)
    try fields.defaulted("readonly", &readonly)
  }
}

/// One entry of `mounts`.
public struct SpecMount: JSONObject {
  /// The mount point as the container sees it.
  public var destination: String
  /// The kernel's file system type; empty or `none` or `bind` for a bind mount.
  public var type: String
  public var source: String
  public var options: [String]
  /// Together with `gidMappings`: an id-mapped mount (mount_setattr(2), MOUNT_ATTR_IDMAP).
  public var uidMappings: [IDMapping]
  public var gidMappings: [IDMapping]

  public init(
    destination: String, type: String = "", source: String = "", options: [String] = [], uidMappings: [IDMapping] = [],
    gidMappings: [IDMapping] = []
  ) {
    self.destination = destination
    self.type = type
    self.source = source
    self.options = options
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
  }

  public init() { self.init(destination: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("destination", &destination)
    try fields.defaulted("type", &type)
    try fields.defaulted("source", &source)
    try fields.defaulted("options", &options)
    try fields.defaulted("uidMappings", &uidMappings)
    try fields.defaulted("gidMappings", &gidMappings)
  }
}
