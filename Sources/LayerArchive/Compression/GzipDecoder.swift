import CISAL
import Diagnostics

/// Decodes gzip (RFC 1952) with Intel's ISA-L, about four times as fast as zlib. A stream may have several members.
///
/// With `ZstdDecoder` this is where unsafe code reaches above the kernel's row: the codecs take bare pointers. All of
/// them live only inside one call, except the codec's own state.
@safe
final class GzipDecoder: StreamDecoder {
  private let state: UnsafeMutablePointer<inflate_state>
  /// Whether the last member is complete, so that the stream may end here or another member begin.
  private var isBetweenMembers = false
  private var hasBegun = false

  init() {
    unsafe state = .allocate(capacity: 1)
    unsafe isal_inflate_init(state)
    unsafe state.pointee.crc_flag = UInt32(ISAL_GZIP)
  }

  deinit {
    unsafe state.deallocate()
  }

  func decode(
    _ input: [UInt8], _ rest: inout Range<Int>, into output: inout [UInt8], at filled: inout Int
  ) throws(ClassifiedError) {
    if !rest.isEmpty { hasBegun = true }
    let (taken, written) = (rest.lowerBound, filled)
    var (left, room) = (rest.count, output.count - written)
    var status: Int32 = 0
    unsafe input.withUnsafeBufferPointer { source in
      unsafe output.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        // The codec's field is not const, but it only reads.
        unsafe state.pointee.next_in = UnsafeMutablePointer(mutating: source + taken)
        unsafe state.pointee.avail_in = UInt32(left)
        unsafe state.pointee.next_out = target + written
        unsafe state.pointee.avail_out = UInt32(room)
        status = decodeMembers()
        left = unsafe Int(state.pointee.avail_in)
        room = unsafe Int(state.pointee.avail_out)
        unsafe state.pointee.next_in = nil
        unsafe state.pointee.next_out = nil
      }
    }
    guard status == ISAL_DECOMP_OK else { throw Self.damage(status) }
    rest = rest.upperBound - left..<rest.upperBound
    filled = output.count - room
  }

  /// Goes on until input or room is used up. Returns what the codec says.
  private func decodeMembers() -> Int32 {
    while true {
      if isBetweenMembers {
        guard unsafe state.pointee.avail_in > 0 else { return ISAL_DECOMP_OK }
        unsafe isal_inflate_reset(state)
        unsafe state.pointee.crc_flag = UInt32(ISAL_GZIP)
        isBetweenMembers = false
      }
      let status = unsafe isal_inflate(state)
      guard status == ISAL_DECOMP_OK || status == ISAL_END_INPUT else { return status }
      guard unsafe state.pointee.block_state == ISAL_BLOCK_FINISH else { return ISAL_DECOMP_OK }
      isBetweenMembers = true
    }
  }

  func finish() throws(ClassifiedError) {
    guard !hasBegun || isBetweenMembers else {
      throw ClassifiedError(.dataLoss, "the gzip stream is truncated")
    }
  }

  private static func damage(_ status: Int32) -> ClassifiedError {
    let reason =
      switch status {
      case ISAL_INCORRECT_CHECKSUM: "its checksum is wrong"
      case ISAL_INVALID_WRAPPER, ISAL_UNSUPPORTED_METHOD: "a member's header is malformed"
      default: "code \(status)"
      }
    return ClassifiedError(.dataLoss, "the gzip stream is damaged: \(reason)")
  }
}
