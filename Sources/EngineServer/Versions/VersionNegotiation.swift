import Diagnostics
import EngineAPI

/// Which version of the API a request is served in.
enum VersionNegotiation {
  /// A path without a version means the newest one. Throws: kind `invalid`, in the words that clients look for.
  static func version(asked: APIVersion?) throws -> APIVersion {
    guard let asked else { return .maximum }
    if asked > .maximum {
      throw ClassifiedError(
        .invalid, "client version \(asked) is too new. Maximum supported API version is \(APIVersion.maximum)")
    }
    if asked < .minimum {
      throw ClassifiedError(
        .invalid,
        "client version \(asked) is too old. Minimum supported API version is \(APIVersion.minimum), "
          + "please upgrade your client to a newer version")
    }
    return asked
  }
}
