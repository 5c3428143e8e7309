import CLinux
import Glibc

/// What came over a socket: bytes, and a descriptor if one was with them.
@frozen public struct ReceivedMessage: ~Copyable, Sendable {
  /// Empty when the other side has closed.
  public let bytes: [UInt8]
  public let descriptor: Descriptor?
}

extension Descriptor {
  /// Sends bytes, at least one, and a copy of a descriptor. sendmsg(2), SCM_RIGHTS of unix(7). Returns how many of the
  /// bytes were taken; the descriptor goes with the first.
  @discardableResult
  public func send(_ bytes: [UInt8], with passed: borrowing Descriptor) throws(SystemError) -> Int {
    var number = passed.rawValue
    return try systemCall("send descriptor over", place) {
      unsafe bytes.withUnsafeBytes {
        unsafe clinux_send_descriptors(rawValue, $0.baseAddress, $0.count, &number, 1)
      }
    }
  }

  /// Sends bytes without SIGPIPE when the other side has closed. Returns how many were taken. Throws: EPIPE.
  public func send(_ bytes: [UInt8]) throws(SystemError) -> Int {
    try systemCall("send over", place) {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.send(rawValue, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }
  }

  /// Receives once: at most `count` bytes, and the descriptor that came with them. recvmsg(2).
  ///
  /// Throws: EMSGSIZE when more than one descriptor came; all are closed then.
  public func receive(upTo count: Int) throws(SystemError) -> ReceivedMessage {
    var buffer = [UInt8](repeating: 0, count: count)
    var number: Int32 = -1
    var arrived = 1
    let length = try systemCall("receive over", place) {
      // Set before every attempt: an interrupted one has changed it.
      arrived = 1
      return unsafe buffer.withUnsafeMutableBytes {
        unsafe clinux_receive_descriptors(rawValue, $0.baseAddress, $0.count, &number, &arrived)
      }
    }
    buffer.removeSubrange(length...)
    return ReceivedMessage(bytes: buffer, descriptor: arrived == 1 ? Descriptor(owning: number) : nil)
  }
}
