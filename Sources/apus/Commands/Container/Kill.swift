import CommandLine
import EngineClient

/// `apus kill`
enum KillCommand {
  static let command = Command(
    CommandSpec(
      "kill", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Kill one or more running containers", count: .atLeast(1),
      flags: [.string("signal", "s", "Signal to send to the container")]),
    noun: .container, shortcut: "kill"
  ) { session in
    try session.forEachArgument { name in
      try session.client.killContainer(name, signal: session.flags.string("signal"))
      try Console.line(name)
    }
  }
}
