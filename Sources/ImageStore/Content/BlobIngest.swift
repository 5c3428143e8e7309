import Diagnostics
import LinuxKernel
import OCIImageSpec
import Synchronization

/// A blob on its way into the store. It is hashed as it comes, and nobody sees it before `commit` has found the
/// digest and the size right.
///
/// One writer at a time. An ingest that is dropped is aborted.
public final class BlobIngest: Sendable {
  private struct State {
    /// nil once the ingest is over.
    var file: SharedDescriptor?
    /// Held until then, so that nobody else fetches the same blob meanwhile.
    var claim: KeyedLock<ContentKey>.Claim?
    var hasher: ContentHasher
    var offset: Int64 = 0
  }

  public let digest: Digest
  /// Its length in bytes, when it is known beforehand.
  public let size: Int64?
  private let state: Mutex<State>
  private let path: String
  /// Kept alive, because its lease is what keeps the blob once it is there.
  private let intake: ImageIntake

  init(
    _ digest: Digest, size: Int64?, path: String, intake: ImageIntake,
    claim: KeyedLock<ContentKey>.Claim
  ) throws {
    (self.digest, self.size, self.path, self.intake) = (digest, size, path, intake)
    let file = try HostFiles.open(path, [.writeOnly, .create, .exclusive], permissions: 0o600)
    state = Mutex(State(file: SharedDescriptor(file), claim: claim, hasher: ContentHasher(digest.algorithm)))
  }

  deinit { abort() }

  /// How many bytes have come so far: where a transfer that broke off goes on.
  public var offset: Int64 { state.withLock { $0.offset } }

  /// The digest of what has come so far.
  public var written: Digest { state.withLock { $0.hasher.finish() } }

  /// Takes the next bytes, on a thread of the store.
  ///
  /// Throws: `dataLoss` when there are more than announced; the kernel's errors.
  public func append(_ bytes: [UInt8]) async throws {
    try await append { write in try write(bytes.span) }
  }

  /// Takes the next bytes from where they are: `lend`, called on a thread of the store, passes them to its argument.
  public func append(
    lending lend: @escaping @Sendable (_ write: (Span<UInt8>) throws -> Void) throws -> Void
  ) async throws {
    try await intake.store.transfers.run { try lend(self.write) }
  }

  /// Takes the next bytes, on the caller's thread, which blocks for the write and the hash.
  public func write(_ bytes: Span<UInt8>) throws {
    try state.withLock { state in
      guard let file = state.file else { throw aborted }
      if let size, state.offset + Int64(bytes.count) > size {
        throw ClassifiedError(.dataLoss, "more than the announced \(size) bytes came", object: digest.description)
      }
      try file.descriptor.writeAll(bytes)
      // The hasher takes raw memory of a span for the length of the call.
      unsafe state.hasher.update(bytes.bytes)
      state.offset += Int64(bytes.count)
    }
  }

  /// Throws away what has come, to begin again: for a server that cannot go on in the middle.
  public func restart() throws {
    try state.withLock { state in
      guard let file = state.file else { throw aborted }
      try file.descriptor.truncate(to: 0)
      try file.descriptor.seek(to: 0)
      state.hasher = ContentHasher(digest.algorithm)
      state.offset = 0
    }
  }

  /// Checks the content and puts it into the store, where it becomes durable with the image.
  ///
  /// Throws: `dataLoss` when size or digest are not as announced; the ingest is aborted then.
  public func commit() async throws {
    try await intake.store.transfers.run { try self.finish() }
    try FailPoint.pullAfterBlob.pass()
  }

  private func finish() throws {
    try state.withLock { state in
      guard state.file.take() != nil else { throw aborted }
      defer { state.claim = nil }
      do {
        if let size, state.offset != size {
          throw ClassifiedError(
            .dataLoss, "\(state.offset) bytes came, \(size) were announced", object: digest.description)
        }
        let actual = state.hasher.finish()
        guard actual == digest else {
          throw ClassifiedError(
            .dataLoss, "the content is \(actual): it was damaged on its way, or the registry's copy is",
            object: digest.description)
        }
      } catch {
        try HostFiles.remove(path)
        throw error
      }
      if !intake.store.table.stage(digest, at: path) { try HostFiles.remove(path) }
    }
  }

  /// Gives up. Nothing of it stays; another pull that waits for the same blob fetches it itself.
  public func abort() {
    state.withLock { state in
      guard state.file.take() != nil else { return }
      state.claim = nil
      // What cannot be removed now is in `tmp`, which is emptied at the next start.
      try? HostFiles.remove(path)
    }
  }

  private var aborted: ClassifiedError {
    ClassifiedError(.cancelled, "the transfer was aborted", object: digest.description)
  }
}
