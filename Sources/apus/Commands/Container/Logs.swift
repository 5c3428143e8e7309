import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import LinuxKernel

/// `apus logs`
enum LogsCommand {
  static let command = Command(
    CommandSpec(
      "logs", usage: "[OPTIONS] CONTAINER", "Fetch the logs of a container", count: .exactly(1),
      flags: [
        .bool("details", "Show extra details provided to logs"),
        .bool("follow", "f", "Follow log output"),
        .string(
          "since",
          "Show logs since timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"),
        .string("tail", "n", default: "all", "Number of lines to show from the end of the logs"),
        .bool("timestamps", "t", "Show timestamps"),
        .string(
          "until",
          "Show logs before a timestamp (e.g. \"2013-01-02T13:23:37Z\") or relative (e.g. \"42m\" for 42 minutes)"),
      ]),
    noun: .container, shortcut: "logs", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    var selection = LogSelection()
    selection.follow = flags.bool("follow")
    selection.timestamps = flags.bool("timestamps")
    selection.details = flags.bool("details")
    selection.since = try flags.string("since").map { try TimeOption.unixTime($0, flag: "since") }
    selection.until = try flags.string("until").map { try TimeOption.unixTime($0, flag: "until") }
    selection.tail = flags.string("tail") == "all" ? nil : flags.string("tail")
    let container = try session.client.inspectContainer(session.arguments[0])
    var frames = RawStreamDecoder()
    try session.client.containerLogs(container.id, selection) { piece in
      if container.config.tty { return try StandardStreams.output.descriptor.writeAll(piece) }
      try frames.decode(piece[...]) { stream, payload in
        let target = stream == .error ? StandardStreams.error : StandardStreams.output
        try target.descriptor.writeAll(Array(payload))
      }
    }
    return 0
  }
}
