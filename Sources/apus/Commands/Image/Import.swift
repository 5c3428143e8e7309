import CommandLine
import Diagnostics
import EngineClient

/// `apus import`
enum ImportCommand {
  static let command = Command(
    CommandSpec(
      "import", usage: "[OPTIONS] file|URL|- [REPOSITORY[:TAG]]",
      "Import the contents from a tarball to create a filesystem image", count: .between(1, 2),
      flags: [
        .list("change", "c", "Apply Dockerfile instruction to the created image"),
        .string("message", "m", "Set commit message for imported image"),
        .platform,
      ]),
    noun: .image, shortcut: "import", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let source = session.arguments[0]
    if source.hasPrefix("http://") || source.hasPrefix("https://") {
      throw ClassifiedError(
        .unsupported, "cannot import from a URL", object: source, advice: "fetch it and give the file, or - for a pipe")
    }
    if source == "-", Console.inputIsTerminal {
      throw ClassifiedError(.invalid, "requested import from stdin, but stdin is a terminal")
    }
    var options = ImageImport()
    options.repository = session.arguments.count == 2 ? session.arguments[1] : nil
    options.message = session.flags.string("message")
    options.platform = session.flags.string("platform")
    options.changes = session.flags.strings("change")
    let printer = ProgressPrinter(on: StandardStreams.output)
    try session.client.importImage(options, body: try ArchiveSource(path: source).next) { try printer.show($0) }
    return 0
  }
}
