import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus exec`
enum ExecCommand {
  static let command = Command(
    CommandSpec(
      "exec", usage: "[OPTIONS] CONTAINER COMMAND [ARG...]", "Execute a command in a running container",
      count: .atLeast(2), endsFlagsAtFirstArgument: true,
      flags: [
        .bool("detach", "d", "Detached mode: run command in the background"),
        .detachKeys,
        .list("env", "e", "Set environment variables"),
        .list("env-file", "Read in a file of environment variables"),
        .bool("interactive", "i", "Keep STDIN open even if not attached"),
        .bool("privileged", "Give extended privileges to the command"),
        .bool("tty", "t", "Allocate a pseudo-TTY"),
        .string("user", "u", "Username or UID (format: \"<name|uid>[:<group|gid>]\")"),
        .string("workdir", "w", "Working directory inside the container"),
      ]),
    noun: .container, shortcut: "exec", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let request = try request(session)
    if request.tty, request.attachStdin, !Console.inputIsTerminal {
      throw ExitRequest(status: 1, message: "the input device is not a TTY")
    }
    let keys = try session.detachKeys(isTerminal: request.tty)
    // The exec's stream takes one connection; its end is asked for on another.
    if !session.flags.bool("detach") { session.client.expectConnections(1) }
    let id = try session.client.createExec(container: session.arguments[0], request)
    let start = ExecStartRequest(
      detach: session.flags.bool("detach"), tty: request.tty, consoleSize: request.consoleSize)
    do {
      if start.detach {
        try session.client.startExecDetached(id, start)
        return 0
      }
      return try runAttached(session, id: id, start, request, detachKeys: keys)
    } catch let fault as EngineFault where fault.serverMessage != nil {
      let status = StartFailure.status(for: fault)
      throw ExitRequest(status: status == 125 ? 1 : status, message: fault.explanation)
    }
  }

  private static func runAttached(
    _ session: Session, id: String, _ start: ExecStartRequest, _ request: ExecCreateRequest, detachKeys: [UInt8]
  ) throws -> Int32 {
    let client = session.client
    let stream = try client.startExec(id, start)
    let streams: AttachedStreams = request.attachStdin ? [.input, .output, .error] : [.output, .error]
    let relay = TerminalSession(
      plan: RelayPlan(streams: streams, isTerminal: start.tty, detachKeys: detachKeys),
      resize: { try client.resizeExec(id, rows: $0.rows, columns: $0.columns) })
    if case .detached = try relay.run(stream) { return 0 }
    return Int32(truncatingIfNeeded: try client.inspectExec(id).exitCode ?? 0)
  }

  private static func request(_ session: Session) throws -> ExecCreateRequest {
    let flags = session.flags
    var request = ExecCreateRequest()
    request.cmd = Array(session.arguments.dropFirst())
    request.user = flags.string("user") ?? ""
    request.workingDir = flags.string("workdir") ?? ""
    request.privileged = flags.bool("privileged")
    request.tty = flags.bool("tty")
    request.detachKeys = session.chosenDetachKeys ?? ""
    if !flags.bool("detach") {
      request.attachStdin = flags.bool("interactive")
      request.attachStdout = true
      request.attachStderr = true
    }
    if request.tty, let size = Console.windowSize { request.consoleSize = [Int(size.rows), Int(size.columns)] }
    let lookUp = { session.environment[$0] }
    var variables = try flags.strings("env-file").flatMap {
      try EnvironmentOption.file(try session.readFile($0), lookUp: lookUp)
    }
    variables += try flags.strings("env").map { try EnvironmentOption.variable($0, lookUp: lookUp) }
    request.env = variables.isEmpty ? nil : variables
    return request
  }
}
