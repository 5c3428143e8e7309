import CommandLine

/// `apus container inspect`
enum ContainerInspectCommand {
  static let command = Command(
    CommandSpec(
      "inspect", usage: "[OPTIONS] CONTAINER [CONTAINER...]",
      "Display detailed information on one or more containers", count: .atLeast(1),
      flags: [.objectFormat(), .bool("size", "s", "Display total file sizes")]),
    noun: .container
  ) { try InspectView(session: $0, kinds: [.container]).run() }
}
