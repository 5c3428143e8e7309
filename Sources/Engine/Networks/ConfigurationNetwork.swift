import Diagnostics
import EngineAPI
import Synchronization

/// Networks that hold configuration only, and those that take it from them (`--config-only`, `--config-from`).
extension Networks {
  /// A request with the configuration that it names filled in.
  ///
  /// Throws: `forbidden` when it brings its own, `notFound` and `invalid` about the network that it names.
  func resolved(_ request: NetworkCreateRequest) throws(ClassifiedError) -> NetworkCreateRequest {
    guard let name = request.configFrom?.network, !name.isEmpty else { return request }
    try Self.checkTakesAll(request)
    guard let source = table.withLock({ $0.all.first { $0.name == name } }) else {
      throw ClassifiedError(.notFound, "configuration network \"\(name)\" not found")
    }
    try require(source.shown.isConfigOnly, "network \"\(name)\" is not a configuration network")
    var request = request
    request.enableIPv4 = source.shown.enableIPv4
    request.enableIPv6 = source.shown.enableIPv6
    request.ipam = source.shown.ipam
    request.options = source.shown.options
    request.labels = source.shown.labels
    return request
  }

  private static func checkTakesAll(_ request: NetworkCreateRequest) throws(ClassifiedError) {
    guard !request.isConfigOnly else {
      throw ClassifiedError(.forbidden, "a configuration network cannot depend on another configuration network")
    }
    let hasOwn =
      request.ipam?.config?.contains { $0 != IPAMPool() } == true || request.enableIPv4 == false
      || request.enableIPv6 == true || request.labels?.isEmpty == false
    guard !hasOwn else {
      throw ClassifiedError(
        .forbidden, "user specified configurations are not supported if the network depends on a configuration network")
    }
    guard request.options?.isEmpty != false else {
      throw ClassifiedError(
        .forbidden, "network driver options are not supported if the network depends on a configuration network")
    }
  }

  /// Throws: `forbidden` when other networks have their configuration from this one.
  func checkIsNoSource(_ definition: NetworkDefinition) throws(ClassifiedError) {
    guard definition.shown.isConfigOnly,
      table.withLock({ $0.all.contains { $0.shown.configFrom.network == definition.name } })
    else { return }
    throw ClassifiedError(.forbidden, "configuration network \"\(definition.name)\" is in use")
  }
}
