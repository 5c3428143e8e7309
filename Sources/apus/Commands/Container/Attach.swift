import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus attach`
enum AttachCommand {
  static let command = Command(
    CommandSpec(
      "attach", usage: "[OPTIONS] CONTAINER",
      "Attach local standard input, output, and error streams to a running container", count: .exactly(1),
      flags: [
        .detachKeys,
        .bool("no-stdin", "Do not attach STDIN"),
        .bool("sig-proxy", default: true, "Proxy all received signals to the process"),
      ]),
    noun: .container, shortcut: "attach", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let client = session.client
    let name = session.arguments[0]
    // Asked for first: the container may end while we look at it.
    let wait = try client.waitContainer(name, condition: nil)
    let container = try client.inspectContainer(name)
    if !container.state.running {
      throw ClassifiedError(.conflict, "cannot attach to a stopped container, start it first")
    }
    if container.state.paused {
      throw ClassifiedError(.conflict, "cannot attach to a paused container, unpause it first")
    }
    if container.state.restarting {
      throw ClassifiedError(.conflict, "cannot attach to a restarting container, wait until it is running")
    }
    let (id, isTerminal) = (container.id, container.config.tty)
    var streams: AttachedStreams = [.output, .error]
    if container.config.openStdin, !session.flags.bool("no-stdin") { streams.insert(.input) }
    if isTerminal, streams.contains(.input), !Console.inputIsTerminal {
      throw ExitRequest(status: 1, message: "the input device is not a TTY")
    }
    let keys = try session.detachKeys(isTerminal: isTerminal)
    let stream = try client.attachContainer(id, streams: streams, detachKeys: session.chosenDetachKeys)
    let relay = TerminalSession(
      plan: RelayPlan(streams: streams, isTerminal: isTerminal, detachKeys: keys),
      proxiesSignals: session.flags.bool("sig-proxy") && !isTerminal,
      resize: { size in
        // A size that differs makes programs draw themselves again.
        try client.resizeContainer(id, rows: size.rows + 1, columns: size.columns + 1)
        try client.resizeContainer(id, rows: size.rows, columns: size.columns)
      },
      forward: { try client.killContainer(id, signal: $0.description) })
    if case .detached = try relay.run(stream, wait: wait) { return 0 }
    return try wait.exitCode()
  }
}
