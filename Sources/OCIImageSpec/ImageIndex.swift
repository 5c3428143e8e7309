import Diagnostics

/// The manifests of one image for several platforms (image spec, "Image Index"; Docker's manifest list).
public struct ImageIndex: Sendable, Hashable {
  public var mediaType: MediaType?
  public var artifactType: String?
  public var manifests: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]

  public init(mediaType: MediaType = .ociIndex, manifests: [Descriptor], annotations: [String: String] = [:]) {
    self.mediaType = mediaType
    self.artifactType = nil
    self.manifests = manifests
    self.subject = nil
    self.annotations = annotations
  }

  /// The entries that can run on a platform, best first. Entries for no platform (attestations) are passed over;
  /// entries that do not say which platform they are for come last.
  public func candidates(for platform: Platform) -> [Descriptor] {
    let ranked: [(rank: Int, entry: Descriptor)] = manifests.compactMap { entry in
      guard entry.mediaType.role == .manifest || entry.mediaType.role == .index else { return nil }
      guard let wanted = entry.platform else { return (Int.max, entry) }
      guard !wanted.isUnknown, let rank = platform.rank(of: wanted) else { return nil }
      return (rank, entry)
    }
    // `sorted` keeps equal elements in order: of two equal entries the first one wins.
    return ranked.sorted { $0.rank < $1.rank }.map(\.entry)
  }

  /// The entry to use on a platform.
  ///
  /// Throws: `ClassifiedError` of kind `notFound`, in Docker's words.
  public func choose(_ platform: Platform) throws -> Descriptor {
    if let best = candidates(for: platform).first { return best }
    let offered = manifests.compactMap(\.platform).filter { !$0.isUnknown }.map(\.description)
    throw ClassifiedError(
      .notFound, "no matching manifest for \(platform) in the manifest list entries",
      advice: offered.isEmpty
        ? nil : "the image is there for \(offered.prefix(12).joined(separator: ", ")); choose one with --platform")
  }
}

extension ImageIndex: Codable {
  private enum CodingKeys: String, CodingKey {
    case schemaVersion, mediaType, artifactType, manifests, subject, annotations
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try requireSchemaVersion2(container, .schemaVersion)
    mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
    artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
    manifests = try container.decodeIfPresent([Descriptor].self, forKey: .manifests) ?? []
    subject = try container.decodeIfPresent(Descriptor.self, forKey: .subject)
    annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(2, forKey: .schemaVersion)
    try container.encodeIfPresent(mediaType, forKey: .mediaType)
    try container.encodeIfPresent(artifactType, forKey: .artifactType)
    try container.encode(manifests, forKey: .manifests)
    try container.encodeIfPresent(subject, forKey: .subject)
    if !annotations.isEmpty { try container.encode(annotations, forKey: .annotations) }
  }
}
