import Diagnostics
import LayerArchive
import LinuxKernel
import OCIImageSpec

/// An image that an archive held.
public struct LoadedImage: Sendable {
  public let image: StoredImage
  /// The names that the archive gave it, in the familiar form; none: it is known by its id only.
  public let names: [String]
}

/// How far a load has come with one layer.
public struct LoadProgress: Sendable {
  public let layer: ChainID
  /// Bytes of the layer's blob.
  public let current: Int64
  public let total: Int64
}

extension ImageStore {
  /// Takes in all images of an archive as `docker save`, skopeo or Podman write it: docker-archive or OCI image
  /// layout, plain or compressed with gzip or zstd.
  ///
  /// Throws: `invalid` or `dataLoss` for an archive that cannot be used; images before the one at fault stay.
  public func load(
    from stream: some AsyncSequence<[UInt8], any Error> & Sendable,
    progress: @escaping @Sendable (LoadProgress) -> Void = { _ in }
  ) async throws -> [LoadedImage] {
    try await withTemporaryDirectory("load") { directory in
      let spool = ArchiveSpool(directory: directory, limits: self.configuration.unpacking.limits)
      for try await piece in stream {
        try Task.checkCancellation()
        try await self.transfers.run { try Self.asImageArchive { try spool.feed(piece) } }
      }
      let images = try await self.transfers.run {
        let files = try Self.asImageArchive { try spool.finish() }
        return try ImageArchive(files, platform: self.configuration.platform).images()
      }
      let intake = self.beginIntake()
      var loaded: [LoadedImage] = []
      for image in images { loaded.append(try await self.take(image, intake, progress)) }
      return loaded
    }
  }

  /// Whoever loads a file that is no tar at all is to hear that first.
  private static func asImageArchive<Result>(_ read: () throws -> Result) throws -> Result {
    do {
      return try read()
    } catch let error as ClassifiedError where error.kind == .invalid {
      throw error.during("not an image archive")
    }
  }

  private func take(
    _ image: ImageArchive.Image, _ intake: ImageIntake, _ progress: @escaping @Sendable (LoadProgress) -> Void
  ) async throws -> LoadedImage {
    try await transfers.run {
      for file in [image.configurationFile] + image.layers { try intake.adopt(file) }
    }
    try await intake.store(image.manifestBytes, as: image.manifest)
    let layers = zip(image.layers, zip(image.configuration.diffIDs, image.configuration.chain))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (file, (diffID, chain)) in layers {
        group.addTask {
          try await intake.unpack(blob: file.digest, diffID: diffID, chain: chain) { current in
            progress(LoadProgress(layer: chain, current: current, total: file.size))
          }
        }
      }
      try await group.waitForAll()
    }
    let names = image.names.map { PulledReference(reference: $0, digest: nil) }
    let stored = try await intake.commit(manifest: image.manifest, references: names)
    return LoadedImage(image: stored, names: image.names.map(\.familiar))
  }

  /// Lends a new directory under `tmp`, and removes it afterwards, whatever happens.
  func withTemporaryDirectory<Result: Sendable>(
    _ kind: String, _ body: (String) async throws -> Result
  ) async throws -> Result {
    let directory = try await transfers.run {
      let path = try self.layout.newTemporary(kind)
      try HostFiles.makeDirectory(path, permissions: 0o700)
      return path
    }
    defer { sweeper.remove([directory]) }
    return try await body(directory)
  }
}
