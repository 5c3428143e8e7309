import CommandLine
import Diagnostics
import EngineClient
import LinuxKernel

/// `apus save`
enum SaveCommand {
  static let command = Command(
    CommandSpec(
      "save", usage: "[OPTIONS] IMAGE [IMAGE...]",
      "Save one or more images to a tar archive (streamed to STDOUT by default)", count: .atLeast(1),
      flags: [.string("output", "o", "Write to a file, instead of STDOUT")]),
    noun: .image, shortcut: "save", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    guard let path = session.flags.string("output") else {
      if Console.outputIsTerminal {
        throw ClassifiedError(
          .invalid, "cowardly refusing to save to a terminal. Use the -o flag or redirect")
      }
      try session.client.saveImages(session.arguments) { try StandardStreams.output.descriptor.writeAll($0) }
      return 0
    }
    try save(session, to: session.absolutePath(path))
    return 0
  }

  /// Under a temporary name until it is complete, so that nobody takes half an archive for a whole one.
  private static func save(_ session: Session, to path: String) throws {
    let temporary = "\(path).\(try randomHexadecimal(bytes: 4)).part"
    do {
      let file = try HostFiles.open(temporary, [.writeOnly, .create, .exclusive])
      try session.client.saveImages(session.arguments) { try file.writeAll($0) }
      try file.close()
      try HostFiles.rename(temporary, to: path)
    } catch {
      // What went wrong before is what the user must know.
      try? HostFiles.remove(temporary)
      throw error
    }
  }
}
