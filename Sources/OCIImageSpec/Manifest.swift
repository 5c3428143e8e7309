/// What one image for one platform is made of (image spec, "Image Manifest"; Docker's image manifest v2, schema 2).
public struct Manifest: Sendable, Hashable {
  public var mediaType: MediaType?
  public var artifactType: String?
  public var configuration: Descriptor
  /// Lowest first.
  public var layers: [Descriptor]
  public var subject: Descriptor?
  public var annotations: [String: String]

  public init(
    mediaType: MediaType = .ociManifest, configuration: Descriptor, layers: [Descriptor],
    annotations: [String: String] = [:]
  ) {
    self.mediaType = mediaType
    self.artifactType = nil
    self.configuration = configuration
    self.layers = layers
    self.subject = nil
    self.annotations = annotations
  }

  /// Whether this describes an image that can be run, and not some other artifact that is stored in registries too.
  public var isImage: Bool { configuration.mediaType.role == .configuration }
}

extension Manifest: Codable {
  private enum CodingKeys: String, CodingKey {
    case schemaVersion, mediaType, artifactType, layers, subject, annotations
    case configuration = "config"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    try requireSchemaVersion2(container, .schemaVersion)
    mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType)
    artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
    configuration = try container.decode(Descriptor.self, forKey: .configuration)
    layers = try container.decodeIfPresent([Descriptor].self, forKey: .layers) ?? []
    subject = try container.decodeIfPresent(Descriptor.self, forKey: .subject)
    annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(2, forKey: .schemaVersion)
    try container.encodeIfPresent(mediaType, forKey: .mediaType)
    try container.encodeIfPresent(artifactType, forKey: .artifactType)
    try container.encode(configuration, forKey: .configuration)
    try container.encode(layers, forKey: .layers)
    try container.encodeIfPresent(subject, forKey: .subject)
    if !annotations.isEmpty { try container.encode(annotations, forKey: .annotations) }
  }
}

func requireSchemaVersion2<Key: CodingKey>(_ container: KeyedDecodingContainer<Key>, _ key: Key) throws {
  let version = try container.decode(Int.self, forKey: key)
  guard version == 2 else {
    throw DecodingError.dataCorruptedError(
      forKey: key, in: container, debugDescription: "schema version \(version) is not supported")
  }
}
