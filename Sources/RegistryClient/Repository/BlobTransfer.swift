import Diagnostics
import NIOCore
import OCIImageSpec

/// How far the transfer of one blob is, and the proof that what came is what was asked for.
struct BlobTransfer {
  let descriptor: Descriptor
  private(set) var received: Int64
  private var hasher: ContentHasher

  init(_ descriptor: Descriptor, resuming partial: PartialBlob? = nil) {
    self.descriptor = descriptor
    received = partial?.length ?? 0
    hasher = partial?.hasher ?? ContentHasher(descriptor.digest.algorithm)
  }

  var isComplete: Bool { received == descriptor.size }

  /// Throws: `RegistryFailure` when more comes than there should be.
  mutating func take(_ bytes: ByteBuffer) throws {
    guard Int64(bytes.readableBytes) <= descriptor.size - received else {
      throw RegistryFailure(
        .verification, .dataLoss, "the registry sent more than the \(descriptor.size) bytes of \(descriptor.digest)")
    }
    hasher.update(bytes.readableBytesSpan)
    received += Int64(bytes.readableBytes)
  }

  /// Throws: `RegistryFailure` unless the bytes have the digest they were asked for by.
  func verify() throws {
    let actual = hasher.finish()
    guard isComplete, actual == descriptor.digest else {
      throw RegistryFailure(
        .verification, .dataLoss, "filesystem layer verification failed for digest \(descriptor.digest)",
        advice: "the registry or something on the way changed the content: got \(actual)")
    }
  }
}
