import CommandLine
import EngineClient

/// `apus wait`
enum WaitCommand {
  static let command = Command(
    CommandSpec(
      "wait", usage: "CONTAINER [CONTAINER...]", "Block until one or more containers stop, then print their exit codes",
      count: .atLeast(1)),
    noun: .container, shortcut: "wait"
  ) { session in
    try session.forEachArgument { name in
      let code = try session.client.waitContainer(name, condition: nil).exitCode()
      try Console.line(String(code))
    }
  }
}
