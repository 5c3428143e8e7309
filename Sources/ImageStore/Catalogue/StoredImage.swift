import OCIImageSpec

/// An image of the store, as it was when it was asked for.
public struct StoredImage: Sendable, Equatable {
  /// The digest of its configuration.
  public let id: Digest
  public let manifest: Digest
  /// nil: an image without layers.
  public let topLayer: ChainID?
  /// Bytes of all layers, unpacked.
  public let size: Int64
  /// When it was stored, Unix time in nanoseconds.
  public let stored: Int64
  /// Its names with tags, in the familiar form, sorted: `busybox:latest`.
  public let repoTags: [String]
  /// Its names with digests, in the familiar form, sorted: `busybox@sha256:…`.
  public let repoDigests: [String]
}

/// A name under which a pull stores an image.
public struct PulledReference: Sendable {
  /// With a tag, a digest or both.
  public let reference: ImageReference
  /// What the registry answered for it: the digest of an index or a manifest.
  public let digest: Digest?

  public init(reference: ImageReference, digest: Digest?) {
    self.reference = reference
    self.digest = digest
  }
}

/// A container that has been made from an image.
public struct ImageUse: Sendable {
  public let image: Digest
  /// The container's id.
  public let container: String
  public let isRunning: Bool
  /// Its layers, as `ImageStore.layerDirectories` named them. They stay, even when the image goes.
  public let layers: [String]

  public init(image: Digest, container: String, isRunning: Bool, layers: [String]) {
    self.image = image
    self.container = container
    self.isRunning = isRunning
    self.layers = layers
  }
}

/// One thing that the removal of an image did.
public enum ImageRemoval: Sendable, Equatable {
  /// A name, in the familiar form, that stood for the image.
  case untagged(String, image: Digest)
  /// An image's id or a layer's chain id.
  case deleted(String)
}

/// One step of an image's history, the newest first.
public struct ImageHistoryEntry: Sendable, Equatable {
  /// The image that the step made, where that is known.
  public let image: Digest?
  /// RFC 3339, as the builder wrote it.
  public let created: String?
  public let createdBy: String
  public let comment: String
  /// Bytes of the layer that the step made, unpacked.
  public let size: Int64
  public let tags: [String]
}

/// All that `inspect` tells of an image.
public struct ImageInspection: Sendable {
  public let image: StoredImage
  public let configuration: ImageConfiguration
  /// Of its unpacked layers, lowest first, in bytes.
  public let layerSizes: [Int64]
  /// The directories of its layers, top first.
  public let layerDirectories: [String]
}
