import CZstd
import Diagnostics

/// Decodes Zstandard (RFC 8878) with libzstd. A stream may have several frames. Windows of more than 128 MiB are
/// refused, which is the library's default.
@safe
final class ZstdDecoder: StreamDecoder {
  private let context: OpaquePointer
  /// What the library still expects of the current frame; 0 between frames.
  private var expected = 0

  init() throws(ClassifiedError) {
    guard let context = unsafe ZSTD_createDStream() else {
      throw ClassifiedError(.system, "no memory for a zstd decoder")
    }
    unsafe self.context = unsafe context
  }

  deinit {
    unsafe ZSTD_freeDStream(context)
  }

  func decode(
    _ input: [UInt8], _ rest: inout Range<Int>, into output: inout [UInt8], at filled: inout Int
  ) throws(ClassifiedError) {
    var (consumed, produced) = (rest.lowerBound, filled)
    let end = rest.upperBound
    var problem: String?
    unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        var from = unsafe ZSTD_inBuffer(src: source.baseAddress, size: end, pos: consumed)
        var into = unsafe ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: produced)
        // Between frames a call without input would make the library expect another one.
        while unsafe into.pos < into.size && (from.pos < from.size || expected != 0) {
          let before = unsafe (from.pos, into.pos)
          let status = unsafe ZSTD_decompressStream(context, &into, &from)
          if ZSTD_isError(status) != 0 {
            problem = unsafe String(cString: ZSTD_getErrorName(status))
            return
          }
          expected = status
          if unsafe before == (from.pos, into.pos) { break }
        }
        consumed = unsafe from.pos
        produced = unsafe into.pos
      }
    }
    if let problem {
      throw ClassifiedError(.dataLoss, "the zstd stream is damaged: \(problem.lowercased())")
    }
    rest = consumed..<end
    filled = produced
  }

  func finish() throws(ClassifiedError) {
    guard expected == 0 else { throw ClassifiedError(.dataLoss, "the zstd stream is truncated") }
  }
}
