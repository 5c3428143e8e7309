import Diagnostics
import Glibc
import LinuxKernel
import Logging
import OCIImageSpec
import StateStore

extension ImageStore {
  /// Removes blobs and layers that no image, no container, no lease and no intake needs, and what a crash has left in
  /// their directories. Intakes may go on meanwhile.
  ///
  /// - Parameter uses: Gives all containers, at the moment in which it is asked.
  ///
  /// Returns the chain ids of the layers that went.
  @discardableResult
  public func collectGarbage(uses: @escaping @Sendable () -> [ImageUse]) async throws -> [ChainID] {
    try await catalogue.change {
      let collection = GarbageCollection(self, uses: uses)
      let layers = try collection.collectLayers()
      try collection.collectStrayLayers()
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
  private let uses: () -> [ImageUse]

  init(_ store: ImageStore, uses: @escaping () -> [ImageUse]) {
    self.store = store
    self.uses = uses
    state = store.catalogue.current
  }

  private var layersOfImages: Set<ChainID> {
    var layers = Set<ChainID>()
    for image in state.images.values {
      var next = image.topLayer
      while let chain = next, layers.insert(chain).inserted { next = state.layers[chain]?.parent }
    }
    return layers
  }

  /// A damaged image must keep neither others from being removed nor its own blobs from being looked at. nil: a manifest
  /// cannot be read, so that nobody knows which blobs are needed.
  private var neededBlobs: Set<Digest>? {
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
    let layersOfImages = layersOfImages
    let condemned = state.layers.values.filter { layer in
      !layersOfImages.contains(layer.chain) && store.table.condemn(.layer(layer.chain))
    }
    defer { for layer in condemned { store.table.forget(.layer(layer.chain)) } }
    guard !condemned.isEmpty else { return [] }
    // Asked only now: who had a lease on a layer until a moment ago is a container by now.
    let used = Set(uses().flatMap(\.layers))
    let garbage = condemned.filter { !used.contains($0.record.directory) }
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

  /// Directories that are on no record: of a commit that failed at its last step, or of layers that only a container has
  /// and whose rows were lost. New ones come into being only between two collections.
  func collectStrayLayers() throws {
    let known = Set(store.catalogue.current.layers.values.map(\.record.directory))
    let strays = try HostFiles.list(store.layout.layers).filter { !known.contains($0) }
    guard !strays.isEmpty else { return }
    let used = Set(uses().flatMap(\.layers))
    for name in strays where !used.contains(name) {
      let doomed = try store.layout.newTemporary("unknown")
      try HostFiles.rename(store.layout.layer(name), to: doomed)
      store.sweeper.remove([doomed])
    }
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
