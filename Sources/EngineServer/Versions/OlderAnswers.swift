import EngineAPI

// How answers differ for clients that ask for an older version than the one our types follow. One function for each
// difference, named for the version that brought the change.

extension APIVersion {
  /// Since 1.42 an attached stream says in its content type whether it is framed.
  var streamTypeTellsFraming: Bool { self >= APIVersion(1, 42) }

  /// Since 1.44 images no longer carry `VirtualSize`.
  var hasVirtualSize: Bool { self < APIVersion(1, 44) }
}

extension ContainerInspect {
  /// Until 1.44 the aliases in a named network tell the container's short id and its host name as well.
  func asOf(_ version: APIVersion) -> ContainerInspect {
    var container = self
    guard version < APIVersion(1, 45) else { return container }
    for name in networkSettings.networks.keys where !["bridge", "host", "none", "default"].contains(name) {
      var aliases = networkSettings.networks[name]?.aliases ?? []
      for alias in [String(id.prefix(12)), config.hostname] where !alias.isEmpty && !aliases.contains(alias) {
        aliases.append(alias)
      }
      container.networkSettings.networks[name]?.aliases = aliases
    }
    return container
  }
}

extension ImageSummary {
  func asOf(_ version: APIVersion) -> ImageSummary {
    var summary = self
    if version.hasVirtualSize { summary.virtualSize = size }
    return summary
  }
}

extension ImageInspect {
  func asOf(_ version: APIVersion) -> ImageInspect {
    var image = self
    if version.hasVirtualSize {
      image.virtualSize = size
      image.created = created ?? "0001-01-01T00:00:00Z"
    }
    return image
  }
}
