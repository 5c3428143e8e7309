import Diagnostics
import LinuxKernel

/// Reads a file that may be compressed, from its beginning, as plain bytes.
final class ArchiveReader {
  /// Large enough that system calls do not count, small enough to stay in the processor's second cache.
  private static let inputSize = 128 << 10

  private let file: SharedDescriptor
  private let decoder: any StreamDecoder
  private let isCompressed: Bool
  private var input = [UInt8](repeating: 0, count: inputSize)
  /// What of it has not been decoded yet.
  private var rest = 0..<0
  private var hasEnded = false
  /// Bytes of the file that have been taken so far.
  private(set) var consumed: Int64 = 0

  /// Throws: `unsupported` for a compression that cannot be read.
  init(_ file: SharedDescriptor) throws {
    let compression = try Self.probe(file.descriptor)
    let decoder = try compression.makeDecoder()
    self.isCompressed = compression != .none
    self.decoder = decoder
    self.file = file
  }

  private static func probe(_ file: borrowing LinuxKernel.Descriptor) throws -> ArchiveCompression {
    var beginning = [UInt8](repeating: 0, count: ArchiveCompression.probeLength)
    let count = try file.read(into: &beginning)
    try file.seek(to: 0)
    return try ArchiveCompression(beginning: beginning[..<count])
  }

  /// Fills `output` from its beginning; 0 is the end. Only before the end, or when the file gives no more at once, is
  /// it not filled whole.
  ///
  /// Throws: `dataLoss` when the file is damaged or truncated.
  func read(into output: inout [UInt8]) throws -> Int {
    guard isCompressed else {
      let count = try file.descriptor.read(into: &output)
      consumed += Int64(count)
      return count
    }
    var produced = 0
    while produced < output.count && !hasEnded {
      let before = rest.count
      try decoder.decode(input, &rest, into: &output, at: &produced)
      consumed += Int64(before - rest.count)
      if produced < output.count { try refill() }
    }
    return produced
  }

  private func refill() throws {
    rest = 0..<(try file.descriptor.read(into: &input))
    if rest.isEmpty {
      hasEnded = true
      try decoder.finish()
    }
  }
}
