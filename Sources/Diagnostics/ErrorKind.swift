/// What kind of fault an error is, seen from whoever asked.
///
/// The set is closed: every error that leaves a room has one of these kinds, and one table in
/// `EngineServer` maps them to HTTP statuses.
public enum ErrorKind: String, Sendable, CaseIterable {
  /// The named object does not exist.
  case notFound
  /// The request itself is wrong: a malformed name, value or combination.
  case invalid
  /// The request fits badly with the present state: a name taken, a container still running.
  case conflict
  /// The object is already in the state asked for.
  case notModified
  /// The caller may not do this.
  case forbidden
  /// Credentials are missing or wrong.
  case unauthorized
  /// The option or feature is not there (on this host, or in this version).
  case unsupported
  /// Something that is needed does not answer now: a registry, the network, a shim.
  case unavailable
  /// Whoever asked went away or gave up.
  case cancelled
  /// Stored content is damaged or does not match its digest.
  case dataLoss
  /// Anything else: the kernel refused, a bug.
  case system
}
