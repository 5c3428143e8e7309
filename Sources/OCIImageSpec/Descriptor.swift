import Diagnostics

/// What one document says of another piece of content: its type, digest and length (image spec, "Content Descriptors").
public struct Descriptor: Sendable, Hashable {
  public var mediaType: MediaType
  public var digest: Digest
  /// In bytes, as stored in the registry.
  public var size: Int64
  /// Where foreign layers are to be had from.
  public var urls: [String]
  public var annotations: [String: String]
  public var artifactType: String?
  /// In an index: which platform the manifest is for.
  public var platform: Platform?

  public init(
    mediaType: MediaType, digest: Digest, size: Int64, annotations: [String: String] = [:], platform: Platform? = nil
  ) {
    self.mediaType = mediaType
    self.digest = digest
    self.size = size
    self.urls = []
    self.annotations = annotations
    self.artifactType = nil
    self.platform = platform
  }

  /// The compression of the layer that this describes.
  ///
  /// Throws: `ClassifiedError` of kind `unsupported` when it describes no layer that can be unpacked.
  public func layerCompression() throws -> LayerCompression {
    guard case .layer(let compression, _) = mediaType.role else {
      throw ClassifiedError(
        .unsupported, "layers of type \(quoted(mediaType.rawValue)) are not supported", object: digest.description)
    }
    return compression
  }
}

extension Descriptor: Codable {
  private enum CodingKeys: String, CodingKey {
    case mediaType, digest, size, urls, annotations, artifactType, platform
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    mediaType = try container.decodeIfPresent(MediaType.self, forKey: .mediaType) ?? MediaType("")
    digest = try container.decode(Digest.self, forKey: .digest)
    size = try container.decode(Int64.self, forKey: .size)
    guard size >= 0 else {
      throw DecodingError.dataCorruptedError(
        forKey: .size, in: container, debugDescription: "a size of \(size) bytes makes no sense")
    }
    urls = try container.decodeIfPresent([String].self, forKey: .urls) ?? []
    annotations = try container.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
    artifactType = try container.decodeIfPresent(String.self, forKey: .artifactType)
    platform = try container.decodeIfPresent(Platform.self, forKey: .platform)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(mediaType, forKey: .mediaType)
    try container.encode(digest, forKey: .digest)
    try container.encode(size, forKey: .size)
    if !urls.isEmpty { try container.encode(urls, forKey: .urls) }
    if !annotations.isEmpty { try container.encode(annotations, forKey: .annotations) }
    try container.encodeIfPresent(artifactType, forKey: .artifactType)
    try container.encodeIfPresent(platform, forKey: .platform)
  }
}
