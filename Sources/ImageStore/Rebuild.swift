import Diagnostics
import LinuxKernel
import Logging
import OCIImageSpec
import StateStore

/// Fills a new database from the files, after the old one was damaged.
struct Rebuild {
  let layout: StoreLayout
  let logger: Logger

  /// Records each image whose file, blobs and layers are all there; others are logged and left out.
  func fill(_ database: Database) throws {
    for name in try HostFiles.list(layout.images) where name.hasSuffix(".json") {
      do {
        try database.apply(try change(for: try ImageFile(path: "\(layout.images)/\(name)")))
      } catch {
        logger.error("an image cannot be recovered", metadata: ["file": "\(name)", "error": "\(error)"])
      }
    }
  }

  private func change(for file: ImageFile) throws -> ImageChange {
    try check(file)
    var change = ImageChange()
    var parent: Digest?
    for layer in file.layers {
      change.savedLayers.append(
        LayerRecord(
          chain: layer.chain.description, diff: layer.diff.description, parent: parent?.description,
          directory: layer.directory, size: layer.size))
      parent = layer.chain
    }
    change.savedImages = [
      ImageRecord(
        id: file.id.description, manifest: file.manifest.description, topLayer: parent?.description,
        size: file.layers.reduce(0) { $0 + $1.size }, stored: file.stored)
    ]
    change.savedReferences = file.references.map {
      ReferenceRecord(name: $0.name, image: file.id.description, digest: $0.digest)
    }
    return change
  }

  private func check(_ file: ImageFile) throws {
    for path in [layout.blob(file.id), layout.blob(file.manifest)] {
      guard try HostFiles.exists(path) else { throw ClassifiedError(.dataLoss, "the blob is missing", object: path) }
    }
    for layer in file.layers {
      let path = layout.layer(layer.directory)
      guard !layer.directory.contains("/"), layer.directory != "..", try HostFiles.exists(path) else {
        throw ClassifiedError(.dataLoss, "the layer is missing", object: path)
      }
    }
  }
}
