import Diagnostics
import OCIImageSpec
import StateStore

/// What images, names and layers there are: the database's rows, parsed. A value; changes go through `Catalogue`.
struct CatalogueState: Sendable {
  struct Image: Sendable {
    let record: ImageRecord
    let id: Digest
    let manifest: Digest
    let topLayer: ChainID?
  }

  struct Reference: Sendable {
    let record: ReferenceRecord
    let reference: ImageReference
    let image: Digest
    let digest: Digest?
  }

  struct Layer: Sendable {
    let record: LayerRecord
    let chain: ChainID
    let parent: ChainID?
  }

  private(set) var images: [Digest: Image] = [:]
  /// By their canonical names.
  private(set) var references: [String: Reference] = [:]
  private(set) var layers: [ChainID: Layer] = [:]

  /// Takes over a change that the database has made.
  ///
  /// Throws: `invalid` for a row that makes no sense; the state is unchanged then.
  mutating func apply(_ change: ImageChange) throws {
    var next = self
    for record in change.savedLayers {
      let chain = ChainID(digest: try Digest(record.chain))
      let parent = try record.parent.map { ChainID(digest: try Digest($0)) }
      next.layers[chain] = Layer(record: record, chain: chain, parent: parent)
    }
    for record in change.savedImages {
      let id = try Digest(record.id)
      let top = try record.topLayer.map { ChainID(digest: try Digest($0)) }
      next.images[id] = Image(record: record, id: id, manifest: try Digest(record.manifest), topLayer: top)
    }
    for record in change.savedReferences {
      next.references[record.name] = Reference(
        record: record, reference: try ImageReference(record.name), image: try Digest(record.image),
        digest: try record.digest.map { try Digest($0) })
    }
    for name in change.removedReferences { next.references[name] = nil }
    for id in change.removedImages { next.images[try Digest(id)] = nil }
    for chain in change.removedLayers { next.layers[ChainID(digest: try Digest(chain))] = nil }
    self = next
  }

  // MARK: Asking

  func references(to id: Digest) -> [Reference] {
    references.values.filter { $0.image == id }.sorted { $0.record.name < $1.record.name }
  }

  func stored(_ image: Image) -> StoredImage {
    stored(image, references(to: image.id))
  }

  private func stored(_ image: Image, _ references: [Reference]) -> StoredImage {
    let digests = references.compactMap { entry in
      (entry.digest ?? entry.reference.digest).map { entry.reference.with(digest: $0).familiar }
    }
    return StoredImage(
      id: image.id, manifest: image.manifest, topLayer: image.topLayer, size: image.record.size,
      stored: image.record.stored,
      repoTags: references.filter { $0.reference.digest == nil }.map(\.reference.familiar).sorted(),
      repoDigests: Set(digests).sorted())
  }

  /// All images, oldest first.
  var storedImages: [StoredImage] {
    let byImage = Dictionary(grouping: references.values, by: \.image)
    return images.values.sorted { ($0.record.stored, $0.id.hex) < ($1.record.stored, $1.id.hex) }
      .map { stored($0, byImage[$0.id] ?? []) }
  }

  /// The layers of an image, top first.
  ///
  /// Throws: `dataLoss` when one is not on record.
  func layers(of image: Image) throws -> [Layer] {
    var found: [Layer] = []
    var next = image.topLayer
    while let chain = next {
      guard let layer = layers[chain] else {
        throw ClassifiedError(
          .dataLoss, "layer \(chain) of the image is missing", object: image.id.description,
          advice: "remove the image and pull it again")
      }
      found.append(layer)
      next = layer.parent
    }
    return found
  }

  /// A name for a new layer's directory, short because mount options are.
  func newDirectory(for chain: ChainID, besides taken: Set<String>) -> String {
    let names = Set(layers.values.map(\.record.directory)).union(taken)
    let hex = chain.digest.hex
    return (12...hex.count).lazy.map { String(hex.prefix($0)) }.first { !names.contains($0) } ?? hex
  }

  // MARK: Names

  /// What a name given by a user stands for.
  enum Match {
    case byName(Image, Reference)
    case byID(Image)
  }

  /// Docker's rules: a full id; else a name, with the tag `latest` unless it says otherwise; else the beginning of an
  /// id. So a name wins over an id that begins like it.
  ///
  /// Throws: `notFound`, `invalid` when several ids begin so; in Docker's words.
  func find(_ text: String) throws -> Match {
    let hex = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
    if ImageReference.isIdentifier(hex) {
      guard let id = try? Digest(algorithm: .sha256, hex: hex), let image = images[id] else {
        throw ClassifiedError(.notFound, "No such image: \(text)")
      }
      return .byID(image)
    }
    let reference = try? ImageReference(text).withDefaultTag
    if let reference, let match = named(reference) { return match }
    if let match = try beginning(with: hex, text) { return .byID(match) }
    throw ClassifiedError(.notFound, "No such image: \(reference?.familiar ?? text)")
  }

  private func named(_ reference: ImageReference) -> Match? {
    let found: Reference?
    if let digest = reference.digest {
      // The tag of a name that has a digest too does not count.
      found = references.values.first {
        $0.reference.name == reference.name && ($0.digest == digest || $0.reference.digest == digest)
      }
    } else {
      found = references[reference.canonical]
    }
    guard let found, let image = images[found.image] else { return nil }
    return .byName(image, found)
  }

  private func beginning(with hex: String, _ text: String) throws -> Image? {
    guard !hex.isEmpty, hex.allSatisfy(\.isHexDigit) else { return nil }
    let matches = images.values.filter { $0.id.hex.hasPrefix(hex) }
    guard matches.count <= 1 else {
      throw ClassifiedError(.invalid, "multiple IDs found with provided prefix: \(text)")
    }
    return matches.first
  }
}
