import CommandLine
import Diagnostics

/// `apus completion`
enum CompletionCommand {
  static let command = Command(
    CommandSpec(
      "completion", usage: "SHELL", "Generate the autocompletion script for a shell (bash)", count: .exactly(1))
  ) { session in
    guard session.arguments[0] == "bash" else {
      throw ClassifiedError(
        .unsupported, "no completion for the shell \(session.arguments[0])", advice: "bash is there")
    }
    try Console.write(Completion.bash(root: CommandTable.root))
    return 0
  }
}
