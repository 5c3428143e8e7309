internal import Crypto

/// Computes a digest of content that passes by in pieces.
public struct ContentHasher: Sendable {
  private enum State: Sendable {
    case sha256(SHA256)
    case sha512(SHA512)
  }

  private var state: State

  public init(_ algorithm: DigestAlgorithm = .sha256) {
    switch algorithm {
    case .sha256: state = .sha256(SHA256())
    case .sha512: state = .sha512(SHA512())
    }
  }

  /// Takes the next piece.
  public mutating func update(_ bytes: RawSpan) {
    // swift-crypto takes raw memory or Foundation's data; this is the one place that lends it a span's.
    unsafe bytes.withUnsafeBytes { buffer in
      switch state {
      case .sha256(var hash):
        unsafe hash.update(bufferPointer: buffer)
        state = .sha256(hash)
      case .sha512(var hash):
        unsafe hash.update(bufferPointer: buffer)
        state = .sha512(hash)
      }
    }
  }

  /// Takes the next piece.
  public mutating func update(_ bytes: [UInt8]) {
    // A span's bytes count as unsafe for types with padding, which bytes have not.
    unsafe update(bytes.span.bytes)
  }

  /// The digest of everything so far; more may follow.
  public func finish() -> Digest {
    switch state {
    case .sha256(let hash): Digest(trusted: .sha256, value: hash.finalize())
    case .sha512(let hash): Digest(trusted: .sha512, value: hash.finalize())
    }
  }
}
