import CommandLine
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// `apus images`
enum ImageListCommand {
  static let command = Command(
    CommandSpec(
      "ls", aliases: ["list"], usage: "[OPTIONS] [REPOSITORY[:TAG]]", "List images", count: .atMost(1),
      flags: [
        .bool("all", "a", "Show all images (default hides intermediate images)"),
        .bool("digests", "Show digests"),
        .filter,
        .listFormat,
        .noTruncation,
        .bool("quiet", "q", "Only show image IDs"),
      ]),
    noun: .image, shortcut: "images", perform: perform)

  private static let columns: [ListView.Column] = [
    .init("ID", "IMAGE ID"), .init("Repository", "REPOSITORY"), .init("Tag", "TAG"), .init("Digest", "DIGEST"),
    .init("CreatedSince", "CREATED"), .init("CreatedAt", "CREATED AT"), .init("Size", "SIZE"),
    .init("Containers", "CONTAINERS"), .init("SharedSize", "SHARED SIZE"), .init("UniqueSize", "UNIQUE SIZE"),
  ]

  private static func perform(_ session: Session) throws -> Int32 {
    let flags = session.flags
    var filters = session.filters()
    if let name = session.arguments.first { filters.add("reference", name) }
    let images = try session.client.listImages(all: flags.bool("all"), filters: filters)
    let truncates = !flags.bool("no-trunc")
    let format = flags.string("format") ?? (flags.bool("quiet") ? nil : session.configuration.format("imagesFormat"))
    if flags.bool("quiet"), format == nil {
      // A line for each name, as the table has it.
      let ids = images.flatMap { image in
        names(of: image, withDigests: false).map { _ in (truncates ? image.id.shortID : image.id) + "\n" }
      }
      try Console.write(ids.joined())
      return 0
    }
    let usesDigests =
      try flags.bool("digests") || (format.map { try FormatTemplate($0).fields.contains("Digest") } ?? false)
    let now = FileTime.now.seconds
    let view = ListView(
      columns: columns,
      standardTemplate: "{{.Repository}}\t{{.Tag}}\t" + (flags.bool("digests") ? "{{.Digest}}\t" : "")
        + "{{.ID}}\t{{.CreatedSince}}\t{{.Size}}",
      rows: images.flatMap { image in
        names(of: image, withDigests: usesDigests).map { row(image, $0, truncates: truncates, now: now) }
      })
    try Console.write(try view.render(format: format))
    return 0
  }

  private struct Name {
    var repository = "<none>"
    var tag = "<none>"
    var digest = "<none>"
  }

  /// A row for each tag, and for each digest whose repository has no tag of its own here.
  private static func names(of image: ImageSummary, withDigests: Bool) -> [Name] {
    let digests = image.repoDigests.compactMap { text -> (repository: String, digest: String)? in
      guard let at = text.firstIndex(of: "@") else { return nil }
      return (String(text[..<at]), String(text[text.index(after: at)...]))
    }
    var names: [Name] = []
    for text in image.repoTags where text != "<none>:<none>" {
      let colon = text.lastIndex(of: ":") ?? text.endIndex
      let repository = String(text[..<colon])
      let own = withDigests ? digests.filter { $0.repository == repository }.map(\.digest) : []
      for digest in own.isEmpty ? ["<none>"] : own {
        names.append(Name(repository: repository, tag: String(text[colon...].dropFirst()), digest: digest))
      }
    }
    for (repository, digest) in digests where !names.contains(where: { $0.repository == repository }) {
      names.append(Name(repository: repository, digest: digest))
    }
    return names.isEmpty ? [Name()] : names
  }

  private static func row(
    _ image: ImageSummary, _ name: Name, truncates: Bool, now: Int64
  ) -> [(String, JSONValue)] {
    func size(_ bytes: Int64) -> JSONValue { .string(bytes < 0 ? "N/A" : HumanSize.decimal(bytes)) }
    return [
      ("ID", .string(truncates ? image.id.shortID : image.id)),
      ("Repository", .string(name.repository)),
      ("Tag", .string(name.tag)),
      ("Digest", .string(name.digest)),
      ("CreatedSince", .string(HumanDuration.describe(seconds: now - image.created) + " ago")),
      ("CreatedAt", .string(Timestamp(seconds: image.created).goDescription)),
      ("Size", size(image.size)),
      ("Containers", .string(image.containers < 0 ? "N/A" : String(image.containers))),
      ("SharedSize", size(image.sharedSize)),
      ("UniqueSize", size(image.sharedSize < 0 ? -1 : image.size - image.sharedSize)),
    ]
  }
}
