import Diagnostics
import Dispatch
import LinuxKernel
import OCIImageSpec
import TarFormat

/// Unpacks the blob of a layer into a directory of its own.
///
/// Two threads share the work: one reads, inflates and hashes, the other, which is the caller's, makes the files. The
/// call blocks until all is done; it belongs on a thread that may block.
///
/// No member of the archive can reach outside the directory, whatever its name, link or kind. What the directory holds
/// after an error is half a layer, for the caller to remove.
public struct LayerUnpacker: Sendable {
  private static let buffers = 4
  private static let bufferSize = 256 << 10

  private let options: UnpackOptions

  public init(options: UnpackOptions = UnpackOptions()) {
    self.options = options
  }

  /// Unpacks the file `blob`, from its beginning, into the existing, empty directory `directory`, of which nobody else
  /// may know yet.
  ///
  /// - Parameters:
  ///   - diffID: What the plain archive must hash to; nil when that is not known yet.
  ///   - progress: Is told now and then how many bytes of the blob have been read.
  ///
  /// Throws: `dataLoss` for a damaged stream or another digest; `invalid` for an archive that is malformed, hostile or
  /// beyond the limits; `cancelled`; the kernel's errors.
  public func unpack(
    blob: SharedDescriptor, into directory: String, diffID: Digest?, cancellation: Cancellation = Cancellation(),
    progress: @escaping @Sendable (Int64) -> Void = { _ in }
  ) throws -> UnpackedLayer {
    let applier = try LayerApplier(directory, options: options)
    let pipe = ChunkPipe(buffers: Self.buffers, size: Self.bufferSize)
    let source = Source(
      blob: blob, algorithm: diffID?.algorithm ?? .sha256, limits: options.limits, pipe, cancellation, progress)
    let finished = DispatchGroup()
    // A serial queue has a thread of its own while it has work, and takes none from the cooperative pool.
    DispatchQueue(label: "apus.inflate").async(group: finished) { source.run() }
    defer {
      pipe.close()
      finished.wait()
    }
    let actual = try Self.apply(from: pipe, to: applier, cancellation)
    if let diffID, actual != diffID {
      throw ClassifiedError(.dataLoss, "the layer's content is \(actual), its image says \(diffID)")
    }
    return try applier.finish(diffID: actual)
  }

  /// Feeds what arrives to the parser until the end. Returns the digest.
  private static func apply(from pipe: ChunkPipe, to applier: LayerApplier, _ cancellation: Cancellation) throws
    -> Digest
  {
    var parser = TarParser()
    while true {
      switch pipe.receive() {
      case .failure(let error): throw error
      case .end(let digest):
        try parser.finish()
        return digest
      case .chunk(let bytes, let count):
        try cancellation.check()
        let piece = bytes.span.extracting(0..<count)
        var position = 0
        while let event = try parser.next(in: piece, at: &position) {
          switch event {
          case .member(let header): try describing(header) { try applier.begin(header) }
          case .data(let range, let offset): try applier.write(piece.extracting(range), at: offset)
          case .endOfMember: try applier.end()
          case .endOfArchive: break
          }
        }
        pipe.giveBack(bytes)
      }
    }
  }

  /// Names the member in errors that would not say which it was.
  private static func describing(_ header: TarHeader, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as SystemError {
      throw ClassifiedError(error.kind, "unpack: \(error.explanation)", object: header.displayPath)
    }
  }

  /// The first of the two threads.
  private struct Source: Sendable {
    let blob: SharedDescriptor
    let limits: UnpackLimits
    let pipe: ChunkPipe
    let cancellation: Cancellation
    let progress: @Sendable (Int64) -> Void
    let algorithm: DigestAlgorithm

    init(
      blob: SharedDescriptor, algorithm: DigestAlgorithm, limits: UnpackLimits, _ pipe: ChunkPipe,
      _ cancellation: Cancellation,
      _ progress: @escaping @Sendable (Int64) -> Void
    ) {
      (self.blob, self.algorithm, self.limits) = (blob, algorithm, limits)
      (self.pipe, self.cancellation, self.progress) = (pipe, cancellation, progress)
    }

    func run() {
      do {
        pipe.send(.end(try pump()))
      } catch {
        pipe.send(.failure(error))
      }
    }

    private func pump() throws -> Digest {
      let reader = try ArchiveReader(blob)
      var hasher = ContentHasher(algorithm)
      var produced: Int64 = 0
      while var buffer = pipe.takeEmpty() {
        try cancellation.check()
        let count = try reader.read(into: &buffer)
        progress(reader.consumed)
        if count == 0 { return hasher.finish() }
        produced += Int64(count)
        try limits.check(produced: produced, consumed: reader.consumed)
        // The hasher takes raw memory of a span for the length of the call.
        unsafe hasher.update(buffer.span.extracting(0..<count).bytes)
        pipe.send(.chunk(buffer, count: count))
      }
      throw ClassifiedError(.cancelled, "cancelled")
    }
  }
}
