import Diagnostics
import LinuxKernel

/// Reads a file that may be compressed, from its beginning, as plain bytes.
struct ArchiveReader: ~Copyable {
  /// Large enough that system calls do not count, small enough to stay in the processor's second cache.
  private static let inputSize = 128 << 10

  private let file: LinuxKernel.Descriptor
  private let decoder: any StreamDecoder
  private let isCompressed: Bool
  private var input = [UInt8](repeating: 0, count: inputSize)
  private var filled = 0
  private var position = 0
  private var hasEnded = false
  /// Bytes of the file that have been taken so far.
  private(set) var consumed: Int64 = 0

  /// Throws: `unsupported` for a compression that cannot be read.
  init(_ file: consuming LinuxKernel.Descriptor) throws {
    var beginning = [UInt8](repeating: 0, count: ArchiveCompression.probeLength)
    let count = try file.read(into: &beginning)
    try file.seek(to: 0)
    let compression = try ArchiveCompression(beginning: beginning[..<count])
    isCompressed = compression != .none
    decoder = try compression.makeDecoder()
    self.file = file
  }

  /// Fills `output` as far as there is content; 0 is the end.
  ///
  /// Throws: `dataLoss` when the file is damaged or truncated.
  mutating func read(into output: inout MutableRawSpan) throws -> Int {
    var produced = 0
    while produced < output.byteCount {
      var rest = output.extracting(produced...)
      let count = try isCompressed ? decodeSome(into: &rest) : readPlain(into: &rest)
      if count == 0 { break }
      produced += count
    }
    return produced
  }

  private mutating func readPlain(into output: inout MutableRawSpan) throws -> Int {
    let count = try file.read(into: &output)
    consumed += Int64(count)
    return count
  }

  private mutating func decodeSome(into output: inout MutableRawSpan) throws -> Int {
    while true {
      let before = position
      let count = try decoder.decode(input.span.bytes.extracting(0..<filled), at: &position, into: &output)
      consumed += Int64(position - before)
      if count > 0 { return count }
      guard !hasEnded else { return 0 }
      filled = try file.read(into: &input)
      position = 0
      if filled == 0 {
        hasEnded = true
        try decoder.finish()
      }
    }
  }
}
