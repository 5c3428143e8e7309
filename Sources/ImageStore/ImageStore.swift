import Diagnostics
import LayerArchive
import LinuxKernel
import Logging
import OCIImageSpec
import StateStore
import Synchronization

public struct ImageStoreConfiguration: Sendable {
  /// Where everything lies: `/var/lib/apus`.
  public var dataRoot: String
  public var unpacking = UnpackOptions()
  /// What `resolve` of a name with several platforms, and `load`, choose.
  public var platform = Platform.host

  public init(dataRoot: String) {
    self.dataRoot = dataRoot
  }
}

/// The images of this machine: their names, configurations, blobs and unpacked layers.
///
/// Questions are answered from memory. What touches the disk is `async` and runs on threads of the store's own.
/// Nothing is acknowledged before it would survive loss of power.
public final class ImageStore: Sendable {
  public let configuration: ImageStoreConfiguration
  let layout: StoreLayout
  let catalogue: Catalogue
  let table: ContentTable
  let sweeper: Sweeper
  let logger: Logger
  /// Who fetches a blob or unpacks a layer now.
  let claims = KeyedLock<ContentKey>()
  /// Short work: writes of arriving blobs, reads of documents.
  let transfers = BlockingExecutor("transfer", width: 2)
  /// Unpacking, each piece of which has a second thread for inflating.
  let unpackers = BlockingExecutor("unpack", width: 2)
  /// Configurations that were asked for, so that neither list nor start reads the same file again and again.
  private let configurations = Mutex<[Digest: ImageConfiguration]>([:])
  private static let cachedConfigurations = 128

  private init(
    _ configuration: ImageStoreConfiguration, _ layout: StoreLayout, _ catalogue: Catalogue, _ logger: Logger
  ) {
    (self.configuration, self.layout, self.catalogue, self.logger) = (configuration, layout, catalogue, logger)
    table = ContentTable(layout)
    sweeper = Sweeper(logger)
  }

  /// Opens the store, making its directories. What was half-made when the last server ended is out of sight at once;
  /// it is removed in the background.
  ///
  /// - Parameter rebuild: The database lacks rows, since the old one was damaged or is gone: add what the files say.
  ///
  /// Throws: the kernel's and the database's errors. A damaged image does not keep the store from opening: it is
  /// logged and left out.
  public static func open(
    _ configuration: ImageStoreConfiguration, database: Database, rebuild: Bool, logger: Logger
  ) async throws -> ImageStore {
    try await BlockingExecutor("open", width: 1).run {
      let layout = StoreLayout(dataRoot: configuration.dataRoot)
      try layout.make()
      if rebuild { try Rebuild(layout: layout, logger: logger).fill(database) }
      let state = try load(database, logger)
      let catalogue = Catalogue(state, database: database, layout: layout)
      let store = ImageStore(configuration, layout, catalogue, logger)
      store.sweeper.remove(try layout.leftovers())
      return store
    }
  }

  private static func load(_ database: Database, _ logger: Logger) throws -> CatalogueState {
    var state = CatalogueState()
    func apply(_ name: String, _ fill: (inout ImageChange) -> Void) {
      var change = ImageChange()
      fill(&change)
      do {
        try state.apply(change)
      } catch {
        logger.error(
          "a row of the database is damaged and left out", metadata: ["row": "\(name)", "error": "\(error)"])
      }
    }
    for layer in try database.layers() { apply(layer.chain) { $0.savedLayers = [layer] } }
    for image in try database.images() { apply(image.id) { $0.savedImages = [image] } }
    for reference in try database.references() { apply(reference.name) { $0.savedReferences = [reference] } }
    return state
  }

  // MARK: Asking

  /// The directory that holds the layers' directories.
  public var layersPath: String { layout.layers }

  /// The image that a name, an id or the beginning of one stands for. A name wins over an id that begins like it.
  ///
  /// Throws: `notFound` (`No such image: x:latest`), `invalid` when several ids begin so.
  public func resolve(_ name: String) throws -> StoredImage {
    let state = catalogue.current
    switch try state.find(name) {
    case .byName(let image, _), .byID(let image): return state.stored(image)
    }
  }

  /// The image of an id, if it is there.
  public func image(_ id: Digest) -> StoredImage? {
    let state = catalogue.current
    return state.images[id].map(state.stored)
  }

  /// All images, oldest first.
  public func images() -> [StoredImage] { catalogue.current.storedImages }

