import Diagnostics
import LayerArchive
import LinuxKernel
import OCIImageSpec

/// The images in an archive that has been taken apart: what `docker save` writes (old and new) or an OCI image layout.
/// Blocks.
struct ImageArchive {
  struct Image: Sendable {
    var manifest: Digest
    /// The manifest's bytes, made here when the archive has none.
    var manifestBytes: [UInt8]
    var configuration: ImageConfiguration
    var configurationFile: ArchiveSpool.File
    /// Lowest first.
    var layers: [ArchiveSpool.File]
    var names: [ImageReference]
  }

  private static let documentLimit = 8 << 20
  private static let mostNestedIndexes = 4

  private let files: [String: ArchiveSpool.File]
  private let platform: Platform

  init(_ files: [String: ArchiveSpool.File], platform: Platform) {
    self.files = files
    self.platform = platform
  }

  /// Throws: `invalid` for an archive that holds no images, or images with parts missing; `dataLoss` for parts that do
  /// not hash to their digests.
  func images() throws -> [Image] {
    if let list = files["manifest.json"] { return try dockerImages(list) }
    if let index = files["index.json"] { return try layoutImages(index) }
    throw ClassifiedError(
      .invalid, "not an image archive: it has neither manifest.json nor index.json",
      advice: "a root filesystem is taken in with import")
  }

  // MARK: docker-archive

  /// One entry of manifest.json.
  private struct Entry: Decodable {
    let configuration: String
    let names: [String]?
    let layers: [String]?

    private enum CodingKeys: String, CodingKey {
      case configuration = "Config"
      case names = "RepoTags"
      case layers = "Layers"
    }
  }

  private func dockerImages(_ list: ArchiveSpool.File) throws -> [Image] {
    let entries = try JSONDocument.decode([Entry].self, from: try read(list), called: "manifest.json")
    let manifests = try manifestsByConfiguration()
    return try entries.map { entry in
      let configurationFile = try file(entry.configuration)
      let configuration = try ImageConfiguration(try read(configurationFile))
      let layers = try (entry.layers ?? []).map(file)
      let bytes =
        try manifests[configurationFile.digest]
        ?? makeManifest(configurationFile, layers)
      return try checked(
        Image(
          manifest: Digest.of(bytes), manifestBytes: bytes, configuration: configuration,
          configurationFile: configurationFile, layers: layers,
          names: (entry.names ?? []).map { try ImageReference($0).withDefaultTag }))
    }
  }

  /// Newer archives are OCI layouts too: then the image keeps the manifest that it had.
  private func manifestsByConfiguration() throws -> [Digest: [UInt8]] {
    guard let index = files["index.json"] else { return [:] }
    let entries = try JSONDocument.decode(ImageIndex.self, from: try read(index), called: "index.json")
    var manifests: [Digest: [UInt8]] = [:]
    for entry in entries.manifests {
      guard let file = files[Self.path(of: entry.digest)], entry.mediaType.role == .manifest else { continue }
      let bytes = try read(try verified(file, entry.digest))
      guard case .manifest(let manifest) = try ManifestDocument(bytes, announcedAs: entry.mediaType) else { continue }
      // Only if it names the same blobs as manifest.json can it be stored with these.
      guard manifest.layers.allSatisfy({ files[Self.path(of: $0.digest)] != nil }) else { continue }
      manifests[manifest.configuration.digest] = bytes
    }
    return manifests
  }

  private func makeManifest(_ configuration: ArchiveSpool.File, _ layers: [ArchiveSpool.File]) throws -> [UInt8] {
    let descriptors = try layers.map { layer in
      ContentDescriptor(mediaType: try Self.mediaType(of: layer), digest: layer.digest, size: layer.size)
    }
    let manifest = Manifest(
      mediaType: .ociManifest,
      configuration: ContentDescriptor(
        mediaType: .ociConfiguration, digest: configuration.digest, size: configuration.size),
      layers: descriptors)
    return try JSONDocument.encode(manifest)
  }

