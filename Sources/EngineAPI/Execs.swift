/// `POST /containers/{id}/exec`.
public struct ExecCreateRequest: Codable, Sendable, Equatable {
  @Present public var user: String = ""
  @Present public var privileged: Bool = false
  @Present public var tty: Bool = false
  public var consoleSize: [Int]?
  @Present public var attachStdin: Bool = false
  @Present public var attachStdout: Bool = false
  @Present public var attachStderr: Bool = false
  @Present public var detachKeys: String = ""
  @Nullable public var env: [String]?
  @Present public var workingDir: String = ""
  @CommandWords public var cmd: [String]?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case user = "User"
    case privileged = "Privileged"
    case tty = "Tty"
    case consoleSize = "ConsoleSize"
    case attachStdin = "AttachStdin"
    case attachStdout = "AttachStdout"
    case attachStderr = "AttachStderr"
    case detachKeys = "DetachKeys"
    case env = "Env"
    case workingDir = "WorkingDir"
    case cmd = "Cmd"
  }
}

/// What creating an exec answers.
public struct ExecCreateResponse: Codable, Sendable, Equatable {
  @Present public var id: String = ""

  public init(id: String = "") {
    self.id = id
  }

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
  }
}

/// `POST /exec/{id}/start`.
public struct ExecStartRequest: Codable, Sendable, Equatable {
  @Present public var detach: Bool = false
  @Present public var tty: Bool = false
  /// Rows and columns of the terminal.
  public var consoleSize: [Int]?

  public init(detach: Bool = false, tty: Bool = false, consoleSize: [Int]? = nil) {
    self.detach = detach
    self.tty = tty
    self.consoleSize = consoleSize
  }

  private enum CodingKeys: String, CodingKey {
    case detach = "Detach"
    case tty = "Tty"
    case consoleSize = "ConsoleSize"
  }
}

/// `GET /exec/{id}/json`.
public struct ExecInspect: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var running: Bool = false
  /// Null while it runs.
  @Nullable public var exitCode: Int?
  @Present public var processConfig: ProcessConfig = ProcessConfig()
  @Present public var openStdin: Bool = false
  @Present public var openStderr: Bool = false
  @Present public var openStdout: Bool = false
  @Present public var canRemove: Bool = false
  @Present public var containerID: String = ""
  @Present public var detachKeys: String = ""
  /// 0 before its start.
  @Present public var pid: Int = 0

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case id = "ID"
    case running = "Running"
    case exitCode = "ExitCode"
    case processConfig = "ProcessConfig"
    case openStdin = "OpenStdin"
    case openStderr = "OpenStderr"
    case openStdout = "OpenStdout"
    case canRemove = "CanRemove"
    case containerID = "ContainerID"
    case detachKeys = "DetachKeys"
    case pid = "Pid"
  }
}

/// The command of an exec.
public struct ProcessConfig: Codable, Sendable, Equatable, ZeroValue {
  @Present public var tty: Bool = false
  @Present public var entrypoint: String = ""
  @Nullable public var arguments: [String]?
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

  private enum CodingKeys: String, CodingKey {
    case tty
    case entrypoint
    case arguments
    case privileged
    case user
  }
}
