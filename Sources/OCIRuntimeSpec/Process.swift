/// The container's first process, or one that `exec` adds (runtime-spec config.md, "Process").
public struct Process: JSONObject {
  public var terminal: Bool
  public var consoleSize: ConsoleSize?
  public var user: User
  public var args: [String]
  /// `NAME=value`, the whole environment.
  public var env: [String]
  /// Absolute, inside the container.
  public var cwd: String
  /// Nil is none at all, as an object without sets; for a process that `exec` adds it is those of the container.
  public var capabilities: LinuxCapabilities?
  public var rlimits: [POSIXRlimit]
  public var noNewPrivileges: Bool
  public var apparmorProfile: String
  public var oomScoreAdj: Int?
  public var scheduler: Scheduler?
  public var selinuxLabel: String
  public var ioPriority: IOPriority?
  public var execCPUAffinity: CPUAffinity?

  public init(
    args: [String], env: [String] = [], cwd: String = "/", user: User = User(uid: 0, gid: 0), terminal: Bool = false,
    consoleSize: ConsoleSize? = nil, capabilities: LinuxCapabilities? = nil, rlimits: [POSIXRlimit] = [],
    noNewPrivileges: Bool = false, apparmorProfile: String = "", oomScoreAdj: Int? = nil, scheduler: Scheduler? = nil,
    selinuxLabel: String = "", ioPriority: IOPriority? = nil, execCPUAffinity: CPUAffinity? = nil
  ) {
    self.args = args
    self.env = env
    self.cwd = cwd
    self.user = user
    self.terminal = terminal
    self.consoleSize = consoleSize
    self.capabilities = capabilities
    self.rlimits = rlimits
    self.noNewPrivileges = noNewPrivileges
    self.apparmorProfile = apparmorProfile
    self.oomScoreAdj = oomScoreAdj
    self.scheduler = scheduler
    self.selinuxLabel = selinuxLabel
    self.ioPriority = ioPriority
    self.execCPUAffinity = execCPUAffinity
  }

  public init() { self.init(args: [], cwd: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("terminal", &terminal)
    try fields.optional("consoleSize", &consoleSize)
    try fields.defaulted("user", &user)
    try fields.defaulted("args", &args)
    try fields.defaulted("env", &env)
    try fields.required("cwd", &cwd)
    try fields.optional("capabilities", &capabilities)
    try fields.defaulted("rlimits", &rlimits)
    try fields.defaulted("noNewPrivileges", &noNewPrivileges)
    try fields.defaulted("apparmorProfile", &apparmorProfile)
    try fields.optional("oomScoreAdj", &oomScoreAdj)
    try fields.optional("scheduler", &scheduler)
    try fields.defaulted("selinuxLabel", &selinuxLabel)
    try fields.optional("ioPriority", &ioPriority)
    try fields.optional("execCPUAffinity", &execCPUAffinity)
  }
}

/// Rows and columns of the terminal when it is made.
public struct ConsoleSize: JSONObject {
  public var height: UInt32
  public var width: UInt32

  public init(height: UInt32, width: UInt32) {
    self.height = height
    self.width = width
  }

  public init() { self.init(height: 0, width: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("height", &height)
    try fields.required("width", &width)
  }
}

/// Who the process is, in ids of the container's user namespace.
public struct User: JSONObject {
  public var uid: UInt32
  public var gid: UInt32
  /// Nil keeps the runtime's mask.
  public var umask: UInt32?
  /// All supplementary groups; none is inherited.
  public var additionalGids: [UInt32]

  public init(uid: UInt32, gid: UInt32, umask: UInt32? = nil, additionalGids: [UInt32] = []) {
    self.uid = uid
    self.gid = gid
    self.umask = umask
    self.additionalGids = additionalGids
  }

  public init() { self.init(uid: 0, gid: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("uid", &uid)
    try fields.required("gid", &gid)
    try fields.optional("umask", &umask)
    try fields.defaulted("additionalGids", &additionalGids)
  }
}

/// The five capability sets, by name (`CAP_CHOWN`).
public struct LinuxCapabilities: JSONObject {
  public var bounding: [String]
  public var effective: [String]
  public var inheritable: [String]
  public var permitted: [String]
  public var ambient: [String]

  public init(
    bounding: [String] = [], effective: [String] = [], inheritable: [String] = [], permitted: [String] = [],
    ambient: [String] = []
  ) {
    self.bounding = bounding
    self.effective = effective
    self.inheritable = inheritable
    self.permitted = permitted
    self.ambient = ambient
  }

  public init() { self.init(bounding: []) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("bounding", &bounding)
    try fields.defaulted("effective", &effective)
    try fields.defaulted("inheritable", &inheritable)
    try fields.defaulted("permitted", &permitted)
    try fields.defaulted("ambient", &ambient)
  }
}

/// A limit for setrlimit(2), by its name (`RLIMIT_NOFILE`).
public struct POSIXRlimit: JSONObject {
  public var type: String
  public var soft: UInt64
  public var hard: UInt64

  public init(type: String, soft: UInt64, hard: UInt64) {
    self.type = type
    self.soft = soft
    self.hard = hard
  }

  public init() { self.init(type: "", soft: 0, hard: 0) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("type", &type)
    try fields.required("hard", &hard)
    try fields.required("soft", &soft)
  }
}

/// The scheduling of the process, sched_setattr(2).
public struct Scheduler: JSONObject {
  public var policy: String
  public var nice: Int32
  public var priority: Int32
  public var flags: [String]
  /// Nanoseconds, as are `deadline` and `period`; for SCHED_DEADLINE only.
  public var runtime: UInt64
  public var deadline: UInt64
  public var period: UInt64

  public init(
    policy: String, nice: Int32 = 0, priority: Int32 = 0, flags: [String] = [], runtime: UInt64 = 0,
    deadline: UInt64 = 0, period: UInt64 = 0
  ) {
    self.policy = policy
    self.nice = nice
    self.priority = priority
    self.flags = flags
    self.runtime = runtime
    self.deadline = deadline
    self.period = period
  }

  public init() { self.init(policy: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("policy", &policy)
    try fields.defaulted("nice", &nice)
    try fields.defaulted("priority", &priority)
    try fields.defaulted("flags", &flags)
    try fields.defaulted("runtime", &runtime)
    try fields.defaulted("deadline", &deadline)
    try fields.defaulted("period", &period)
  }
}

/// The I/O scheduling of the process, ioprio_set(2).
public struct IOPriority: JSONObject {
  public enum Class: String, JSONValue, CaseIterable {
    case realtime = "IOPRIO_CLASS_RT"
    case bestEffort = "IOPRIO_CLASS_BE"
    case idle = "IOPRIO_CLASS_IDLE"
  }

  public var `class`: Class
  /// 0 is the highest, 7 the lowest.
  public var priority: Int

  public init(class: Class, priority: Int) {
    self.class = `class`
    self.priority = priority
  }

  public init() { self.init(class: .bestEffort, priority: 4) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("class", &self.class)
    try fields.required("priority", &priority)
  }
}

/// The CPUs of a process that `exec` adds, as lists (`0-3,7`), before and after it joins the cgroup.
public struct CPUAffinity: JSONObject {
  public var initial: String
  public var final: String

  public init(initial: String = "", final: String = "") {
    self.initial = initial
    self.final = final
  }

  public init() { self.init(initial: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("initial", &initial)
    try fields.defaulted("final", &final)
  }
}
