import CommandLine

/// `apus image inspect`
enum ImageInspectCommand {
  static let command = Command(
    CommandSpec(
      "inspect", usage: "[OPTIONS] IMAGE [IMAGE...]", "Display detailed information on one or more images",
      count: .atLeast(1), flags: [.objectFormat()]),
    noun: .image
  ) { try InspectView(session: $0, kinds: [.image]).run() }
}