  /// The names of an image's layer directories under `layersPath`, top first, as overlayfs takes them.
  ///
  /// Throws: `notFound` when the image has gone, `dataLoss` when one of its layers is not on record.
  public func layerDirectories(of image: StoredImage) throws -> [String] {
    try layers(of: image.id).map(\.record.directory)
  }

  func layers(of id: Digest) throws -> [CatalogueState.Layer] {
    let state = catalogue.current
    guard let entry = state.images[id] else { throw ClassifiedError(.notFound, "No such image: \(id)") }
    return try state.layers(of: entry)
  }

  /// The image's configuration.
  ///
  /// Throws: `dataLoss` when its blob is missing, `invalid` when it is damaged.
  public func configuration(of image: StoredImage) async throws -> ImageConfiguration {
    if let known = configurations.withLock({ $0[image.id] }) { return known }
    let configuration = try ImageConfiguration(try await readBlob(image.id))
    configurations.withLock { cache in
      if cache.count >= Self.cachedConfigurations { cache.removeAll() }
      cache[image.id] = configuration
    }
    return configuration
  }

  /// All that is known of an image.
  public func inspect(_ name: String) async throws -> ImageInspection {
    let image = try resolve(name)
    let layers = try layers(of: image.id)
    return ImageInspection(
      image: image, configuration: try await configuration(of: image),
      layerSizes: layers.reversed().map(\.record.size), layerDirectories: layers.map(\.record.directory))
  }

  /// The steps by which an image was made, newest first.
  public func history(of image: StoredImage) async throws -> [ImageHistoryEntry] {
    let configuration = try await configuration(of: image)
    var sizes = try layers(of: image.id).reversed().map(\.record.size)[...]
    var entries: [ImageHistoryEntry] = []
    for (index, step) in configuration.history.enumerated() {
      let isLast = index == configuration.history.count - 1
      entries.append(
        ImageHistoryEntry(
          image: isLast ? image.id : nil, created: step.created, createdBy: step.createdBy, comment: step.comment,
          size: step.isEmptyLayer ? 0 : sizes.popFirst() ?? 0, tags: isLast ? image.repoTags : []))
    }
    return entries.reversed()
  }

  /// A small document among the blobs.
  ///
  /// Throws: `dataLoss` when it is missing.
  func readBlob(_ digest: Digest) async throws -> [UInt8] {
    try await transfers.run { try self.readDocument(digest) }
  }

  /// The same, blocking. Manifests and configurations have a few kilobytes; the limit is the registries' usual one.
  func readDocument(_ digest: Digest) throws -> [UInt8] {
    try table.open(digest).readAll(limit: 8 << 20)
  }

  // MARK: Naming

  /// Gives an image another name; an image that had it loses it.
  ///
  /// Throws: `notFound`; `invalid` for a name with a digest.
  public func tag(_ name: String, as reference: ImageReference) async throws -> StoredImage {
    guard reference.digest == nil else {
      throw ClassifiedError(.invalid, "refusing to create a tag with a digest reference")
    }
    return try await catalogue.change {
      let image = try self.resolve(name)
      let change = try self.naming(image.id, [PulledReference(reference: reference.withDefaultTag, digest: nil)])
      if change != ImageChange() { try self.catalogue.record(change) }
      return try self.resolve(image.id.description)
    }
  }

  /// The change that names stand for an image from now on.
  func naming(_ id: Digest, _ names: [PulledReference]) throws -> ImageChange {
    let state = catalogue.current
    var change = ImageChange()
    for pulled in names {
      let reference =
        try pulled.reference.digest.map { pulled.reference.with(digest: $0) }
        ?? pulled.reference.with(tag: pulled.reference.tag ?? ImageReference.defaultTag)
      let old = state.references[reference.canonical]
      if let old, old.image == id, pulled.digest == nil || old.digest == pulled.digest { continue }
      change.savedReferences.append(
        ReferenceRecord(
          name: reference.canonical, image: id.description, digest: pulled.digest?.description))
      // The image that loses the tag keeps the digest that it was pulled by.
      if let old, old.image != id, let digest = old.digest {
        change.savedReferences.append(
          ReferenceRecord(
            name: reference.with(digest: digest).canonical, image: old.image.description,
            digest: digest.description))
      }
    }
    return change
  }

  // MARK: Making

  /// Waits until what earlier pulls and servers left has been removed, for an end in good order.
  public func finishSweeping() async throws {
    try await sweeper.finish()
  }

  /// Begins to take in an image. What the intake touches is safe from the garbage collection while it lives.
  public func beginIntake() -> ImageIntake { ImageIntake(self) }
}
