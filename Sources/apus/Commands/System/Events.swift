import CommandLine
import Diagnostics
import EngineClient
import JSON

/// `apus events`
enum EventsCommand {
  static let command = Command(
    CommandSpec(
      "events", usage: "[OPTIONS]", "Get real time events from the server", count: .none,
      flags: [
        .filter,
        .objectFormat(nil),
        .string("since", "Show all events created since timestamp"),
        .string("until", "Stream events until this timestamp"),
      ]),
    noun: .system, shortcut: "events", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    let format = flags.string("format")
    let template = try format.flatMap { $0 == "json" ? nil : try FormatTemplate($0) }
    try session.client.events(
      since: try flags.string("since").map { try TimeOption.unixTime($0, flag: "since") },
      until: try flags.string("until").map { try TimeOption.unixTime($0, flag: "until") },
      filters: session.filters()
    ) { bytes in
      let event = try JSONValue(parsing: bytes)
      if let template {
        try Console.line(try template.render(event))
      } else {
        try Console.line(format == "json" ? event.compact : line(event))
      }
    }
    return 0
  }

  /// `2025-01-02T03:04:05.000000006Z container start <id> (image=busybox, name=x)`
  private static func line(_ event: JSONValue) -> String {
    var time = ""
    if case .number(let digits)? = event["timeNano"], let nanoseconds = Int64(digits) {
      let seconds = nanoseconds / 1_000_000_000
      let instant = Timestamp(seconds: seconds, nanoseconds: Int32(nanoseconds % 1_000_000_000))
      time = instant.rfc3339(withFraction: true) + " "
    }
    let actor = event["Actor"]
    var words = [event["Type"], event["Action"], actor?["ID"]].compactMap { $0?.stringValue }
    if case .object(let attributes)? = actor?["Attributes"], !attributes.isEmpty {
      let pairs = attributes.sorted { $0.name < $1.name }.map { "\($0.name)=\($0.value.stringValue ?? "")" }
      words.append("(" + pairs.joined(separator: ", ") + ")")
    }
    return time + words.joined(separator: " ")
  }
}
