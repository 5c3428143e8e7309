/// A system call filter (runtime-spec config-linux.md, "Seccomp").
public struct LinuxSeccomp: JSONObject {
  public enum Action: String, JSONValue, CaseIterable {
    case kill = "SCMP_ACT_KILL"
    case killProcess = "SCMP_ACT_KILL_PROCESS"
    case killThread = "SCMP_ACT_KILL_THREAD"
    case trap = "SCMP_ACT_TRAP"
    case errno = "SCMP_ACT_ERRNO"
    case trace = "SCMP_ACT_TRACE"
    case allow = "SCMP_ACT_ALLOW"
    case log = "SCMP_ACT_LOG"
    case notify = "SCMP_ACT_NOTIFY"
  }

  public enum Architecture: String, JSONValue, CaseIterable {
    case x86 = "SCMP_ARCH_X86"
    case x86_64 = "SCMP_ARCH_X86_64"
    case x32 = "SCMP_ARCH_X32"
    case arm = "SCMP_ARCH_ARM"
    case aarch64 = "SCMP_ARCH_AARCH64"
    case mips = "SCMP_ARCH_MIPS"
    case mips64 = "SCMP_ARCH_MIPS64"
    case mips64n32 = "SCMP_ARCH_MIPS64N32"
    case mipsel = "SCMP_ARCH_MIPSEL"
    case mipsel64 = "SCMP_ARCH_MIPSEL64"
    case mipsel64n32 = "SCMP_ARCH_MIPSEL64N32"
    case ppc = "SCMP_ARCH_PPC"
    case ppc64 = "SCMP_ARCH_PPC64"
    case ppc64le = "SCMP_ARCH_PPC64LE"
    case s390 = "SCMP_ARCH_S390"
    case s390x = "SCMP_ARCH_S390X"
    case parisc = "SCMP_ARCH_PARISC"
    case parisc64 = "SCMP_ARCH_PARISC64"
    case riscv64 = "SCMP_ARCH_RISCV64"
    case loongarch64 = "SCMP_ARCH_LOONGARCH64"
    case m68k = "SCMP_ARCH_M68K"
    case sh = "SCMP_ARCH_SH"
    case sheb = "SCMP_ARCH_SHEB"
  }

  public enum Flag: String, JSONValue, CaseIterable {
    case synchronizeThreads = "SECCOMP_FILTER_FLAG_TSYNC"
    case log = "SECCOMP_FILTER_FLAG_LOG"
    case allowSpeculation = "SECCOMP_FILTER_FLAG_SPEC_ALLOW"
    case waitKillable = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
  }

  public enum Comparison: String, JSONValue, CaseIterable {
    case notEqual = "SCMP_CMP_NE"
    case less = "SCMP_CMP_LT"
    case lessOrEqual = "SCMP_CMP_LE"
    case equal = "SCMP_CMP_EQ"
    case greaterOrEqual = "SCMP_CMP_GE"
    case greater = "SCMP_CMP_GT"
    /// `argument & value == valueTwo`.
    case maskedEqual = "SCMP_CMP_MASKED_EQ"
  }

  /// One condition on one argument of a call.
  public struct Argument: JSONObject {
    /// 0 to 5.
    public var index: UInt32
    public var value: UInt64
    public var valueTwo: UInt64
    public var op: Comparison

    public init(index: UInt32, value: UInt64, valueTwo: UInt64 = 0, op: Comparison) {
      self.index = index
      self.value = value
      self.valueTwo = valueTwo
      self.op = op
    }

    public init() { self.init(index: 0, value: 0, op: .equal) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("index", &index)
      try fields.required("value", &value)
      try fields.defaulted("valueTwo", &valueTwo)
      try fields.required("op", &op)
    }
  }

  /// What happens to calls by name, when all the conditions hold.
  public struct Rule: JSONObject {
    public var names: [String]
    public var action: Action
    /// The errno of `errno` and the data of `trace`; nil means EPERM.
    public var errnoRet: UInt32?
    public var args: [Argument]

    public init(names: [String], action: Action, errnoRet: UInt32? = nil, args: [Argument] = []) {
      self.names = names
      self.action = action
      self.errnoRet = errnoRet
      self.args = args
    }

    public init() { self.init(names: [], action: .errno) }

    public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
      try fields.required("names", &names)
      try fields.required("action", &action)
      try fields.optional("errnoRet", &errnoRet)
      try fields.defaulted("args", &args)
    }
  }

  public var defaultAction: Action
  public var defaultErrnoRet: UInt32?
  /// Empty means the machine's own.
  public var architectures: [Architecture]
  /// Nil and empty differ: without the property, speculation is allowed.
  public var flags: [Flag]?
  public var listenerPath: String
  public var listenerMetadata: String
  public var syscalls: [Rule]

  public init(
    defaultAction: Action, defaultErrnoRet: UInt32? = nil, architectures: [Architecture] = [], flags: [Flag]? = nil,
    listenerPath: String = "", listenerMetadata: String = "", syscalls: [Rule] = []
  ) {
    self.defaultAction = defaultAction
    self.defaultErrnoRet = defaultErrnoRet
    self.architectures = architectures
    self.flags = flags
    self.listenerPath = listenerPath
    self.listenerMetadata = listenerMetadata
    self.syscalls = syscalls
  }

  public init() { self.init(defaultAction: .errno) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("defaultAction", &defaultAction)
    try fields.optional("defaultErrnoRet", &defaultErrnoRet)
    try fields.defaulted("architectures", &architectures)
    try fields.optional("flags", &flags)
    try fields.defaulted("listenerPath", &listenerPath)
    try fields.defaulted("listenerMetadata", &listenerMetadata)
    try fields.defaulted("syscalls", &syscalls)
  }
}
