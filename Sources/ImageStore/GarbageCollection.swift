import Diagnostics
import Glibc
import LinuxKernel
import Logging
import OCIImageSpec
import StateStore

extension ImageStore {
  /// Removes blobs and layers that no image, no container and no intake needs. Intakes may go on meanwhile.
  ///
  /// Returns the chain ids of the layers that went.
  @discardableResult
  public func collectGarbage(uses: [ImageUse]) async throws -> [ChainID] {
    try await catalogue.change {
      let collection = try GarbageCollection(self, uses: uses)
      let layers = try collection.collectLayers()
      try collection.collectBlobs()
      return layers
    }
  }
}

/// One collection: marks what is needed, removes the rest. It runs inside `Catalogue.change`, so that no image is
/// committed meanwhile; leases stand for those that will be.
private struct GarbageCollection {
  private let store: ImageStore
  private let state: CatalogueState
  private let neededLayers: Set<ChainID>
  /// nil: a manifest cannot be read, so that nobody knows which blobs are needed.
  private let neededBlobs: Set<Digest>?

  init(_ store: ImageStore, uses: [ImageUse]) throws {
    self.store = store
    state = store.catalogue.current
    var layers = Set<ChainID>()
    for image in state.images.values {
      var next = image.topLayer
      while let chain = next, layers.insert(chain).inserted { next = state.layers[chain]?.parent }
    }
    let used = Set(uses.flatMap(\.layers))
    layers.formUnion(state.layers.values.filter { used.contains($0.record.directory) }.map(\.chain))
    neededLayers = layers
    neededBlobs = Self.neededBlobs(store, state)
  }

  /// A damaged image must keep neither others from being removed nor its own blobs from being looked at.
  private static func neededBlobs(_ store: ImageStore, _ state: CatalogueState) -> Set<Digest>? {
    var blobs = Set<Digest>()
    for image in state.images.values {
      blobs.formUnion([image.id, image.manifest])
      do {
        guard case .manifest(let manifest) = try ManifestDocument(try store.readDocument(image.manifest)) else {
          continue
        }
        blobs.formUnion(manifest.layers.map(\.digest))
      } catch {
        store.logger.error(
          "blobs are not collected, because an image is damaged",
          metadata: ["image": "\(image.id)", "error": "\(explanation(of: error))"])
        return nil
      }
    }
    return blobs
  }

  /// First the record, then the files: a crash in between leaves a directory that the next start sweeps.
  func collectLayers() throws -> [ChainID] {
    let garbage = state.layers.values.filter { layer in
      !neededLayers.contains(layer.chain) && store.table.condemn(.layer(layer.chain))
    }
    defer { for layer in garbage { store.table.forget(.layer(layer.chain)) } }
    guard !garbage.isEmpty else { return [] }
    var change = ImageChange()
    change.removedLayers = garbage.map(\.chain.description)
    try store.catalogue.record(change)
    for layer in garbage {
      // Out of the way at once; emptying it may take long, and be cut short.
      let doomed = try store.layout.newTemporary("removed")
      do {
        try HostFiles.rename(store.layout.layer(layer.record.directory), to: doomed)
        try HostFiles.removeTree(doomed)
      } catch {
        guard error.errno == ENOENT else { throw error }
      }
      try FailPoint.imageRemoveAfterLayer.pass()
    }
    return garbage.map(\.chain)
  }

  func collectBlobs() throws {
    guard let neededBlobs else { return }
    for algorithm in DigestAlgorithm.allCases {
      for name in try HostFiles.list(store.layout.blobDirectory(algorithm)) {
        guard let digest = try? Digest(algorithm: algorithm, hex: name) else { continue }
        guard !neededBlobs.contains(digest), store.table.condemn(.blob(digest)) else { continue }
        defer { store.table.forget(.blob(digest)) }
        try HostFiles.remove(store.layout.blob(digest))
      }
    }
  }
}
