import CommandLine
import EngineAPI
import EngineClient

/// `apus top`
enum TopCommand {
  static let command = Command(
    CommandSpec(
      "top", usage: "CONTAINER [ps OPTIONS]", "Display the running processes of a container", count: .atLeast(1),
      endsFlagsAtFirstArgument: true),
    noun: .container, shortcut: "top"
  ) { session in
    let answer = try session.client.containerTop(
      session.arguments[0], arguments: Array(session.arguments.dropFirst()))
    var table = Table(minimumWidth: 20, gap: 1)
    table.add(answer.titles)
    for process in answer.processes { table.add(process) }
    try Console.write(table.render())
    return 0
  }
}
