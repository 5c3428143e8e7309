import CommandLine
import EngineClient

/// `apus stop`
enum StopCommand {
  static let command = Command(
    CommandSpec(
      "stop", usage: "[OPTIONS] CONTAINER [CONTAINER...]", "Stop one or more running containers", count: .atLeast(1),
      flags: [
        .string("signal", "s", "Signal to send to the container"),
        .integer("timeout", "t", "Seconds to wait before killing the container"),
        FlagSpec.integer("time", "Seconds to wait before killing the container").deprecated("use --timeout instead"),
      ]),
    noun: .container, shortcut: "stop"
  ) { session in
    let timeout = session.flags.integer("timeout") ?? session.flags.integer("time")
    return try session.forEachArgument { name in
      try session.client.stopContainer(name, signal: session.flags.string("signal"), timeout: timeout)
      try Console.line(name)
    }
  }
}
