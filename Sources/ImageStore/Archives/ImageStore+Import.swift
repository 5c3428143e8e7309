import Diagnostics
import FoundationEssentials
import LayerArchive
import LinuxKernel
import OCIImageSpec
import Synchronization

/// What to make of an imported root filesystem.
public struct ImportOptions: Sendable {
  /// The new image's name; nil: it is known by its id only.
  public var reference: ImageReference?
  /// Dockerfile instructions that set the image's configuration.
  public var changes: [String] = []
  public var message = ""
  public var platform = Platform.host

  public init() {}
}

extension ImageStore {
  /// Makes an image of one layer from the tar of a root filesystem, plain or compressed with gzip or zstd.
  ///
  /// Throws: `invalid` for a malformed archive or instruction, the kernel's errors.
  public func importImage(
    from stream: some AsyncSequence<[UInt8], any Error> & Sendable, options: ImportOptions
  ) async throws -> StoredImage {
    var config = ImageConfiguration.Config()
    for change in options.changes { try ConfigurationChange(change).apply(to: &config) }
    return try await withTemporaryDirectory("import") { directory in
      let spooled = try await self.spool(stream, to: "\(directory)/rootfs")
      let intake = self.beginIntake()
      let mediaType = try await self.transfers.run {
        let beginning = try HostFiles.open(spooled.path, .readOnly).read(upTo: ArchiveCompression.probeLength)
        try intake.adopt(spooled)
        return MediaType.layer(try ArchiveCompression(beginning: beginning))
      }
      let diffID = try await intake.unpackLowest(blob: spooled.digest)
      let configuration = Self.configuration(config, diffID: diffID, options)
      let bytes = try JSONDocument.encode(configuration)
      let manifest = try JSONDocument.encode(
        Manifest(
          configuration: ContentDescriptor(
            mediaType: .ociConfiguration, digest: Digest.of(bytes), size: Int64(bytes.count)),
          layers: [ContentDescriptor(mediaType: mediaType, digest: spooled.digest, size: spooled.size)]))
      try await intake.store(bytes, as: Digest.of(bytes))
      try await intake.store(manifest, as: Digest.of(manifest))
      let names = options.reference.map { [PulledReference(reference: $0.withDefaultTag, digest: nil)] } ?? []
      return try await intake.commit(manifest: Digest.of(manifest), references: names)
    }
  }

  private static func configuration(
    _ config: ImageConfiguration.Config, diffID: Digest, _ options: ImportOptions
  ) -> ImageConfiguration {
    let now = Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    var configuration = ImageConfiguration(
      platform: options.platform, created: now, config: config, diffIDs: [diffID])
    configuration.history = [ImageConfiguration.History(created: now, comment: options.message)]
    configuration.comment = options.message
    return configuration
  }

  /// Writes a stream into a file and hashes it.
  private func spool(
    _ stream: some AsyncSequence<[UInt8], any Error> & Sendable, to path: String
  ) async throws -> ArchiveSpool.File {
    let file = try await transfers.run {
      SharedDescriptor(try HostFiles.open(path, [.writeOnly, .create, .exclusive]))
    }
    let hasher = Mutex(ContentHasher())
    var size: Int64 = 0
    for try await piece in stream {
      try Task.checkCancellation()
      size += Int64(piece.count)
      try await transfers.run { try file.descriptor.writeAll(piece) }
      hasher.withLock { $0.update(piece) }
    }
    return ArchiveSpool.File(path: path, digest: hasher.withLock { $0.finish() }, size: size)
  }
}

extension ImageIntake {
  /// Unpacks a blob as a lowest layer whose diff id is not known, and returns that.
  func unpackLowest(blob: Digest) async throws -> Digest {
    let cancellation = Cancellation()
    let layer = try await withTaskCancellationHandler {
      try await store.unpackers.run { try self.makeLayer(blob: blob, diffID: nil, cancellation: cancellation) }
    } onCancel: {
      cancellation.cancel()
    }
    let chain = ChainID(parent: nil, diffID: layer.diffID)
    let claim = try await store.claims.claim(.layer(chain))
    defer { withExtendedLifetime(claim) {} }
    if hasLayer(chain) {
      try await store.transfers.run { try HostFiles.removeTree(layer.path) }
    } else {
      store.table.stage(chain, layer)
    }
    return layer.diffID
  }
}
