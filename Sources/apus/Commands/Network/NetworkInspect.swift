import CommandLine

/// `apus network inspect`
enum NetworkInspectCommand {
  static let command = Command(
    CommandSpec(
      "inspect", usage: "[OPTIONS] NETWORK [NETWORK...]", "Display detailed information on one or more networks",
      count: .atLeast(1), flags: [.objectFormat(), .bool("verbose", "v", "Verbose output for diagnostics")]),
    noun: .network
  ) { session in try InspectView(session: session, kinds: [.network]).run() }
}
