import Diagnostics

/// What a registry answers when asked for a manifest: an image's manifest, or an index of several.
public enum ManifestDocument: Sendable, Hashable {
  case manifest(Manifest)
  case index(ImageIndex)

  /// Reads a document of which the bytes have been verified.
  ///
  /// A document that says its own type must be of the type it was announced as, and none may have the fields of both
  /// kinds: else two readers of the same digest could run two different images (CVE-2021-41190).
  ///
  /// Throws: `ClassifiedError` of kind `invalid`, or `unsupported` for Docker's old schema 1 and for unknown types.
  public init(_ bytes: [UInt8], announcedAs announced: MediaType? = nil) throws {
    let probe = try JSONDocument.decode(Probe.self, from: bytes, called: "manifest")
    guard !(probe.hasManifests && (probe.hasConfiguration || probe.hasLayers)) else {
      throw ClassifiedError(.invalid, "the manifest is ambiguous: it has the fields of an image and of an index")
    }
    if let announced, announced.role != .other, let own = probe.mediaType, own != announced {
      throw ClassifiedError(
        .invalid, "the manifest says that it is \(quoted(own.rawValue)) but came as \(quoted(announced.rawValue))")
    }
    switch Self.role(probe, announced: announced) {
    case .manifest:
      guard !probe.hasManifests else {
        throw ClassifiedError(.invalid, "the manifest came as an image's but has the fields of an index")
      }
      self = .manifest(try JSONDocument.decode(Manifest.self, from: bytes, called: "manifest"))
    case .index:
      guard !probe.hasConfiguration, !probe.hasLayers else {
        throw ClassifiedError(.invalid, "the manifest came as an index but has the fields of an image")
      }
      self = .index(try JSONDocument.decode(ImageIndex.self, from: bytes, called: "image index"))
    case .schema1:
      throw ClassifiedError(
        .unsupported, "manifests of Docker's image format v2, schema 1 are not supported",
        advice: "push the image again with a tool of this decade")
    default:
      let type = probe.mediaType ?? announced ?? MediaType("")
      throw ClassifiedError(.unsupported, "unsupported manifest media type \(quoted(type.rawValue))")
    }
  }

  /// The document's own word comes first, then the registry's, then what the fields look like.
  private static func role(_ probe: Probe, announced: MediaType?) -> MediaType.Role {
    if let own = probe.mediaType { return own.role }
    if probe.schemaVersion == 1 { return .schema1 }
    if let announced, announced.role != .other { return announced.role }
    if probe.hasManifests { return .index }
    return probe.hasConfiguration ? .manifest : .other
  }

  /// The few things that tell the kinds apart.
  private struct Probe: Decodable {
    let schemaVersion: Int?
    let mediaType: MediaType?
    let hasManifests: Bool
    let hasConfiguration: Bool
    let hasLayers: Bool

    private enum CodingKeys: String, CodingKey {
      case schemaVersion, mediaType, manifests, config, layers
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      func has(_ key: CodingKeys) throws -> Bool { try container.contains(key) && !container.decodeNil(forKey: key) }
      schemaVersion = try container.decodeIfPresent(Int.self, forKey: .schemaVersion)
      let own = try container.decodeIfPresent(String.self, forKey: .mediaType)
      mediaType = own.flatMap { $0.isEmpty ? nil : MediaType($0) }
      hasManifests = try has(.manifests)
      hasConfiguration = try has(.config)
      hasLayers = try has(.layers)
    }
  }
}
