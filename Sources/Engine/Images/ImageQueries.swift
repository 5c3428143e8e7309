public import EngineAPI

import Diagnostics
import ImageStore
import OCIImageSpec

/// What clients ask about images. All of it is answered from what `ImageStore` holds in memory, but for
/// configurations, which are small blobs.
extension Engine {
  private static let listFilters: Set<String> = ["before", "dangling", "label", "reference", "since", "until"]

  /// Images, newest first. `digests` changes nothing: they are always named.
  ///
  /// Throws: `invalid` for a filter that does not exist, `notFound` when `before` or `since` names no image.
  public func listImages(all: Bool, filters: Filters, digests: Bool) async throws -> [ImageSummary] {
    do { try filters.requireKeys(Engine.listFilters) } catch { throw ClassifiedError(.invalid, "\(error)") }
    let before = try createdFilter(filters, "before")
    let since = try createdFilter(filters, "since")
    var summaries: [ImageSummary] = []
    for image in images.images() {
      let configuration = try await images.configuration(of: image)
      let created = configuration.created.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(nanoseconds: 0)
      let summary = ImageSummary(
        id: image.id.description, repoTags: ImageFilter.names(image.repoTags, filters),
        repoDigests: ImageFilter.names(image.repoDigests, filters), created: created.seconds, size: image.size,
        labels: configuration.config.labels)
      guard ImageFilter.matches(summary, filters), before.map({ image.stored < $0 }) ?? true,
        since.map({ image.stored > $0 }) ?? true
      else { continue }
      summaries.append(summary)
    }
    return summaries.sorted { $0.created > $1.created }
  }

  private func createdFilter(_ filters: Filters, _ key: String) throws -> Int64? {
    try filters[key].first.map { try images.resolve($0).stored }
  }

  /// Throws: `notFound`.
  public func inspectImage(_ name: String) async throws -> ImageInspect {
    let found = try await images.inspect(name)
    let configuration = found.configuration
    var answer = ImageInspect()
    answer.id = found.image.id.description
    answer.repoTags = found.image.repoTags
    answer.repoDigests = found.image.repoDigests
    answer.created = configuration.created
    answer.author = configuration.author ?? ""
    answer.config = ImageConfig(configuration.config)
    answer.containerConfig = answer.config
    answer.architecture = configuration.platform.architecture
    answer.variant = configuration.platform.variant
    answer.os = configuration.platform.os
    answer.size = found.image.size
    answer.graphDriver = DriverData(
      data: ["LayerDirs": try images.layerDirectories(of: found.image).joined(separator: ":")], name: "overlay2")
    answer.rootFS = RootFS(layers: configuration.diffIDs.map(\.description))
    answer.metadata = ImageMetadata(lastTagTime: Timestamp(nanoseconds: found.image.stored).rfc3339)
    return answer
  }

  /// Throws: `notFound`.
  public func imageHistory(_ name: String) async throws -> [ImageHistoryItem] {
    try await images.history(of: images.resolve(name)).map { entry in
      ImageHistoryItem(
        id: entry.image?.description ?? "<missing>",
        created: entry.created.flatMap { Timestamp(rfc3339: $0) }?.seconds ?? 0, createdBy: entry.createdBy,
        tags: entry.tags.isEmpty ? nil : entry.tags, size: entry.size, comment: entry.comment)
    }
  }
}

/// The filters of `GET /images/json` that need nothing but the summary.
enum ImageFilter {
  static func matches(_ image: ImageSummary, _ filters: Filters) -> Bool {
    let dangling = filters["dangling"].map { ["1", "true", "True", "TRUE"].contains($0) }
    if let wanted = dangling.first, image.repoTags.isEmpty != wanted { return false }
    for label in filters["label"] {
      let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let held = image.labels?[parts[0]], parts.count == 1 || held == parts[1] else { return false }
    }
    if !filters["reference"].isEmpty && image.repoTags.isEmpty && image.repoDigests.isEmpty { return false }
    if let until = filters["until"].first, let limit = Int64(until) ?? Timestamp(rfc3339: until)?.seconds {
      return image.created < limit
    }
    return true
  }

  /// An image is listed under those of its names that fit `reference`.
  static func names(_ names: [String], _ filters: Filters) -> [String] {
    let patterns = filters["reference"]
    return patterns.isEmpty ? names : names.filter { name in patterns.contains { fits(name, $0) } }
  }

  /// A pattern without a tag fits all tags; `*` stands for anything within a part of a name.
  private static func fits(_ reference: String, _ pattern: String) -> Bool {
    let name = (reference.firstIndex(of: "@") ?? reference.lastIndex(of: ":")).map { String(reference[..<$0]) }
    return [reference, name ?? reference].contains { glob(Array($0.utf8)[...], Array(pattern.utf8)[...]) }
  }

  private static func glob(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    guard let head = pattern.first else { return text.isEmpty }
    switch head {
    case UInt8(ascii: "*"):
      let rest = pattern.dropFirst()
      var tail = text
      while true {
        if glob(tail, rest) { return true }
        guard let byte = tail.first, byte != UInt8(ascii: "/") else { return false }
        tail = tail.dropFirst()
      }
    case UInt8(ascii: "?"):
      guard let byte = text.first, byte != UInt8(ascii: "/") else { return false }
      return glob(text.dropFirst(), pattern.dropFirst())
    default:
      return text.first == head && glob(text.dropFirst(), pattern.dropFirst())
    }
  }
}

extension ImageConfig {
  init(_ config: ImageConfiguration.Config) {
    self.init()
    user = config.user
    env = config.environment
    cmd = config.command
    entrypoint = config.entrypoint
    workingDir = config.workingDirectory
    labels = config.labels.isEmpty ? nil : config.labels
    exposedPorts =
      config.exposedPorts.isEmpty ? nil : Dictionary(config.exposedPorts.map { ($0, EmptyObject()) }) { a, _ in a }
    volumes = config.volumes.isEmpty ? nil : Dictionary(config.volumes.map { ($0, EmptyObject()) }) { a, _ in a }
    stopSignal = config.stopSignal
    shell = config.shell
    onBuild = config.onBuild.isEmpty ? nil : config.onBuild
  }
}
