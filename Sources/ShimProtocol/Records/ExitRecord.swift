/// How a container or an exec ended.
///
/// The shim writes it as text, so that a person can read it too:
///
///     exit-record 1
///     code 137
///     signal 9
///     oom-killed yes
///     finished 1700000000123456789
///     reason
///     end
public struct ExitRecord: Equatable, Sendable {
  /// 0 to 255; 128 + signal for a process that a signal ended.
  public let code: UInt8
  /// The signal that ended it, or 0.
  public let signal: UInt8
  /// Whether the kernel killed a process of the container for lack of memory.
  public let oomKilled: Bool
  /// Unix time in nanoseconds.
  public let finished: Int64
  /// What else there is to say, on one line; mostly empty.
  public let reason: String

  public init(code: UInt8, signal: UInt8 = 0, oomKilled: Bool = false, finished: Int64, reason: String = "") {
    self.code = code
    self.signal = signal
    self.oomKilled = oomKilled
    self.finished = finished
    self.reason = reason
  }

  /// The record as a file's content.
  public var text: String {
    let line = String(reason.map { $0.isNewline ? " " : $0 })
    return """
      exit-record 1
      code \(code)
      signal \(signal)
      oom-killed \(oomKilled ? "yes" : "no")
      finished \(finished)
      reason \(line)
      end

      """
  }

  /// Reads a file's content. Throws `invalidValue` naming the line that is wrong or missing: also for a file cut short.
  public init(parsing text: some StringProtocol) throws(ProtocolError) {
    var lines = Lines(rest: text.split(separator: "\n", omittingEmptySubsequences: false)[...])
    guard try lines.value(of: "exit-record") == "1" else { throw .invalidValue(field: "exit-record") }
    code = try lines.integer("code")
    signal = try lines.integer("signal")
    switch try lines.value(of: "oom-killed") {
    case "yes": oomKilled = true
    case "no": oomKilled = false
    default: throw .invalidValue(field: "oom-killed")
    }
    finished = try lines.integer("finished")
    reason = String(try lines.value(of: "reason"))
    guard lines.rest.first == "end" else { throw .invalidValue(field: "end") }
  }

  init(from reader: inout PayloadReader) throws(ProtocolError) {
    code = try reader.integer("exit code")
    signal = try reader.integer("exit signal")
    oomKilled = try reader.flag("out of memory")
    finished = try reader.integer("finished")
    reason = try reader.string("reason")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(code)
    writer.put(signal)
    writer.put(oomKilled)
    writer.put(finished)
    writer.put(reason)
  }
}

/// Lines of `key value`, in a fixed order.
private struct Lines<Text: StringProtocol> {
  var rest: ArraySlice<Text>

  mutating func value(of key: String) throws(ProtocolError) -> Text.SubSequence {
    guard let line = rest.popFirst(), line.hasPrefix(key + " ") else { throw .invalidValue(field: key) }
    return line.dropFirst(key.count + 1)
  }

  mutating func integer<Value: FixedWidthInteger>(_ key: String) throws(ProtocolError) -> Value {
    guard let value = Value(try value(of: key)) else { throw .invalidValue(field: key) }
    return value
  }
}
