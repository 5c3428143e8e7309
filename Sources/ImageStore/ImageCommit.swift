import Diagnostics
import LayerArchive
import LinuxKernel
import OCIImageSpec
import StateStore

/// The step that turns staged content into an image. It runs inside `Catalogue.change`, so no other does at once.
///
/// The order is what makes it safe: everything is synchronised to the disk while it is still under `tmp`, then renamed,
/// then recorded. A crash leaves rubbish in `tmp` or content that nothing refers to, never a record without content.
struct ImageCommit {
  private let store: ImageStore
  private let references: [PulledReference]
  private let manifestDigest: Digest
  private let manifest: Manifest
  private let configuration: ImageConfiguration
  private let state: CatalogueState

  init(_ store: ImageStore, manifest digest: Digest, references: [PulledReference]) throws {
    self.store = store
    self.references = references
    manifestDigest = digest
    guard case .manifest(let manifest) = try ManifestDocument(try store.readDocument(digest)) else {
      throw ClassifiedError(.invalid, "an index is no image", object: digest.description)
    }
    self.manifest = manifest
    configuration = try ImageConfiguration(try store.readDocument(manifest.configuration.digest))
    guard configuration.diffIDs.count == manifest.layers.count else {
      throw ClassifiedError(
        .invalid, "the manifest has \(manifest.layers.count) layers, the configuration \(configuration.diffIDs.count)",
        object: digest.description)
    }
    state = store.catalogue.current
  }

  func run() throws -> StoredImage {
    let id = manifest.configuration.digest
    var change = try store.naming(id, references)
    let layers = try newLayers()
    change.savedLayers = layers.map(\.record)
    if state.images[id] == nil { change.savedImages = [imageRecord(id, layers)] }
    try completeLayers()
    try FailPoint.pullBeforeRecord.pass()
    if change != ImageChange() || hasStagedBlobs {
      try store.layout.synchronise()
      try moveBlobs()
      try moveLayers(layers)
      do {
        try store.catalogue.record(change)
      } catch {
        try moveBack(layers)
        throw error
      }
      // Only now: between the record and this, the layer is known from two places, never from none.
      for layer in layers { store.table.settle(.layer(layer.chain)) }
    }
    return try store.resolve(id.description)
  }

  // MARK: Layers

  private struct NewLayer {
    let chain: ChainID
    let staged: StagedLayer
    let record: LayerRecord
  }

  private func newLayers() throws -> [NewLayer] {
    var layers: [NewLayer] = []
    var parent: ChainID?
    // A directory on no record may be a container's: its name is not free.
    let present = Set(try HostFiles.list(store.layout.layers))
    for (chain, diffID) in zip(configuration.chain, configuration.diffIDs) {
      defer { parent = chain }
      if state.layers[chain] != nil || layers.contains(where: { $0.chain == chain }) { continue }
      guard let staged = store.table.stagedLayer(chain) else {
        throw ClassifiedError(.invalid, "a layer of the image has not been unpacked", object: chain.description)
      }
      let directory = state.newDirectory(for: chain, besides: present.union(layers.map(\.record.directory)))
      let record = LayerRecord(
        chain: chain.description, diff: diffID.description, parent: parent?.description, directory: directory,
        size: staged.size)
      layers.append(NewLayer(chain: chain, staged: staged, record: record))
    }
    return layers
  }

  private func imageRecord(_ id: Digest, _ new: [NewLayer]) -> ImageRecord {
    let sizes = configuration.chain.map { chain in
      state.layers[chain]?.record.size ?? new.first { $0.chain == chain }?.record.size ?? 0
    }
    let now = FileTime.now
    return ImageRecord(
      id: id.description, manifest: manifestDigest.description, topLayer: configuration.chain.last?.description,
      size: sizes.reduce(0, +), stored: now.seconds * 1_000_000_000 + Int64(now.nanoseconds))
  }

  /// Gives layers what they take from those below them, the lowest first.
  private func completeLayers() throws {
    var lowers: [String] = []
    for chain in configuration.chain {
      if let layer = state.layers[chain] {
        lowers.insert(store.layout.layer(layer.record.directory), at: 0)
      } else if let staged = store.table.stagedLayer(chain) {
        try staged.needs.complete(layer: staged.path, lowers: lowers, options: store.configuration.unpacking)
        lowers.insert(staged.path, at: 0)
      }
    }
  }

  private func moveLayers(_ layers: [NewLayer]) throws {
    guard !layers.isEmpty else { return }
    for layer in layers {
      try HostFiles.rename(layer.staged.path, to: store.layout.layer(layer.record.directory))
    }
    try store.layout.synchroniseNames(in: store.layout.layers)
  }

  /// Without a record the layers are half-made things again.
  private func moveBack(_ layers: [NewLayer]) throws {
    for layer in layers {
      try HostFiles.rename(store.layout.layer(layer.record.directory), to: layer.staged.path)
    }
  }

  // MARK: Blobs

  private var blobs: [Digest] { [manifestDigest, manifest.configuration.digest] + manifest.layers.map(\.digest) }
  private var hasStagedBlobs: Bool { blobs.contains(where: store.table.isStaged) }

  private func moveBlobs() throws {
    for digest in Set(blobs) where store.table.isStaged(digest) {
      try HostFiles.rename(store.table.path(of: digest), to: store.layout.blob(digest))
      store.table.settle(.blob(digest))
    }
    for algorithm in Set(blobs.map(\.algorithm)) {
      try store.layout.synchroniseNames(in: store.layout.blobDirectory(algorithm))
    }
  }
}
