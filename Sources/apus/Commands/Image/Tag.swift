import CommandLine
import Diagnostics
import EngineClient

/// `apus tag`
enum TagCommand {
  static let command = Command(
    CommandSpec(
      "tag", usage: "SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]",
      "Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE", count: .exactly(2)),
    noun: .image, shortcut: "tag"
  ) { session in
    let target = try ImageName(session.arguments[1])
    if target.digest != nil { throw ClassifiedError(.invalid, "refusing to create a tag with a digest reference") }
    try session.client.tagImage(
      session.arguments[0], repository: target.repository, tag: target.tag ?? "latest")
    return 0
  }
}
