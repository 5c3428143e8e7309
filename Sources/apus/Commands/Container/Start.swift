import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus start`
enum StartCommand {
  static let command = Command(
    CommandSpec(
      "start", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Start one or more stopped containers", count: .atLeast(1),
      flags: [
        .bool("attach", "a", "Attach STDOUT/STDERR and forward signals"),
        .detachKeys,
        .bool("interactive", "i", "Attach container's STDIN"),
      ]),
    noun: .container, shortcut: "start", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    if session.flags.bool("attach") || session.flags.bool("interactive") { return try startAttached(session) }
    var failed: [String] = []
    for name in session.arguments {
      do {
        try session.client.startContainer(name)
        try Console.line(name)
      } catch let fault as EngineFault {
        Console.complain(fault.explanation)
        failed.append(name)
      }
    }
    guard failed.isEmpty else {
      throw ExitRequest(status: 1, message: "Error: failed to start containers: \(failed.joined(separator: ", "))")
    }
    return 0
  }

  private static func startAttached(_ session: Session) throws -> Int32 {
    guard session.arguments.count == 1 else {
      throw ClassifiedError(.invalid, "you cannot start and attach multiple containers at once")
    }
    let client = session.client
    client.expectConnections(2)
    let container = try client.inspectContainer(session.arguments[0])
    let (id, isTerminal) = (container.id, container.config.tty)
    var streams: AttachedStreams = [.output, .error]
    if session.flags.bool("interactive"), container.config.openStdin { streams.insert(.input) }
    let keys = try session.detachKeys(isTerminal: isTerminal)
    let (stream, wait) = try client.followContainer(
      id, streams: streams, detachKeys: session.chosenDetachKeys,
      condition: container.hostConfig.autoRemove ? "removed" : "next-exit")
    let relay = TerminalSession(
      plan: RelayPlan(streams: streams, isTerminal: isTerminal, detachKeys: keys),
      proxiesSignals: !isTerminal,
      resize: { try client.resizeContainer(id, rows: $0.rows, columns: $0.columns) },
      forward: { try client.killContainer(id, signal: $0.description) })
    let end = try relay.run(stream, wait: wait) { try client.startContainer(id) }
    if case .detached = end { return 0 }
    return try wait.exitCode()
  }
}