  private static func mediaType(of layer: ArchiveSpool.File) throws -> MediaType {
    let beginning = try HostFiles.open(layer.path, .readOnly).read(upTo: ArchiveCompression.probeLength)
    return MediaType.layer(try ArchiveCompression(beginning: beginning))
  }

  // MARK: OCI image layout

  private func layoutImages(_ index: ArchiveSpool.File) throws -> [Image] {
    let entries = try JSONDocument.decode(ImageIndex.self, from: try read(index), called: "index.json")
    return try entries.manifests.map { entry in
      var image = try layoutImage(entry, depth: 0)
      image.names = Self.names(in: entry.annotations)
      return image
    }
  }

  private func layoutImage(_ entry: ContentDescriptor, depth: Int) throws -> Image {
    guard depth < Self.mostNestedIndexes else {
      throw ClassifiedError(.invalid, "indexes are nested more than \(Self.mostNestedIndexes) deep")
    }
    let bytes = try read(try verified(try file(Self.path(of: entry.digest)), entry.digest))
    switch try ManifestDocument(bytes, announcedAs: entry.mediaType) {
    case .index(let index):
      return try layoutImage(try index.choose(platform), depth: depth + 1)
    case .manifest(let manifest):
      let configurationDigest = manifest.configuration.digest
      let configurationFile = try verified(try file(Self.path(of: configurationDigest)), configurationDigest)
      let layers = try manifest.layers.map { try verified(try file(Self.path(of: $0.digest)), $0.digest) }
      return try checked(
        Image(
          manifest: entry.digest, manifestBytes: bytes,
          configuration: try ImageConfiguration(try read(configurationFile)), configurationFile: configurationFile,
          layers: layers, names: []))
    }
  }

  /// The full name as containerd and Docker write it, else the reference if it is more than a tag.
  private static func names(in annotations: [String: String]) -> [ImageReference] {
    if let name = annotations["io.containerd.image.name"], let reference = try? ImageReference(name) {
      return [reference.withDefaultTag]
    }
    guard let name = annotations["org.opencontainers.image.ref.name"], name.contains(":") || name.contains("/"),
      let reference = try? ImageReference(name)
    else { return [] }
    return [reference.withDefaultTag]
  }

  // MARK: Parts

  private func checked(_ image: Image) throws -> Image {
    guard image.layers.count == image.configuration.diffIDs.count else {
      throw ClassifiedError(
        .invalid, "the image has \(image.layers.count) layers but \(image.configuration.diffIDs.count) diff ids",
        object: image.configurationFile.digest.description)
    }
    return image
  }

  private func file(_ name: String) throws -> ArchiveSpool.File {
    guard let cleaned = ArchiveSpool.clean(name, in: ""), let file = files[cleaned] else {
      throw ClassifiedError(.invalid, "the archive lacks a part of an image", object: String(name.prefix(200)))
    }
    return file
  }

  private func verified(_ file: ArchiveSpool.File, _ digest: Digest) throws -> ArchiveSpool.File {
    guard file.digest == digest || digest.algorithm != .sha256 else {
      throw ClassifiedError(.dataLoss, "the content is \(file.digest)", object: digest.description)
    }
    guard digest.algorithm == .sha256 else {
      throw ClassifiedError(.unsupported, "archives with \(digest.algorithm.rawValue) digests are not supported")
    }
    return file
  }

  private func read(_ file: ArchiveSpool.File) throws -> [UInt8] {
    try HostFiles.read(file.path, limit: Self.documentLimit)
  }

  static func path(of digest: Digest) -> String { "blobs/\(digest.algorithm.rawValue)/\(digest.hex)" }
}

/// `OCIImageSpec.Descriptor`, under a name that does not mean a file's.
typealias ContentDescriptor = OCIImageSpec.Descriptor

extension MediaType {
  static func layer(_ compression: ArchiveCompression) -> MediaType {
    switch compression {
    case .none: .ociLayer
    case .gzip: .ociLayerGzip
    case .zstd: .ociLayerZstd
    }
  }
}
