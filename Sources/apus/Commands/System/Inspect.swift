import CommandLine
import Diagnostics

/// `apus inspect`
enum InspectCommand {
  static let command = Command(
    CommandSpec(
      "inspect", usage: "[OPTIONS] NAME|ID [NAME|ID...]", "Return low-level information on Apus objects",
      count: .atLeast(1),
      flags: [
        .objectFormat(),
        .bool("size", "s", "Display total file sizes if the type is container"),
        .string("type", "Only inspect objects of the given type"),
      ])
  ) { session in
    guard let type = session.flags.string("type"), !type.isEmpty else {
      return try InspectView(session: session, kinds: [.container, .image, .network]).run()
    }
    guard let kind = InspectView.Kind(rawValue: type) else {
      let isKnown = ["volume", "config", "node", "plugin", "secret", "service", "task"].contains(type)
      throw ClassifiedError(
        isKnown ? .unsupported : .invalid,
        isKnown ? "objects of type \(type) are not there yet" : "\"\(type)\" is not a valid value for --type",
        advice: "container, image or network")
    }
    return try InspectView(session: session, kinds: [kind]).run()
  }
}
