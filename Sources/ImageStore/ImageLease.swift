import Diagnostics
import OCIImageSpec
import StateStore

/// Keeps the layers of an image while a container is made of them: until it is known, nobody else would.
public final class ImageLease: Sendable {
  public let image: StoredImage
  /// The names of the layers' directories, top first.
  public let directories: [String]
  private let table: ContentTable
  private let lease: ContentTable.LeaseID

  fileprivate init(
    _ image: StoredImage, directories: [String], _ lease: ContentTable.LeaseID, in table: ContentTable
  ) {
    (self.image, self.directories, self.lease, self.table) = (image, directories, lease, table)
  }

  /// False: the layer is being removed.
  fileprivate func protect(_ chain: ChainID) -> Bool { table.protect(.layer(chain), by: lease) }

  deinit {
    // Nothing is staged for a lease that takes in nothing.
    _ = table.close(lease)
  }
}

extension ImageStore {
  /// Takes a lease on the image that a name or an id stands for. It ends with the last reference to it.
  ///
  /// Throws: as `resolve`; `notFound` when the image is being removed, `dataLoss` when one of its layers is not on
  /// record.
  public func lease(_ name: String) throws -> ImageLease {
    let image = try resolve(name)
    let layers = try layers(of: image.id)
    let lease = ImageLease(image, directories: layers.map(\.record.directory), table.openLease(), in: table)
    for layer in layers where !lease.protect(layer.chain) {
      throw ClassifiedError(.notFound, "No such image: \(name)", advice: "it is being removed")
    }
    return lease
  }
}
