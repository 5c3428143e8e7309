/// `POST /containers/{id}/exec`.
public struct ExecCreateRequest: APIObject, Equatable {
  public var user: String = ""
  public var privileged: Bool = false
  public var tty: Bool = false
  public var consoleSize: [Int]?
  public var attachStdin: Bool = false
  public var attachStdout: Bool = false
  public var attachStderr: Bool = false
  public var detachKeys: String = ""
  public var env: [String]?
  public var workingDir: String = ""
  public var cmd: [String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("User", &user)
    try object.present("Privileged", &privileged)
    try object.present("Tty", &tty)
    try object.optional("ConsoleSize", &consoleSize)
    try object.present("AttachStdin", &attachStdin)
    try object.present("AttachStdout", &attachStdout)
    try object.present("AttachStderr", &attachStderr)
    try object.present("DetachKeys", &detachKeys)
    try object.nullable("Env", &env)
    try object.present("WorkingDir", &workingDir)
    try object.words("Cmd", &cmd)
  }
}

/// What creating an exec answers.
public struct ExecCreateResponse: APIObject, Equatable {
  public var id: String = ""

  public init() {}

  public init(id: String = "") {
    self.id = id
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
  }
}

/// `POST /exec/{id}/start`.
public struct ExecStartRequest: APIObject, Equatable {
  public var detach: Bool = false
  public var tty: Bool = false
  /// Rows and columns of the terminal.
  public var consoleSize: [Int]?

  public init() {}

  public init(detach: Bool = false, tty: Bool = false, consoleSize: [Int]? = nil) {
    self.detach = detach
    self.tty = tty
    self.consoleSize = consoleSize
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Detach", &detach)
    try object.present("Tty", &tty)
    try object.optional("ConsoleSize", &consoleSize)
  }
}

/// `GET /exec/{id}/json`.
public struct ExecInspect: APIObject, Equatable {
  public var id: String = ""
  public var running: Bool = false
  /// Null while it runs.
  public var exitCode: Int?
  public var processConfig: ProcessConfig = ProcessConfig()
  public var openStdin: Bool = false
  public var openStderr: Bool = false
  public var openStdout: Bool = false
  public var canRemove: Bool = false
  public var containerID: String = ""
  public var detachKeys: String = ""
  /// 0 before its start.
  public var pid: Int = 0

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("ID", &id)
    try object.present("Running", &running)
    try object.nullable("ExitCode", &exitCode)
    try object.present("ProcessConfig", &processConfig)
    try object.present("OpenStdin", &openStdin)
    try object.present("OpenStderr", &openStderr)
    try object.present("OpenStdout", &openStdout)
    try object.present("CanRemove", &canRemove)
    try object.present("ContainerID", &containerID)
    try object.present("DetachKeys", &detachKeys)
    try object.present("Pid", &pid)
  }
}

/// The command of an exec.
public struct ProcessConfig: APIObject, Equatable {
  public var tty: Bool = false
  public var entrypoint: String = ""
  public var arguments: [String]?
  public var privileged: Bool?
  public var user: String?

  public init() {}

  public init(
    tty: Bool = false, entrypoint: String = "", arguments: [String]? = nil, privileged: Bool? = nil,
    user: String? = nil
  ) {
    self.tty = tty
    self.entrypoint = entrypoint
    self.arguments = arguments
    self.privileged = privileged
    self.user = user
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("tty", &tty)
    try object.present("entrypoint", &entrypoint)
    try object.nullable("arguments", &arguments)
    try object.optional("privileged", &privileged)
    try object.optional("user", &user)
  }
}
