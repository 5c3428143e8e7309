public import EngineAPI
public import NIOCore

import Diagnostics
import ImageStore
import OCIImageSpec

/// What clients do to images, but for pulling them.
extension Engine {
  /// Throws: `notFound`, `invalid` for a malformed name.
  public func tagImage(_ name: String, repository: String, tag: String) async throws {
    let text = tag.isEmpty ? repository : "\(repository):\(tag)"
    let reference = try ImageReference(text)
    guard reference.digest == nil else {
      throw ClassifiedError(.invalid, "refusing to create a tag with a digest reference")
    }
    let image = try await images.tag(name, as: reference.withDefaultTag)
    publishImageEvent("tag", image.id, name: reference.withDefaultTag.familiar)
  }

  /// Throws: `notFound`, `conflict` when a container uses it.
  public func removeImage(_ name: String, force: Bool, prune: Bool) async throws -> [ImageDeleteItem] {
    let removals = try await images.remove(name, force: force, prune: prune, uses: { [self] in imageUses() })
    // The image comes first; what else is deleted are its layers, of which no event tells.
    let deleted = removals.firstIndex { if case .deleted = $0 { true } else { false } }
    return removals.enumerated().map { index, removal in
      switch removal {
      case .untagged(let reference, let image):
        publishImageEvent("untag", image, name: reference)
        return ImageDeleteItem(untagged: reference)
      case .deleted(let digest):
        if index == deleted { publishImageEvent("delete", id: digest, name: digest) }
        return ImageDeleteItem(deleted: digest)
      }
    }
  }

  /// Makes an image of one layer from a root filesystem's tar.
  public func importImage(
    from tar: any AsyncSequence<ByteBuffer, any Error> & Sendable, repository: String?, tag: String?, message: String?,
    changes: [String], platform: String?, emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws {
    let reference = try repository.flatMap { name -> ImageReference? in
      guard !name.isEmpty else { return nil }
      return try ImageReference(tag.map { $0.isEmpty ? name : "\(name):\($0)" } ?? name).withDefaultTag
    }
    var options = ImportOptions()
    options.reference = reference
    options.changes = changes
    options.message = message ?? ""
    options.platform = try platform.flatMap { $0.isEmpty ? nil : try Platform($0) } ?? .host
    let image = try await images.importImage(from: ByteArrays(tar), options: options)
    publishImageEvent("import", image.id, name: reference?.familiar ?? image.id.description)
    try await emit(ProgressMessage(status: image.id.description))
  }

  /// Takes images out of a docker-archive or an OCI layout in a tar.
  public func loadImages(
    from tar: any AsyncSequence<ByteBuffer, any Error> & Sendable, quiet: Bool,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws {
    let (updates, sink) = AsyncStream<LoadProgress>.makeStream(bufferingPolicy: .bufferingNewest(16))
    let loaded = try await withThrowingTaskGroup(of: [LoadedImage].self) { group in
      group.addTask { [images] in
        defer { sink.finish() }
        return try await images.load(from: ByteArrays(tar)) { sink.yield($0) }
      }
      for await update in updates where !quiet {
        try await emit(
          ProgressMessage(
            id: String(update.layer.digest.short), status: "Loading layer",
            progressDetail: ProgressDetail(current: update.current, total: update.total)))
      }
      return try await group.next() ?? []
    }
    for item in loaded {
      publishImageEvent("load", item.image.id, name: item.names.first ?? item.image.id.description)
      for reference in item.names { try await emit(ProgressMessage(stream: "Loaded image: \(reference)\n")) }
      if item.names.isEmpty {
        try await emit(ProgressMessage(stream: "Loaded image ID: \(item.image.id)\n"))
      }
    }
  }

  /// Writes images as one tar: an OCI layout with Docker's `manifest.json` beside it.
  public func saveImages(
    _ names: [String], emit: @Sendable @escaping (ByteBuffer) async throws -> Void
  ) async throws {
    try await images.save(names) { bytes in try await emit(ByteBuffer(bytes: bytes)) }
    for name in names { publishImageEvent("save", try images.resolve(name).id, name: name) }
  }

  func publishImageEvent(_ action: String, _ id: Digest, name: String) {
    publishImageEvent(action, id: id.description, name: name)
  }

  /// `id`: the image's, or what was asked for where Docker names that instead.
  func publishImageEvent(_ action: String, id: String, name: String) {
    events.publish(type: "image", action, id: id, ["name": name])
  }
}

/// A body's buffers as the byte arrays that the store reads.
struct ByteArrays: AsyncSequence, Sendable {
  typealias Element = [UInt8]
  typealias Failure = any Error

  private let buffers: any AsyncSequence<ByteBuffer, any Error> & Sendable

  init(_ buffers: any AsyncSequence<ByteBuffer, any Error> & Sendable) {
    self.buffers = buffers
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    var buffers: any AsyncIteratorProtocol<ByteBuffer, any Error>

    mutating func next() async throws -> [UInt8]? {
      try await buffers.next(isolation: nil).map { Array($0.readableBytesView) }
    }
  }

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(buffers: buffers.makeAsyncIterator())
  }
}
