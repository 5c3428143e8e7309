import Diagnostics
import LinuxKernel
import OCIImageSpec
import StateStore

/// What the database knows of an image and its blobs do not: a small file beside them, to rebuild the database from.
struct ImageFile: Codable {
  struct Name: Codable {
    let name: String
    let digest: String?
  }

  struct Layer: Codable {
    let chain: Digest
    let diff: Digest
    let directory: String
    let size: Int64
  }

  let id: Digest
  let manifest: Digest
  let stored: Int64
  let references: [Name]
  /// Lowest first.
  let layers: [Layer]

  init(_ id: Digest, in state: CatalogueState) throws {
    guard let image = state.images[id] else {
      throw ClassifiedError(.notFound, "No such image: \(id)")
    }
    self.id = id
    manifest = image.manifest
    stored = image.record.stored
    references = state.references(to: id).map { Name(name: $0.record.name, digest: $0.record.digest) }
    layers = try state.layers(of: image).reversed().map { layer in
      Layer(
        chain: layer.chain.digest, diff: try Digest(layer.record.diff), directory: layer.record.directory,
        size: layer.record.size)
    }
  }

  /// Throws: `invalid` for a file that is damaged.
  init(path: String) throws {
    self = try JSONDocument.decode(ImageFile.self, from: try HostFiles.read(path), called: "image file \(path)")
  }

  func write(to path: String) throws {
    try HostFiles.replace(path, with: try JSONDocument.encode(self), permissions: 0o600, durable: true)
  }
}
