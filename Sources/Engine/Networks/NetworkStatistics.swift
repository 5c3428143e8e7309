import ContainerNetwork
import EngineAPI

/// What went through the interfaces of containers.
extension Networks {
  /// By the names of the interfaces that we have made; nil: the container is in no network any more. On the thread of
  /// changes.
  func statistics(of container: ContainerID) throws -> [String: InterfaceStatistics]? {
    guard let grant = grant(of: container) else { return nil }
    let own = Set(grant.endpoints.map { $0.interface(mtu: nil).name })
    let counters = try NetworkSandbox(at: grant.sandboxKey).counters().filter { own.contains($0.key) }
    return counters.mapValues { counters in
      var shown = InterfaceStatistics()
      (shown.receivedBytes, shown.sentBytes) = (counters.receivedBytes, counters.sentBytes)
      (shown.receivedPackets, shown.sentPackets) = (counters.receivedPackets, counters.sentPackets)
      (shown.receiveErrors, shown.sendErrors) = (counters.receiveErrors, counters.sendErrors)
      (shown.receiveDrops, shown.sendDrops) = (counters.receiveDrops, counters.sendDrops)
      return shown
    }
  }
}
