import OCIRuntimeSpec

/// What the runtime keeps of a container, in `state.json` of its state directory.
public struct ContainerRecord: JSONObject {
  public var ociVersion: String
  public var id: String
  /// Init, in the runtime's pid namespace.
  public var pid: Int32
  /// Clock ticks from the machine's start to init's: with the number, a name that no other process has.
  public var startTime: UInt64
  public var bundle: String
  public var rootfs: String
  /// RFC 3339.
  public var created: String
  /// The cgroup's name below the hierarchies' roots; empty when the container has none of its own.
  public var cgroupPath: String
  public var annotations: [String: String]
  /// What `exec` needs of the configuration, so that it need not read all of that.
  var namespaces: [LinuxNamespace] = []
  var personality: Personality?
  var appArmorProfile = ""
  var limits: [POSIXRlimit] = []
  var noNewPrivileges = false
  /// Whether there is a filter of system calls, in `filter.bpf`.
  var hasFilter = false
  /// Whether there are poststop hooks; nil is not known. Most containers have none, and then `delete` need not read the
  /// configuration.
  var hasStopHooks: Bool?

  public init(
    id: String, pid: Int32, startTime: UInt64, bundle: String, rootfs: String, created: String, cgroupPath: String,
    annotations: [String: String]
  ) {
    ociVersion = Spec.currentVersion
    self.id = id
    self.pid = pid
    self.startTime = startTime
    self.bundle = bundle
    self.rootfs = rootfs
    self.created = created
    self.cgroupPath = cgroupPath
    self.annotations = annotations
  }

  public init() {
    self.init(
      id: "", pid: 0, startTime: 0, bundle: "", rootfs: "", created: "", cgroupPath: "", annotations: [:])
  }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.required("id", &id)
    try fields.required("pid", &pid)
    try fields.required("startTime", &startTime)
    try fields.required("bundle", &bundle)
    try fields.required("rootfs", &rootfs)
    try fields.required("created", &created)
    try fields.defaulted("cgroupPath", &cgroupPath)
    try fields.defaulted("annotations", &annotations)
    try fields.defaulted("namespaces", &namespaces)
    try fields.optional("personality", &personality)
    try fields.defaulted("apparmorProfile", &appArmorProfile)
    try fields.defaulted("rlimits", &limits)
    try fields.defaulted("noNewPrivileges", &noNewPrivileges)
    try fields.defaulted("hasFilter", &hasFilter)
    try fields.optional("hasStopHooks", &hasStopHooks)
  }
}

/// What `state` and `list` print: the fields of runc, in its order.
public struct ContainerReport: JSONObject {
  public var ociVersion = ""
  public var id = ""
  /// 0 once the container has stopped.
  public var pid: Int32 = 0
  public var status = State.Status.stopped
  public var bundle = ""
  public var rootfs = ""
  public var created = ""
  public var annotations: [String: String] = [:]
  /// The name of the user who made the state directory.
  public var owner = ""

  public init() {}

  init(_ record: ContainerRecord, status: State.Status, owner: String) {
    ociVersion = record.ociVersion
    id = record.id
    pid = status == .stopped ? 0 : record.pid
    self.status = status
    bundle = record.bundle
    rootfs = record.rootfs
    created = record.created
    annotations = record.annotations
    self.owner = owner
  }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("ociVersion", &ociVersion)
    try fields.required("id", &id)
    try fields.required("pid", &pid)
    try fields.required("status", &status)
    try fields.required("bundle", &bundle)
    try fields.required("rootfs", &rootfs)
    try fields.required("created", &created)
    try fields.defaulted("annotations", &annotations)
    try fields.required("owner", &owner)
  }
}
