/// Programs that run at fixed points of a container's life (runtime-spec config.md, "POSIX-platform Hooks").
/// Each gets the container's state as JSON on its standard input.
public struct Hooks: JSONObject {
  /// Deprecated: as `createRuntime`, and before it.
  public var prestart: [Hook]
  /// In the runtime's namespaces, after the container's exist and before its root is changed.
  public var createRuntime: [Hook]
  /// In the container's namespaces, before its root is changed.
  public var createContainer: [Hook]
  /// Inside the container, just before its program.
  public var startContainer: [Hook]
  /// In the runtime's namespaces, after the program has started.
  public var poststart: [Hook]
  /// In the runtime's namespaces, after the container is deleted; a failure is only a warning.
  public var poststop: [Hook]

  public init(
    prestart: [Hook] = [], createRuntime: [Hook] = [], createContainer: [Hook] = [], startContainer: [Hook] = [],
    poststart: [Hook] = [], poststop: [Hook] = []
  ) {
    self.prestart = prestart
    self.createRuntime = createRuntime
    self.createContainer = createContainer
    self.startContainer = startContainer
    self.poststart = poststart
    self.poststop = poststop
  }

  public init() { self.init(prestart: []) }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.defaulted("prestart", &prestart)
    try fields.defaulted("createRuntime", &createRuntime)
    try fields.defaulted("createContainer", &createContainer)
    try fields.defaulted("startContainer", &startContainer)
    try fields.defaulted("poststart", &poststart)
    try fields.defaulted("poststop", &poststop)
  }
}

/// One program to run.
public struct Hook: JSONObject {
  /// Absolute.
  public var path: String
  /// The whole argument list, the program's name first; empty means the path alone.
  public var args: [String]
  public var env: [String]
  /// Seconds until it is killed, which counts as a failure; nil is no limit.
  public var timeout: Int?

  public init(path: String, args: [String] = [], env: [String] = [], timeout: Int? = nil) {
    self.path = path
    self.args = args
    self.env = env
    self.timeout = timeout
  }

  public init() { self.init(path: "") }

  public mutating func map(_ fields: inout some JSONFields) throws(JSONError) {
    try fields.required("path", &path)
    try fields.defaulted("args", &args)
    try fields.defaulted("env", &env)
    try fields.optional("timeout", &timeout)
  }
}
