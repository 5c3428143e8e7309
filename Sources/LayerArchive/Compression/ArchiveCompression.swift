import Diagnostics
import LinuxKernel

/// How a stream of bytes is compressed, told by its first bytes: names and media types are only claims.
public enum ArchiveCompression: Sendable, Equatable {
  case none, gzip, zstd

  /// How many bytes at the beginning `init(beginning:)` needs to see, unless the stream is shorter.
  public static let probeLength = 6

  /// Throws: `unsupported` for a compression that is known but cannot be read.
  public init(beginning bytes: some Collection<UInt8>) throws(ClassifiedError) {
    let bytes = Array(bytes.prefix(Self.probeLength))
    if bytes.starts(with: [0x1f, 0x8b]) {
      self = .gzip
    } else if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) || Self.isSkippableFrame(bytes) {
      self = .zstd
    } else if bytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
      throw ClassifiedError(.unsupported, "xz archives are not supported", advice: "pack it with gzip or zstd")
    } else if bytes.starts(with: Array("BZh".utf8)) {
      throw ClassifiedError(.unsupported, "bzip2 archives are not supported", advice: "pack it with gzip or zstd")
    } else {
      self = .none
    }
  }

  /// Zstandard's frames of user data, 0x184D2A50 to 0x184D2A5F in little-endian order (RFC 8878, section 3.1.2).
  private static func isSkippableFrame(_ bytes: [UInt8]) -> Bool {
    bytes.count >= 4 && bytes[0] & 0xf0 == 0x50 && bytes[1...].starts(with: [0x2a, 0x4d, 0x18])
  }

  /// A decoder for a new stream.
  public func makeDecoder() throws(ClassifiedError) -> any StreamDecoder {
    switch self {
    case .none: PlainDecoder()
    case .gzip: GzipDecoder()
    case .zstd: try ZstdDecoder()
    }
  }
}

/// Turns compressed bytes into plain ones, piece by piece. One stream, one thread at a time.
public protocol StreamDecoder: AnyObject {
  /// Decodes as much as there is input and room for.
  ///
  /// When there is room left after it, with all input taken, then more input is needed.
  ///
  /// - Parameters:
  ///   - rest: Where in `input` the bytes lie that have not been taken; its beginning moves on.
  ///   - filled: How much of `output` has been filled; moves on.
  ///
  /// Throws: `dataLoss` when the stream is damaged.
  func decode(
    _ input: [UInt8], _ rest: inout Range<Int>, into output: inout [UInt8], at filled: inout Int
  ) throws(ClassifiedError)

  /// Says that no input follows.
  ///
  /// Throws: `dataLoss` when the stream is not complete.
  func finish() throws(ClassifiedError)
}

/// A stream that is not compressed.
final class PlainDecoder: StreamDecoder {
  func decode(
    _ input: [UInt8], _ rest: inout Range<Int>, into output: inout [UInt8], at filled: inout Int
  ) {
    let count = min(rest.count, output.count - filled)
    output.replaceSubrange(filled..<filled + count, with: input[rest.prefix(count)])
    rest = rest.dropFirst(count)
    filled += count
  }

  func finish() {}
}
