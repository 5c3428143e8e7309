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

  func decode(_ input: RawSpan, at position: inout Int, into output: inout MutableRawSpan) throws(ClassifiedError)
    -> Int
  {
    if position < input.byteCount { hasBegun = true }
    let capacity = output.byteCount
    let start = position
    var status: Int32 = 0
    var (left, room) = (input.byteCount - start, capacity)
    unsafe input.withUnsafeBytes { source in
      unsafe output.withUnsafeMutableBytes { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        // The codec's field is not const, but it only reads.
        let bytes = unsafe UnsafeMutablePointer(mutating: (source + start).assumingMemoryBound(to: UInt8.self))
        unsafe state.pointee.next_in = unsafe bytes
        unsafe state.pointee.avail_in = UInt32(left)
        unsafe state.pointee.next_out = unsafe target.assumingMemoryBound(to: UInt8.self)
        unsafe state.pointee.avail_out = UInt32(room)
        status = decodeMembers()
        left = unsafe Int(state.pointee.avail_in)
        room = unsafe Int(state.pointee.avail_out)
        unsafe state.pointee.next_in = nil
        unsafe state.pointee.next_out = nil
      }
    }
    guard status == ISAL_DECOMP_OK else { throw Self.damage(status) }
    position = input.byteCount - left
    return capacity - room
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
