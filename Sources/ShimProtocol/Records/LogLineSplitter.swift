/// Cuts a stream of output into log records: a record a line, and lines of 16 KiB and more into pieces.
///
/// As Docker's: a piece that does not end its line is a record whose text has no newline at its end, and so is what
/// the stream ends with when it does not end with a newline.
public struct LogLineSplitter: Sendable {
  /// The most bytes of a line in one record.
  public static let maximumText = 16 * 1024

  /// The beginning of a line whose end has not come yet; less than `maximumText` bytes.
  private var pending: [UInt8] = []

  public init() {}

  /// Passes each record that `chunk` completes to `record`: its text without the newline, and whether one follows.
  public mutating func split(_ chunk: ArraySlice<UInt8>, record: (ArraySlice<UInt8>, _ endsLine: Bool) -> Void) {
    var rest = chunk
    while !rest.isEmpty {
      let window = rest.prefix(Self.maximumText - pending.count)
      if let newline = Self.newline(in: window) {
        emit(rest[..<newline], endsLine: true, record: record)
        rest = rest[(newline + 1)...]
      } else if pending.count + window.count == Self.maximumText {
        emit(window, endsLine: false, record: record)
        rest = rest[window.endIndex...]
      } else {
        pending += window
        return
      }
    }
  }

  private static func newline(in text: ArraySlice<UInt8>) -> Int? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == UInt8(ascii: "\n") { return index }
      index += 1
    }
    return nil
  }

  /// Passes on what is left when the stream has ended.
  public mutating func finish(record: (ArraySlice<UInt8>, _ endsLine: Bool) -> Void) {
    guard !pending.isEmpty else { return }
    record(pending[...], false)
    pending = []
  }

  private mutating func emit(
    _ end: ArraySlice<UInt8>, endsLine: Bool, record: (ArraySlice<UInt8>, _ endsLine: Bool) -> Void
  ) {
    guard !pending.isEmpty else { return record(end, endsLine) }
    pending += end
    record(pending[...], endsLine)
    pending.removeAll(keepingCapacity: pending.capacity <= 4096)
  }
}
