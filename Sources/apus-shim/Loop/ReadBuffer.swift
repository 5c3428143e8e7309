import LinuxKernel
import ShimProtocol

/// What descriptors are read into: one for the whole shim, as only one read is under way at a time.
///
/// There is room in front of the bytes for the header of an `output` frame, so that they can be sent from where they
/// were read to.
final class ReadBuffer {
  private static let headerLength = ShimEvent.outputHeader(stream: .output, count: 0).count
  private static let chunkLength = 32 * 1024

  private var bytes = [UInt8](repeating: 0, count: headerLength + chunkLength)

  /// Reads once, as much as there is room for.
  func read(_ descriptor: SharedDescriptor) throws(SystemError) -> ReadOutcome {
    try descriptor.descriptor.tryRead(into: &bytes, from: Self.headerLength)
  }

  /// The first `count` bytes of the last read.
  func content(_ count: Int) -> ArraySlice<UInt8> {
    bytes[Self.headerLength..<(Self.headerLength + count)]
  }

  /// The first `count` bytes of the last read as an `output` frame.
  func outputFrame(_ count: Int, of stream: OutputStream) -> ArraySlice<UInt8> {
    bytes.replaceSubrange(..<Self.headerLength, with: ShimEvent.outputHeader(stream: stream, count: count))
    return bytes[..<(Self.headerLength + count)]
  }
}
