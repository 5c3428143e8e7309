import CommandLine
import Diagnostics
import EngineAPI
import EngineClient

/// `apus create`
enum CreateCommand {
  static let command = Command(
    CommandSpec(
      "create", usage: "[OPTIONS] IMAGE [COMMAND] [ARG...]", "Create a new container", count: .atLeast(1),
      endsFlagsAtFirstArgument: true, flags: ContainerFlags.all()),
    noun: .container, shortcut: "create", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let creation: ContainerCreation
    do {
      creation = try ContainerCreation(session)
    } catch let error as ClassifiedError {
      let hint = "Run '\(session.invocation.commandPath) --help' for more information"
      throw ExitRequest(status: 125, message: "apus: \(error.description)\n\n\(hint)")
    }
    try Console.line(try creation.create(creation.request).id)
    return 0
  }
}
