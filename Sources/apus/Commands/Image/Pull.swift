import CommandLine
import Diagnostics
import EngineClient

/// `apus pull`
enum PullCommand {
  static let command = Command(
    CommandSpec(
      "pull", usage: "[OPTIONS] NAME[:TAG|@DIGEST]", "Download an image from a registry", count: .exactly(1),
      flags: [
        .bool("all-tags", "a", "Download all tagged images in the repository"),
        FlagSpec.bool("disable-content-trust", default: true, "Skip image verification").hidden(),
        .platform,
        .bool("quiet", "q", "Suppress verbose output"),
      ]),
    noun: .image, shortcut: "pull", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    var name = try ImageName(session.arguments[0])
    if flags.bool("all-tags") {
      guard name.tag == nil, name.digest == nil else {
        throw ClassifiedError(.invalid, "tag can't be used with --all-tags/-a")
      }
    } else {
      if name.tagged != name, !flags.bool("quiet") { try Console.line("Using default tag: latest") }
      name = name.tagged
    }
    let printer = flags.bool("quiet") ? nil : ProgressPrinter(on: StandardStreams.output)
    try session.client.pullImage(
      name, platform: flags.string("platform"),
      credentials: try session.configuration.credentials(for: name.credentialsKey, session.environment)
    ) { try printer?.show($0) }
    try Console.line(name.fullDescription)
    return 0
  }
}
