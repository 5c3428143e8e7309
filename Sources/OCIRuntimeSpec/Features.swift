/// What a runtime can do (runtime-spec features.md), independent of the host it runs on.
public struct Features: JSONObject {
  public struct Cgroup: JSONObject {
    public var v1 = false
    public var v2 = false
    public var systemd = false
    public var systemdUser = false
    public var rdma = false

    public init() {}

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("v1", &v1)
      try fields.required("v2", &v2)
      try fields.required("systemd", &systemd)
      try fields.required("systemdUser", &systemdUser)
      try fields.required("rdma", &rdma)
    }
  }

  public struct Seccomp: JSONObject {
    public var enabled = true
    public var actions: [String] = []
    public var operators: [String] = []
    public var archs: [String] = []
    public var knownFlags: [String] = []
    public var supportedFlags: [String] = []

    public init() {}

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("enabled", &enabled)
      try fields.defaulted("actions", &actions)
      try fields.defaulted("operators", &operators)
      try fields.defaulted("archs", &archs)
      try fields.defaulted("knownFlags", &knownFlags)
      try fields.defaulted("supportedFlags", &supportedFlags)
    }
  }

  /// A part that is there or not.
  public struct Presence: JSONObject {
    public var enabled: Bool

    public init(enabled: Bool) {
      self.enabled = enabled
    }

    public init() { self.init(enabled: false) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("enabled", &enabled)
    }
  }

  public struct MountExtensions: JSONObject {
    public var idmap = Presence()

    public init() {}

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("idmap", &idmap)
    }
  }

  public struct LinuxFeatures: JSONObject {
    public var namespaces: [String] = []
    public var capabilities: [String] = []
    public var cgroup = Cgroup()
    public var seccomp = Seccomp()
    public var apparmor = Presence()
    public var selinux = Presence()
    public var intelRdt = Presence()
    public var mountExtensions = MountExtensions()

    public init() {}

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.defaulted("namespaces", &namespaces)
      try fields.defaulted("capabilities", &capabilities)
      try fields.required("cgroup", &cgroup)
      try fields.required("seccomp", &seccomp)
      try fields.required("apparmor", &apparmor)
      try fields.required("selinux", &selinux)
      try fields.required("intelRdt", &intelRdt)
      try fields.required("mountExtensions", &mountExtensions)
    }
  }

  public var ociVersionMin = "1.0.0"
  public var ociVersionMax = Spec.currentVersion
  public var hooks: [String] = []
  public var mountOptions: [String] = []
  public var linux = LinuxFeatures()
  public var annotations: [String: String] = [:]
  public var potentiallyUnsafeConfigAnnotations: [String] = []

  public init() {}

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("ociVersionMin", &ociVersionMin)
    try fields.required("ociVersionMax", &ociVersionMax)
    try fields.defaulted("hooks", &hooks)
    try fields.defaulted("mountOptions", &mountOptions)
    try fields.required("linux", &linux)
    try fields.defaulted("annotations", &annotations)
    try fields.defaulted("potentiallyUnsafeConfigAnnotations", &potentiallyUnsafeConfigAnnotations)
  }
}
