/// The Linux part of a container's configuration (runtime-spec config-linux.md).
public struct Linux: JSONObject {
  public var uidMappings: [IDMapping]
  public var gidMappings: [IDMapping]
  /// Kernel parameters by their dotted name.
  public var sysctl: [String: String]
  public var resources: LinuxResources?
  /// Absolute: below the cgroup mount. With the systemd driver `slice:prefix:name`.
  public var cgroupsPath: String
  public var namespaces: [LinuxNamespace]
  public var devices: [LinuxDevice]
  public var seccomp: LinuxSeccomp?
  public var rootfsPropagation: RootfsPropagation?
  public var maskedPaths: [String]
  public var readonlyPaths: [String]
  /// The SELinux context of the mounts.
  public var mountLabel: String
  public var personality: Personality?
  /// Offsets of a new time namespace, by clock: `monotonic`, `boottime`.
  public var timeOffsets: [String: LinuxTimeOffset]
  /// What the runtime must refuse because it does not provide it.
  public var unsupported: UnsupportedLinuxProperties

  public init(
    namespaces: [LinuxNamespace] = [], uidMappings: [IDMapping] = [], gidMappings: [IDMapping] = [],
    devices: [LinuxDevice] = [], cgroupsPath: String = "", resources: LinuxResources? = nil,
    rootfsPropagation: RootfsPropagation? = nil, seccomp: LinuxSeccomp? = nil, sysctl: [String: String] = [:],
    maskedPaths: [String] = [], readonlyPaths: [String] = [], mountLabel: String = "", personality: Personality? = nil,
    timeOffsets: [String: LinuxTimeOffset] = [:]
  ) {
    self.namespaces = namespaces
    self.uidMappings = uidMappings
    self.gidMappings = gidMappings
    self.devices = devices
    self.cgroupsPath = cgroupsPath
    self.resources = resources
    self.rootfsPropagation = rootfsPropagation
    self.seccomp = seccomp
    self.sysctl = sysctl
    self.maskedPaths = maskedPaths
    self.readonlyPaths = readonlyPaths
    self.mountLabel = mountLabel
    self.personality = personality
    self.timeOffsets = timeOffsets
    unsupported = UnsupportedLinuxProperties()
  }

  public init() { self.init(namespaces: []) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("uidMappings", &uidMappings)
    try fields.defaulted("gidMappings", &gidMappings)
    try fields.defaulted("sysctl", &sysctl)
    try fields.optional("resources", &resources)
    try fields.defaulted("cgroupsPath", &cgroupsPath)
    try fields.defaulted("namespaces", &namespaces)
    try fields.defaulted("devices", &devices)
    try fields.optional("seccomp", &seccomp)
    try mapPropagation(&fields)
    try fields.defaulted("maskedPaths", &maskedPaths)
    try fields.defaulted("readonlyPaths", &readonlyPaths)
    try fields.defaulted("mountLabel", &mountLabel)
    try fields.optional("personality", &personality)
    try fields.defaulted("timeOffsets", &timeOffsets)
    try unsupported.map(&fields)
  }

  /// An empty string means the same as absence: Go programs write it.
  private mutating func mapPropagation(_ fields: inout some JSONFields) throws(JSONError) {
    var word = rootfsPropagation?.rawValue ?? ""
    try fields.defaulted("rootfsPropagation", &word)
    guard !word.isEmpty else { return }
    guard let propagation = RootfsPropagation(rawValue: word) else {
      throw JSONError("unknown value \"\(word)\"", path: "rootfsPropagation")
    }
    rootfsPropagation = propagation
  }
}

/// Properties that are recognised only to be refused: dropping one in silence would run a weaker container.
public struct UnsupportedLinuxProperties: Sendable, Equatable {
  /// The names of those that were given.
  public private(set) var names: [String] = []

  mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    for name in ["intelRdt", "memoryPolicy", "netDevices"] {
      var value: PresentValue?
      try fields.optional(name, &value)
      if value != nil { names.append(name) }
    }
  }

  /// Any JSON value: only its presence counts.
  private struct PresentValue: JSONValue {
    static func read(_ document: JSONDocument, _ index: Int) throws(JSONError) -> PresentValue { PresentValue() }
    func write(to writer: inout JSONWriter) { writer.literal("null") }
    var isEmptyJSON: Bool { true }
  }
}

/// The propagation of a mount (mount_namespaces(7)), here of the root.
public enum RootfsPropagation: String, JSONValue, CaseIterable {
  case shared, slave, `private`, unbindable
  case rshared, rslave, rprivate, runbindable
}

/// A namespace that the container gets: a new one, or an existing one.
public struct LinuxNamespace: JSONObject {
  public enum Kind: String, JSONValue, CaseIterable {
    case pid, network, mount, ipc, uts, user, cgroup, time
  }

  public var type: Kind
  /// The file of an existing namespace, in the runtime's mount namespace; empty makes a new one.
  public var path: String

  public init(type: Kind, path: String = "") {
    self.type = type
    self.path = path
  }

  public init() { self.init(type: .pid) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("type", &type)
    try fields.defaulted("path", &path)
  }
}

/// A range of ids of a user namespace (user_namespaces(7)).
public struct IDMapping: JSONObject {
  public var containerID: UInt32
  public var hostID: UInt32
  /// How many ids.
  public var size: UInt32

  public init(containerID: UInt32, hostID: UInt32, size: UInt32) {
    self.containerID = containerID
    self.hostID = hostID
    self.size = size
  }

  public init() { self.init(containerID: 0, hostID: 0, size: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("containerID", &containerID)
    try fields.required("hostID", &hostID)
    try fields.required("size", &size)
  }
}

/// The offset of a clock in a time namespace (time_namespaces(7)).
public struct LinuxTimeOffset: JSONObject {
  public var secs: Int64
  public var nanosecs: UInt32

  public init(secs: Int64, nanosecs: UInt32) {
    self.secs = secs
    self.nanosecs = nanosecs
  }

  public init() { self.init(secs: 0, nanosecs: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("secs", &secs)
    try fields.defaulted("nanosecs", &nanosecs)
  }
}

/// A device file in the container.
public struct LinuxDevice: JSONObject {
  public enum Kind: String, JSONValue, CaseIterable {
    case block = "b"
    case character = "c"
    case unbufferedCharacter = "u"
    case pipe = "p"
  }

  public var path: String
  public var type: Kind
  public var major: Int64
  public var minor: Int64
  /// Permission bits; nil means 0666.
  public var fileMode: UInt32?
  public var uid: UInt32
  public var gid: UInt32

  public init(
    path: String, type: Kind, major: Int64 = 0, minor: Int64 = 0, fileMode: UInt32? = nil, uid: UInt32 = 0,
    gid: UInt32 = 0
  ) {
    self.path = path
    self.type = type
    self.major = major
    self.minor = minor
    self.fileMode = fileMode
    self.uid = uid
    self.gid = gid
  }

  public init() { self.init(path: "", type: .character) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("path", &path)
    try fields.required("type", &type)
    try fields.defaulted("major", &major)
    try fields.defaulted("minor", &minor)
    try fields.optional("fileMode", &fileMode)
    try fields.defaulted("uid", &uid)
    try fields.defaulted("gid", &gid)
  }
}

/// The execution domain of the process, personality(2).
public struct Personality: JSONObject {
  public enum Domain: String, JSONValue, CaseIterable {
    case linux = "LINUX"
    case linux32 = "LINUX32"
  }

  public var domain: Domain
  /// No value is defined; any is an error.
  public var flags: [String]

  public init(domain: Domain, flags: [String] = []) {
    self.domain = domain
    self.flags = flags
  }

  public init() { self.init(domain: .linux) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("domain", &domain)
    try fields.defaulted("flags", &flags)
  }
}
