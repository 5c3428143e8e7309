/// A message from the kernel.
public struct ReceivedNetlinkMessage: Sendable {
  public let type: UInt16
  public let flags: NetlinkFlags
  public let sequence: UInt32
  /// Of an answer and of news: the socket whose request it is about, or 0 where the kernel does not say.
  public let port: UInt32
  /// What follows the header.
  public let payload: ArraySlice<UInt8>

  /// Takes a datagram apart. Throws: ``NetlinkFormatError`` when a length is wrong.
  public static func all(in datagram: [UInt8]) throws(NetlinkFormatError) -> [ReceivedNetlinkMessage] {
    var messages: [ReceivedNetlinkMessage] = []
    var rest = datagram[...]
    while !rest.isEmpty {
      guard let length = rest.hostInteger(at: 0, as: UInt32.self), let type = rest.hostInteger(at: 4, as: UInt16.self),
        let flags = rest.hostInteger(at: 6, as: UInt16.self), let sequence = rest.hostInteger(at: 8, as: UInt32.self),
        let port = rest.hostInteger(at: 12, as: UInt32.self), rest.count >= headerSize
      else { throw .truncated("header") }
      guard length >= headerSize, length <= rest.count else { throw .wrongLength("message", Int(length)) }
      messages.append(
        ReceivedNetlinkMessage(
          type: type, flags: NetlinkFlags(rawValue: flags), sequence: sequence, port: port,
          payload: rest.prefix(Int(length)).dropFirst(headerSize)))
      rest = rest.dropFirst((Int(length) + 3) & ~3)
    }
    return messages
  }

  static let headerSize = 16

  /// What the message is to whoever waits for an answer.
  public enum Meaning: Sendable {
    /// The kernel did what was asked.
    case acknowledged
    /// It refused, with an error number and perhaps a sentence.
    case failed(errno: Int32, text: String?)
    /// All parts of a dump have come.
    case done
    /// The socket's buffer was too small for what was to come.
    case overrun
    case nothing
    /// An object, or news of one.
    case content
  }

  /// Throws: ``NetlinkFormatError``.
  public func meaning() throws(NetlinkFormatError) -> Meaning {
    switch type {
    case ControlType.nothing: return .nothing
    case ControlType.overrun: return .overrun
    case ControlType.error:
      guard let number = payload.hostInteger(at: 0, as: Int32.self) else { throw .truncated("acknowledgement") }
      return number == 0 ? .acknowledged : .failed(errno: Self.errorNumber(number), text: try acknowledgementText())
    case ControlType.done:
      // Older kernels send no number with it.
      guard let number = payload.hostInteger(at: 0, as: Int32.self), number < 0 else { return .done }
      let text = flags.contains(.extendedAcknowledgement) ? try Attributes(payload.dropFirst(4)).text(1) : nil
      return .failed(errno: Self.errorNumber(number), text: text)
    default: return .content
    }
  }

  /// The positive error number, also of a value that no kernel sends.
  private static func errorNumber(_ number: Int32) -> Int32 {
    number == .min ? .max : abs(number)
  }

  /// NLMSGERR_ATTR_MSG, and NLMSGERR_ATTR_MISS_TYPE where the kernel says no more than that.
  private func acknowledgementText() throws(NetlinkFormatError) -> String? {
    guard flags.contains(.extendedAcknowledgement) else { return nil }
    // The number, then the header of the request and, unless it was left out, what followed it.
    guard let length = payload.hostInteger(at: 4, as: UInt32.self) else { throw .truncated("acknowledgement") }
    let echo = flags.contains(.capped) ? Self.headerSize : (Int(length) + 3) & ~3
    let attributes = try Attributes(payload.dropFirst(4 + echo))
    if let text = attributes.text(1) { return text }
    return attributes.integer(5, as: UInt32.self).map { "attribute \($0) is missing" }
  }

  private enum ControlType {
    static let nothing: UInt16 = 1
    static let error: UInt16 = 2
    static let done: UInt16 = 3
    static let overrun: UInt16 = 4
  }
}

extension ReceivedNetlinkMessage {
  /// The fixed part of the payload and the attributes after it. Throws: ``NetlinkFormatError`` when the part is not
  /// all there.
  func parts(fixed size: Int, _ name: String) throws(NetlinkFormatError) -> (ArraySlice<UInt8>, Attributes) {
    guard payload.count >= size else { throw .truncated(name) }
    return (payload.prefix(size), try Attributes(payload.dropFirst((size + 3) & ~3)))
  }
}

extension ArraySlice<UInt8> {
  /// A field of a fixed part whose size was checked.
  func field<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type = Value.self) -> Value {
    hostInteger(at: offset) ?? 0
  }
}
