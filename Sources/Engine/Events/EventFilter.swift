import Diagnostics
import EngineAPI

/// Which events a client wants (`GET /events?filters=`): for each key one of its values must fit.
struct EventFilter: Sendable {
  private let filters: Filters

  private static let knownKeys: Set<String> = [
    "config", "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "secret",
    "service", "type", "volume",
  ]

  /// Throws: `invalid` for a key that does not exist.
  init(_ filters: Filters) throws(ClassifiedError) {
    do {
      try filters.requireKeys(EventFilter.knownKeys)
    } catch {
      throw ClassifiedError(.invalid, "\(error)")
    }
    self.filters = filters
  }

  func matches(_ event: EventMessage) -> Bool {
    filters.keys.allSatisfy { key in
      filters[key].isEmpty || filters[key].contains { EventFilter.matches(event, key, $0) }
    }
  }

  private static func matches(_ event: EventMessage, _ key: String, _ value: String) -> Bool {
    let attributes = event.actor.attributes
    switch key {
    case "event":
      // `exec_start: sh -c true` is found by `exec_start`.
      return event.action == value || event.action.hasPrefix(value + ":")
    case "type": return event.type == value
    case "scope": return event.scope == value
    case "label":
      let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let held = attributes[String(parts[0])] else { return false }
      return parts.count == 1 || held == parts[1]
    case "image":
      let names = event.type == "image" ? [event.actor.id, attributes["name"]] : [attributes["image"]]
      return names.contains { $0 == value || $0?.hasPrefix(value + ":") == true }
    default:
      // The other keys are kinds of objects: the value is an id, the beginning of one, or a name.
      return event.type == key && (event.actor.id.hasPrefix(value) || attributes["name"] == value)
    }
  }
}
