import Diagnostics
import Glibc
import LayerArchive
import LinuxKernel
import Logging
import OCIImageSpec

/// One image on its way into the store: by a pull, a load or an import.
///
/// Blobs are ingested and layers unpacked in any order and at once; `commit` makes the image. Work that another
/// intake does already is waited for and shared; if the other gives up, this one does it. What was not committed goes
/// when the last intake that needs it goes.
public final class ImageIntake: Sendable {
  let store: ImageStore
  private let lease: ContentTable.LeaseID

  init(_ store: ImageStore) {
    self.store = store
    lease = store.table.openLease()
  }

  deinit {
    store.sweeper.remove(store.table.close(lease))
  }

  // MARK: Blobs

  /// Whether the store has a blob, complete and checked.
  public func hasBlob(_ digest: Digest) -> Bool {
    guard store.table.protect(.blob(digest), by: lease) else { return false }
    if store.table.isStaged(digest) { return true }
    return (try? HostFiles.exists(store.layout.blob(digest))) == true
  }

  /// Begins to take in a blob. nil: it is there, perhaps since another intake has just fetched it.
  ///
  /// Throws: `cancelled` while it waits for another intake; the kernel's errors.
  public func ingest(_ digest: Digest, size: Int64?) async throws -> BlobIngest? {
    let claim = try await store.claims.claim(.blob(digest))
    if hasBlob(digest) { return nil }
    return try await store.transfers.run {
      let path = try self.store.layout.newTemporary("blob")
      return try BlobIngest(digest, size: size, path: path, intake: self, claim: claim)
    }
  }

  /// Takes in a small document whole.
  ///
  /// Throws: `dataLoss` when it does not hash to its digest.
  public func store(_ bytes: [UInt8], as digest: Digest) async throws {
    guard let ingest = try await ingest(digest, size: Int64(bytes.count)) else { return }
    try await ingest.append(bytes)
    try await ingest.commit()
  }

  /// A small document.
  ///
  /// Throws: `dataLoss` when it is missing.
  public func readBlob(_ digest: Digest) async throws -> [UInt8] {
    try await store.readBlob(digest)
  }

  /// Takes over a member of an archive, unless the store has its content already. Blocks.
  func adopt(_ file: ArchiveSpool.File) throws {
    if hasBlob(file.digest) { return }
    let path = try store.layout.newTemporary("blob")
    try HostFiles.rename(file.path, to: path)
    if !store.table.stage(file.digest, at: path) { try HostFiles.remove(path) }
  }

  // MARK: Layers

  /// Whether a layer is unpacked: then neither its blob nor `unpack` is needed to run the image.
  public func hasLayer(_ chain: ChainID) -> Bool {
    guard store.table.protect(.layer(chain), by: lease) else { return false }
    return store.table.stagedLayer(chain) != nil || store.catalogue.current.layers[chain] != nil
  }

  /// Unpacks a layer from its blob, unless it is unpacked already.
  ///
  /// - Parameter progress: Is told now and then how many bytes of the blob have been read.
  ///
  /// Throws: `dataLoss` for a damaged blob or one that is not what the image says; `invalid` for a malformed or hostile
  /// archive; `cancelled` when the task is cancelled; the kernel's errors.
  public func unpack(
    blob: Digest, diffID: Digest, chain: ChainID, progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) async throws {
    let claim = try await store.claims.claim(.layer(chain))
    defer { withExtendedLifetime(claim) {} }
    store.table.protect(.blob(blob), by: lease)
    if hasLayer(chain) { return }
    try FailPoint.pullBeforeUnpack.pass()
    let cancellation = Cancellation()
    let layer = try await withTaskCancellationHandler {
      try await store.unpackers.run {
        try self.makeLayer(blob: blob, diffID: diffID, cancellation: cancellation, progress: progress)
      }
    } onCancel: {
      cancellation.cancel()
    }
    store.table.stage(chain, layer)
    try FailPoint.pullAfterUnpack.pass()
  }

  /// Unpacks a blob under `tmp`. Blocks. A diff id that is not known yet is computed.
  func makeLayer(
    blob: Digest, diffID: Digest?, cancellation: Cancellation, progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) throws -> StagedLayer {
    let path = try store.layout.newTemporary("layer")
    try HostFiles.makeDirectory(path, permissions: 0o755)
    do {
      let file = SharedDescriptor(try store.table.open(blob))
      let unpacked = try LayerUnpacker(options: store.configuration.unpacking).unpack(
        blob: file, into: path, diffID: diffID, cancellation: cancellation, progress: progress)
      if unpacked.droppedAttributes > 0 {
        store.logger.warning(
          "the file system supports not all extended attributes of a layer",
          metadata: ["blob": "\(blob)", "dropped": "\(unpacked.droppedAttributes)"])
      }
      return StagedLayer(path: path, diffID: unpacked.diffID, size: unpacked.size, needs: unpacked.needs)
    } catch {
      do {
        try HostFiles.removeTree(path)
      } catch let leftover {
        store.logger.warning("cannot remove half a layer", metadata: ["path": "\(path)", "error": "\(leftover)"])
      }
      throw failure(error, blob)
    }
  }

  /// Names the layer, and says what to do when the disk is full.
  private func failure(_ error: any Error, _ blob: Digest) -> any Error {
    let kind = errorKind(of: error)
    let isFull = (error as? SystemError)?.errno == ENOSPC || explanation(of: error).contains("no space left")
    return ClassifiedError(
      kind, "failed to register layer \(blob.short): \(explanation(of: error))",
      advice: isFull ? "free some disk space" : nil)
  }

  // MARK: The image

  /// Makes the image of a manifest that has been taken in with all it names, and gives it its names. It survives loss
  /// of power when this returns.
  ///
  /// Throws: `invalid` when manifest and configuration do not fit together or something has not been taken in;
  /// `dataLoss`; the kernel's and the database's errors.
  public func commit(manifest digest: Digest, references: [PulledReference]) async throws -> StoredImage {
    let image = try await store.catalogue.change {
      try ImageCommit(self.store, manifest: digest, references: references).run()
    }
    try FailPoint.pullAfterRecord.pass()
    return image
  }
}
