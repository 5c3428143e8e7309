public import Diagnostics
import GRDB

/// An image: a configuration with the layers that it names, all of them unpacked.
public struct ImageRecord: Sendable, Equatable {
  /// The digest of the configuration, `sha256:…`.
  public var id: String
  /// The digest of the platform's manifest blob.
  public var manifest: String
  /// The chain id of the topmost layer; nil: an image without layers.
  public var topLayer: String?
  /// Bytes of all layers, unpacked.
  public var size: Int64
  /// When it was stored, Unix time in nanoseconds.
  public var stored: Int64

  public init(id: String, manifest: String, topLayer: String?, size: Int64, stored: Int64) {
    self.id = id
    self.manifest = manifest
    self.topLayer = topLayer
    self.size = size
    self.stored = stored
  }
}

/// A name that stands for an image.
public struct ReferenceRecord: Sendable, Equatable {
  /// In full: `docker.io/library/busybox:latest` or `docker.io/library/busybox@sha256:…`.
  public var name: String
  /// The image's id.
  public var image: String
  /// What the registry answered for the name: the digest of an index or a manifest; nil for a local tag.
  public var digest: String?

  public init(name: String, image: String, digest: String?) {
    self.name = name
    self.image = image
    self.digest = digest
  }
}

/// One unpacked layer.
public struct LayerRecord: Sendable, Equatable {
  /// The chain id, `sha256:…`: this layer on exactly those below.
  public var chain: String
  /// The digest of the uncompressed tar.
  public var diff: String
  /// The chain id of the layer below; nil for the lowest.
  public var parent: String?
  /// The name of its directory under `layers/`.
  public var directory: String
  /// Bytes of its files.
  public var size: Int64

  public init(chain: String, diff: String, parent: String?, directory: String, size: Int64) {
    self.chain = chain
    self.diff = diff
    self.parent = parent
    self.directory = directory
    self.size = size
  }
}

/// Several changes to images that take effect together.
public struct ImageChange: Sendable, Equatable {
  public var savedLayers: [LayerRecord] = []
  public var savedImages: [ImageRecord] = []
  public var savedReferences: [ReferenceRecord] = []
  /// Names of references.
  public var removedReferences: [String] = []
  /// Ids of images.
  public var removedImages: [String] = []
  /// Chain ids of layers.
  public var removedLayers: [String] = []

  public init() {}
}

extension Database {
  /// All images, in the order in which they were stored.
  public func images() throws(ClassifiedError) -> [ImageRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM image ORDER BY stored").map { row in
        ImageRecord(
          id: row["id"], manifest: row["manifest"], topLayer: row["topLayer"], size: row["size"],
          stored: row["stored"])
      }
    }
  }

  /// All references, by name.
  public func references() throws(ClassifiedError) -> [ReferenceRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM reference ORDER BY name").map { row in
        ReferenceRecord(name: row["name"], image: row["image"], digest: row["digest"])
      }
    }
  }

  /// All unpacked layers.
  public func layers() throws(ClassifiedError) -> [LayerRecord] {
    try fetch { connection in
      try Row.fetchAll(connection, sql: "SELECT * FROM layer").map { row in
        LayerRecord(
          chain: row["chain"], diff: row["diff"], parent: row["parent"], directory: row["directory"],
          size: row["size"])
      }
    }
  }

  /// Makes a change to images, all of it or nothing. It survives loss of power when this returns.
  public func apply(_ change: ImageChange) throws(ClassifiedError) {
    try transact(.power) { connection in
      for layer in change.savedLayers {
        try connection.execute(
          sql: "INSERT OR REPLACE INTO layer VALUES (?, ?, ?, ?, ?)",
          arguments: [layer.chain, layer.diff, layer.parent, layer.directory, layer.size])
      }
      for image in change.savedImages {
        try connection.execute(
          sql: "INSERT OR REPLACE INTO image VALUES (?, ?, ?, ?, ?)",
          arguments: [image.id, image.manifest, image.topLayer, image.size, image.stored])
      }
      for reference in change.savedReferences {
        try connection.execute(
          sql: "INSERT OR REPLACE INTO reference VALUES (?, ?, ?)",
          arguments: [reference.name, reference.image, reference.digest])
      }
      try Database.delete("reference", where: "name", in: change.removedReferences, connection)
      try Database.delete("image", where: "id", in: change.removedImages, connection)
      try Database.delete("layer", where: "chain", in: change.removedLayers, connection)
    }
  }

  private static func delete(
    _ table: String, where column: String, in keys: [String], _ connection: GRDB.Database
  ) throws {
    for key in keys {
      try connection.execute(sql: "DELETE FROM \(table) WHERE \(column) = ?", arguments: [key])
    }
  }
}
