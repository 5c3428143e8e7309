import Diagnostics
import Foundation
import ImageStore
import LinuxKernel
import Logging
import OCIImageSpec
import StateStore
import TarFormat
import TestSupport

/// A test's directory as a data root.
extension Scratch {
  /// Opens the store as a server does at its start.
  func open() async throws -> ImageStore {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let opening = try Database.open(at: "\(path)/apus.db")
    return try await ImageStore.open(
      ImageStoreConfiguration(dataRoot: path), database: opening.database, rebuild: opening.isIncomplete,
      logger: logger)
  }

  func names(_ directory: String) throws -> [String] { try HostFiles.list("\(path)/\(directory)") }
}

/// An image made by hand, as a registry would have it.
struct TestImage: Sendable {
  let layers: [[UInt8]]
  let configuration: [UInt8]
  let manifest: [UInt8]
  let chain: [ChainID]
  let diffIDs: [Digest]

  var id: Digest { Digest.of(configuration) }
  var manifestDigest: Digest { Digest.of(manifest) }

  /// Each layer is the tar of one file, named and filled as given.
  init(_ files: [(name: String, content: String)], command: String = "/bin/true") throws {
    layers = try files.map { file in
      var header = TarHeader(.regular, path: file.name, mode: 0o644)
      header.size = Int64(file.content.utf8.count)
      return try TarWriter.header(header) + Array(file.content.utf8) + TarWriter.padding(after: header.size)
        + TarWriter.trailer
    }
    diffIDs = layers.map { Digest.of($0) }
    chain = ChainID.chain(of: diffIDs)
    var config = ImageConfiguration.Config()
    config.command = [command]
    var image = ImageConfiguration(
      platform: .host, created: "2020-01-02T03:04:05Z", config: config, diffIDs: diffIDs)
    image.history = files.map { ImageConfiguration.History(createdBy: "ADD \($0.name)") }
    image.history.append(ImageConfiguration.History(createdBy: "CMD \(command)", isEmptyLayer: true))
    configuration = try JSONDocument.encode(image)
    manifest = try JSONDocument.encode(
      Manifest(
        configuration: OCIImageSpec.Descriptor(
          mediaType: .ociConfiguration, digest: Digest.of(configuration), size: Int64(configuration.count)),
        layers: layers.map {
          OCIImageSpec.Descriptor(mediaType: .ociLayer, digest: Digest.of($0), size: Int64($0.count))
        }))
  }

  /// Takes the image in as a pull does.
  @discardableResult
  func pull(into store: ImageStore, as names: String..., answered: Digest? = nil) async throws -> StoredImage {
    let intake = store.beginIntake()
    try await fetch(with: intake)
    for (index, layer) in layers.enumerated() {
      try await intake.unpack(blob: Digest.of(layer), diffID: diffIDs[index], chain: chain[index])
    }
    let references = try names.map {
      PulledReference(reference: try ImageReference($0).withDefaultTag, digest: answered ?? manifestDigest)
    }
    return try await intake.commit(manifest: manifestDigest, references: references)
  }

  func fetch(with intake: ImageIntake) async throws {
    for bytes in layers + [configuration, manifest] { try await intake.store(bytes, as: Digest.of(bytes)) }
  }
}

/// Some bytes as a stream, in pieces.
func stream(_ bytes: [UInt8], pieces: Int = 50_000) -> AsyncThrowingStream<[UInt8], any Error> {
  AsyncThrowingStream { continuation in
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      continuation.yield(Array(bytes[start..<min(start + pieces, bytes.count)]))
    }
    continuation.finish()
  }
}

/// An archive as `save` emits it.
func saved(_ names: [String], from store: ImageStore) async throws -> [UInt8] {
  let (pieces, continuation) = AsyncStream<[UInt8]>.makeStream()
  try await store.save(names) { continuation.yield($0) }
  continuation.finish()
  return await pieces.reduce(into: []) { $0 += $1 }
}
