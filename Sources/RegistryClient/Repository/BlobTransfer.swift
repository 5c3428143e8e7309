import Diagnostics
import NIOCore
import OCIImageSpec

/// How far the transfer of one blob is.
struct BlobTransfer {
  let descriptor: Descriptor
  private(set) var received: Int64

  /// `there`: how many bytes there are from an earlier attempt.
  init(_ descriptor: Descriptor, resuming there: Int64 = 0) {
    self.descriptor = descriptor
    received = there
  }

  var isComplete: Bool { received == descriptor.size }

  /// Counts bytes before they are kept. Throws: `RegistryFailure` when more comes than there should be.
  mutating func take(_ bytes: ByteBuffer) throws {
    guard Int64(bytes.readableBytes) <= descriptor.size - received else {
      throw RegistryFailure(
        .verification, .dataLoss, "the registry sent more than the \(descriptor.size) bytes of \(descriptor.digest)")
    }
    received += Int64(bytes.readableBytes)
  }

  /// Throws: `RegistryFailure` unless what came is complete and has the digest it was asked for by.
  func verify(_ actual: Digest) throws {
    guard isComplete, actual == descriptor.digest else {
      throw RegistryFailure(
        .verification, .dataLoss, "filesystem layer verification failed for digest \(descriptor.digest)",
        advice: "the registry or something on the way changed the content: got \(actual)")
    }
  }
}
