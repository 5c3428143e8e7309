import Diagnostics
import EngineAPI

/// The filters of lists of networks.
struct NetworkFilter {
  private let filters: Filters
  private let until: Timestamp?

  /// Throws: `invalid` for a filter that does not exist, or a value that it does not take.
  init(_ filters: Filters, isForPruning: Bool = false) throws(ClassifiedError) {
    self.filters = filters
    let known =
      isForPruning ? ["until", "label", "label!"] : ["dangling", "driver", "id", "label", "name", "scope", "type"]
    for key in filters.keys where !known.contains(key) {
      throw ClassifiedError(.invalid, "invalid filter '\(key)'")
    }
    for value in filters["type"] where !["custom", "builtin"].contains(value) {
      throw ClassifiedError(.invalid, "invalid filter 'type=\(value)'")
    }
    for value in filters["dangling"] where !["true", "false", "1", "0"].contains(value.lowercased()) {
      throw ClassifiedError(.invalid, "invalid filter 'dangling=[\(value)]'")
    }
    // Both at once would be neither.
    guard Set(filters["dangling"].map { ["true", "1"].contains($0.lowercased()) }).count < 2 else {
      throw ClassifiedError(.invalid, "invalid filter 'dangling=[\(filters["dangling"].joined(separator: " "))]'")
    }
    guard filters["until"].count < 2 else { throw ClassifiedError(.invalid, "more than one until filter specified") }
    guard let text = filters["until"].first else {
      until = nil
      return
    }
    guard
      let time = Timestamp(rfc3339: text) ?? Int64(text).map({ Timestamp(nanoseconds: $0 * 1_000_000_000) })
        ?? Timestamp(ago: text, now: .now)
    else {
      throw ClassifiedError(.invalid, "invalid filter 'until=\(text)'")
    }
    until = time
  }

  func matches(_ network: NetworkDefinition, isDangling: Bool) -> Bool {
    func holds(_ key: String, _ test: (String) -> Bool) -> Bool {
      let values = filters[key]
      return values.isEmpty || values.contains(where: test)
    }
    let shown = network.shown
    let created = Timestamp(rfc3339: shown.created)?.nanoseconds ?? 0
    return holds("driver") { $0 == shown.driver } && holds("scope") { $0 == shown.scope }
      && holds("id") { isName(shown.id, like: $0) } && holds("name") { isName(shown.name, like: $0) }
      && holds("type") { ($0 == "builtin") == network.isPredefined }
      && holds("dangling") { ["true", "1"].contains($0.lowercased()) == (isDangling && !network.isPredefined) }
      && filters["label"].allSatisfy { has(label: $0, shown.labels) }
      && filters["label!"].allSatisfy { !has(label: $0, shown.labels) }
      && until.map { created < $0.nanoseconds } ?? true
  }

  private func has(label: String, _ labels: [String: String]) -> Bool {
    let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard let held = labels[String(parts[0])] else { return false }
    return parts.count < 2 || held == parts[1]
  }
}
