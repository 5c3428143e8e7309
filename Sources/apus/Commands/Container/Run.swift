import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus run`: create, attach, wait, start, relay.
enum RunCommand {
  static let command = Command(
    CommandSpec(
      "run", usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create and run a new container from an image",
      count: .atLeast(1), endsFlagsAtFirstArgument: true, flags: flags),
    noun: .container, shortcut: "run", perform: perform)

  private static var flags: [FlagSpec] {
    ContainerFlags.all(and: [
      .bool("detach", "d", "Run container in background and print container ID"),
      .detachKeys,
      .bool("sig-proxy", default: true, "Proxy received signals to the process"),
    ])
  }

  private static func perform(_ session: Session) throws -> Int32 {
    do {
      return try run(session)
    } catch let exit as ExitRequest {
      throw exit
    } catch let error as SystemError where Console.isClosedPipe(error) {
      throw error
    } catch {
      let hint = "Run '\(session.invocation.commandPath) --help' for more information"
      throw ExitRequest(
        status: StartFailure.status(for: error), message: "apus: \(explanation(of: error))\n\n\(hint)")
    }
  }

  private static func run(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let isDetached = flags.bool("detach")
    if isDetached, flags.isSet("attach") {
      throw ExitRequest(status: 1, message: "conflicting options: cannot specify both --attach and --detach")
    }
    let creation = try ContainerCreation(session)
    var request = creation.request
    if isDetached { request.config.runDetached() }
    if request.config.tty, request.config.attachStdin, !Console.inputIsTerminal {
      throw ExitRequest(status: 1, message: "the input device is not a TTY")
    }
    let detachKeys = try session.detachKeys(isTerminal: request.config.tty)
    // For the streams that follow the container.
    if !isDetached { session.client.expectConnections(2) }
    let id = try creation.create(request).id
    if isDetached {
      // First: a script that reads it can remove the container when its start fails.
      try Console.line(id)
      try session.client.startContainer(id)
      return 0
    }
    return try runAttached(session, id: id, request, streams: creation.options.attached, detachKeys: detachKeys)
  }

  private static func runAttached(
    _ session: Session, id: String, _ request: ContainerCreateRequest, streams: AttachedStreams, detachKeys: [UInt8]
  ) throws -> Int32 {
    let client = session.client
    // Attached and waited for before the start, so that neither output nor a quick end can be missed.
    let (stream, wait) = try client.followContainer(
      id, streams: streams, detachKeys: session.chosenDetachKeys,
      condition: request.hostConfig.autoRemove ? "removed" : "next-exit")
    let isTerminal = request.config.tty
    let relay = TerminalSession(
      plan: RelayPlan(streams: streams, isTerminal: isTerminal, detachKeys: detachKeys),
      proxiesSignals: session.flags.bool("sig-proxy"),
      resize: { try client.resizeContainer(id, rows: $0.rows, columns: $0.columns) },
      forward: { try client.killContainer(id, signal: $0.description) })
    let end = try relay.run(stream, wait: wait) { try client.startContainer(id) }
    if case .detached = end { return 0 }
    return try wait.exitCode()
  }
}

extension ContainerConfig {
  /// In the background nothing is attached.
  fileprivate mutating func runDetached() {
    attachStdin = false
    attachStdout = false
    attachStderr = false
    stdinOnce = false
  }
}
