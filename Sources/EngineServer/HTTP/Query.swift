import Diagnostics
import EngineAPI

/// The query of a request, read the way Docker's server reads it.
struct Query: Sendable {
  private let items: [(name: String, value: String)]

  /// Throws: kind `invalid` for a broken escape.
  init(_ text: Substring) throws {
    items = try text.split(separator: "&").map { item in
      let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = percentDecoded(parts[0], plusIsSpace: true),
        let value = percentDecoded(parts.count == 2 ? parts[1] : "", plusIsSpace: true)
      else { throw ClassifiedError(.invalid, "malformed query: \(item)") }
      return (name, value)
    }
  }

  /// The first value of a name, as it is written; nil when it is missing.
  subscript(name: String) -> String? {
    items.first { $0.name == name }?.value
  }

  /// The first value of a name; nil also when it is empty.
  func text(_ name: String) -> String? {
    self[name].flatMap { $0.isEmpty ? nil : $0 }
  }

  func all(_ name: String) -> [String] {
    items.filter { $0.name == name }.map(\.value)
  }

  /// Anything but nothing, `0`, `no`, `false` and `none` means yes.
  func flag(_ name: String, default isOn: Bool = false) -> Bool {
    guard let value = self[name] else { return isOn }
    return !["", "0", "no", "false", "none"].contains(value.lowercased())
  }

  /// Throws: kind `invalid` when the value is not a whole number.
  func integer(_ name: String) throws -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text) else {
      throw ClassifiedError(.invalid, "invalid value \"\(text)\" for \(name): not a whole number")
    }
    return value
  }

  /// Unix time as seconds with up to nine decimals, in nanoseconds. Throws: kind `invalid` for anything else.
  func instant(_ name: String) throws -> Int64? {
    guard let text = text(name), text != "0" else { return nil }
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? String(parts[1].prefix(9)) : ""
    let padded = decimals + String(repeating: "0", count: 9 - decimals.count)
    guard let seconds = Int64(parts[0]), let nanoseconds = Int64(padded), nanoseconds >= 0,
      case let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000), !overflow
    else { throw ClassifiedError(.invalid, "invalid value \"\(text)\" for \(name): not a Unix time") }
    return scaled + nanoseconds
  }

  /// Throws: kind `unsupported` when one of the names is there: what is not done is not passed over in silence.
  func refuse(_ names: String...) throws {
    for name in names {
      if let value = text(name) {
        throw ClassifiedError(.unsupported, "the query \(name) is not supported yet", object: "\(name)=\(value)")
      }
    }
  }

  /// Throws: kind `invalid` when the value is not JSON of either form.
  func filters() throws -> Filters {
    guard let text = text("filters") else { return Filters() }
    do {
      return try Filters(json: text)
    } catch {
      throw ClassifiedError(.invalid, "\(error)")
    }
  }
}
