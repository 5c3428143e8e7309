import CommandLine
import Diagnostics
import EngineClient
import LinuxKernel

/// `apus load`
enum LoadCommand {
  static let command = Command(
    CommandSpec(
      "load", usage: "[OPTIONS]", "Load an image from a tar archive or STDIN", count: .none,
      flags: [
        .string("input", "i", "Read from tar archive file, instead of STDIN"),
        .bool("quiet", "q", "Suppress the load output"),
      ]),
    noun: .image, shortcut: "load", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let input = session.flags.string("input")
    if input == nil, Console.inputIsTerminal {
      throw ClassifiedError(.invalid, "requested load from stdin, but stdin is empty")
    }
    let isQuiet = session.flags.bool("quiet") || !Console.outputIsTerminal
    let printer = ProgressPrinter(on: StandardStreams.output)
    try session.client.loadImages(quiet: isQuiet, body: try ArchiveSource(path: input).next) { message in
      try printer.show(message)
    }
    return 0
  }
}

/// The pieces of an archive that is sent to the server.
final class ArchiveSource {
  private let file: SharedDescriptor

  /// `path` nil or `-`: standard input. Throws: kind `notFound`, in Docker's words.
  init(path: String?) throws {
    guard let path, path != "-" else {
      file = StandardStreams.input
      return
    }
    do throws(SystemError) {
      file = SharedDescriptor(try HostFiles.open(path, .readOnly))
    } catch {
      throw ClassifiedError(error.kind, "open \(path): \(error.reason)")
    }
  }

  /// The next piece; empty at the end.
  func next() throws -> [UInt8] {
    try file.descriptor.read(upTo: 256 << 10)
  }
}
