import EngineAPI

// How answers differ for clients that ask for an older version than the one our types follow. One function for each
// difference, named for the version that brought the change.

extension APIVersion {
  /// Since 1.42 an attached stream says in its content type whether it is framed.
  var streamTypeTellsFraming: Bool { self >= APIVersion(1, 42) }

  /// Since 1.44 images no longer carry `VirtualSize`.
  var hasVirtualSize: Bool { self < APIVersion(1, 44) }
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
