import CommandLine
import Diagnostics
import EngineClient
import Glibc
import LinuxKernel

/// One run of the client: from the command line to the exit status.
struct Program {
  static let version = Apus.version

  let arguments: [String]

  func run() -> Never {
    // A pipe that nobody reads ends the program by an error that it can clean up after.
    Signal.pipe.ignore()
    // Nothing is buffered, and whoever waits for us should not wait for the memory to be handed back piece by piece.
    _exit(status())
  }

  private func status() -> Int32 {
    do throws(UsageError) {
      switch try ArgumentScanner(root: CommandTable.root).scan(arguments) {
      case .help(let path, let spec, let notice):
        if let notice { Console.complain(notice) }
        return Console.show(help(path, spec))
      case .run(let invocation):
        for notice in invocation.notices { Console.complain(notice) }
        if invocation.globals.bool("version") {
          return Console.show("Apus version \(Program.version)\n")
        }
        guard let command = CommandTable.command(at: invocation.path) else {
          return Console.show(help(invocation.path, invocation.spec))
        }
        return perform(command, invocation)
      }
    } catch {
      let missing = error.unknownCommand.flatMap(MissingCommands.complaint)
      Console.complain(missing ?? error.description)
      return error.exitStatus
    }
  }

  private func perform(_ command: Command, _ invocation: Invocation) -> Int32 {
    do {
      return try command.perform(try Session(invocation))
    } catch let exit as ExitRequest {
      if let message = exit.message { Console.complain(message) }
      return exit.status
    } catch let error as SystemError where Console.isClosedPipe(error) {
      return 128 + Signal.pipe.rawValue
    } catch {
      Console.complain(explanation(of: error))
      return 1
    }
  }

  private func help(_ path: [String], _ spec: CommandSpec) -> String {
    let columns = (try? StandardStreams.output.descriptor.windowSize().columns).map(Int.init) ?? 80
    return HelpText.render(path: path, spec: spec, columns: columns)
  }
}

/// Ends the program with a status, and a sentence on standard error if there is something to say.
struct ExitRequest: Error {
  let status: Int32
  var message: String?
}
