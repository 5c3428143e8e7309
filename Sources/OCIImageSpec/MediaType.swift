/// How the tar archive of a layer is compressed.
public enum LayerCompression: String, Sendable, Hashable, CaseIterable {
  case none
  case gzip
  case zstd
}

/// The type of a piece of content, as manifests and registries name it.
///
/// Parameters (`; charset=…`) are dropped and letters made lower-case, so that equal types compare equal.
public struct MediaType: Hashable, Sendable {
  public let rawValue: String

  public init(_ text: String) {
    let bare = text.prefix { $0 != ";" }
    rawValue = String(bare.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()).lowercased()
  }

  /// What a piece of content is good for.
  public enum Role: Sendable, Hashable {
    case manifest
    case index
    case configuration
    /// A file system layer. Foreign ones are fetched from elsewhere and not pushed.
    case layer(LayerCompression, isForeign: Bool)
    /// Docker's manifest of before 2016, which this engine does not read.
    case schema1
    case other
  }

  public static let ociManifest = MediaType("application/vnd.oci.image.manifest.v1+json")
  public static let ociIndex = MediaType("application/vnd.oci.image.index.v1+json")
  public static let ociConfiguration = MediaType("application/vnd.oci.image.config.v1+json")
  public static let ociLayer = MediaType("application/vnd.oci.image.layer.v1.tar")
  public static let ociLayerGzip = MediaType("application/vnd.oci.image.layer.v1.tar+gzip")
  public static let ociLayerZstd = MediaType("application/vnd.oci.image.layer.v1.tar+zstd")
  public static let dockerManifest = MediaType("application/vnd.docker.distribution.manifest.v2+json")
  public static let dockerIndex = MediaType("application/vnd.docker.distribution.manifest.list.v2+json")
  public static let dockerConfiguration = MediaType("application/vnd.docker.container.image.v1+json")
  public static let dockerLayer = MediaType("application/vnd.docker.image.rootfs.diff.tar")
  public static let dockerLayerGzip = MediaType("application/vnd.docker.image.rootfs.diff.tar.gzip")

  /// One line for each type the engine knows; whatever else there is has the role `other`.
  private static let roles: [MediaType: Role] = [
    ociManifest: .manifest,
    ociIndex: .index,
    ociConfiguration: .configuration,
    ociLayer: .layer(.none, isForeign: false),
    ociLayerGzip: .layer(.gzip, isForeign: false),
    ociLayerZstd: .layer(.zstd, isForeign: false),
    MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar"): .layer(.none, isForeign: true),
    MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"): .layer(.gzip, isForeign: true),
    MediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"): .layer(.zstd, isForeign: true),
    dockerManifest: .manifest,
    dockerIndex: .index,
    dockerConfiguration: .configuration,
    dockerLayer: .layer(.none, isForeign: false),
    dockerLayerGzip: .layer(.gzip, isForeign: false),
    MediaType("application/vnd.docker.image.rootfs.diff.tar.zstd"): .layer(.zstd, isForeign: false),
    MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar"): .layer(.none, isForeign: true),
    MediaType("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"): .layer(.gzip, isForeign: true),
    MediaType("application/vnd.docker.distribution.manifest.v1+json"): .schema1,
    MediaType("application/vnd.docker.distribution.manifest.v1+prettyjws"): .schema1,
  ]

  public var role: Role { Self.roles[self] ?? .other }

  /// The types of manifests and indexes to name in an `Accept` header, in order of preference.
  public static let acceptedManifests = [ociIndex, ociManifest, dockerIndex, dockerManifest]
}

extension MediaType: CustomStringConvertible {
  public var description: String { rawValue }
}

extension MediaType: Codable {
  public init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(rawValue)
  }
}
