public import EngineAPI

import Cgroups
import ContainerNetwork
import Diagnostics
import LinuxKernel
import Logging
import NIOPosix

/// What containers use: read from their cgroups and interfaces when somebody asks.
extension Engine {
  /// One reading. Unless it is `oneShot`, a second follows after a second, so that the use of processors can be told.
  public func containerStatistics(_ name: String, oneShot: Bool) async throws -> ContainerStatistics {
    let container = try containers.find(name)
    let first = try await statistics(of: container, after: nil)
    guard !oneShot, container.state.isRunning else { return first }
    try await Task.sleep(for: .seconds(1))
    return try await statistics(of: container, after: first)
  }

  /// Readings, one a second, until the container is removed.
  public func streamContainerStatistics(
    _ name: String, emit: @Sendable @escaping (ContainerStatistics) async throws -> Void
  ) async throws {
    let container = try containers.find(name)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        var last: ContainerStatistics?
        while true {
          let next = try await statistics(of: container, after: last)
          try await emit(next)
          last = next
          try await Task.sleep(for: .seconds(1))
        }
      }
      group.addTask {
        while true {
          // In this order: whoever comes after the end has nothing to wait for. A removal that failed ends a wait, too.
          let removal = container.wait(.removed)
          if container.state.isRemoved { return }
          _ = try await removal.value
        }
      }
      // Whichever ends first ends both.
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func statistics(
    of container: Container, after last: ContainerStatistics?
  ) async throws -> ContainerStatistics {
    var answer = ContainerStatistics()
    (answer.name, answer.id) = ("/\(container.name)", container.id.text)
    guard container.state.isRunning else { return answer }
    let (cgroups, path) = (cgroups, cgroupPath(of: container))
    let usage = try await threads.runIfActive { (try cgroups.statistics(of: path), try MachineUsage()) }
    // It has ended meanwhile, and its cgroup is gone.
    guard usage.0.cpu != nil || usage.0.memory != nil else { return answer }
    answer.take(usage.0, usage.1, isVersion1: facts.cgroupVersion == 1)
    answer.read = Timestamp.now.rfc3339
    if let last, last.cpu.system != nil { (answer.previousRead, answer.previousCPU) = (last.read, last.cpu) }
    answer.networks = try await interfaces(of: container)
    answer.networkBandwidth = try await bandwidth(of: container)
    return answer
  }

  /// What went through a container's interfaces, or through those of the container whose network it shares. Nil: it has
  /// the machine's, or none.
  private func interfaces(of container: Container) async throws -> [String: InterfaceStatistics]? {
    var owner = container.id
    if case .container(let name) = try settledPlan(of: container).network.mode {
      guard let other = try? containers.find(name) else { return nil }
      owner = other.id
    }
    let (networks, id) = (networks, owner)
    guard networks.grant(of: id) != nil else { return nil }
    do {
      return try await networks.change { try networks.statistics(of: id) }
    } catch {
      // Its shim may have ended just now, and the namespace with it.
      logger.debug("container \(id): its interfaces cannot be read: \(explanation(of: error))")
      return nil
    }
  }
}

extension Engine {
  /// What a container's limits have let pass and held back; nil: it has none.
  private func bandwidth(of container: Container) async throws -> NetworkBandwidthStatistics? {
    let (networks, id) = (networks, container.id)
    guard networks.record(of: id)?.bandwidth != nil else { return nil }
    do {
      return try await networks.change { try networks.bandwidthStatistics(of: id) }.map(NetworkBandwidthStatistics.init)
    } catch {
      logger.debug("container \(id): its limits cannot be read: \(explanation(of: error))")
      return nil
    }
  }
}

extension NetworkBandwidthStatistics {
  fileprivate init(_ found: BandwidthStatistics) {
    func way(_ found: BandwidthStatistics.Way) -> Way {
      var way = Way()
      (way.bytes, way.packets, way.droppedPackets) = (found.bytes, found.packets, found.dropped)
      (way.delayed, way.waitingBytes, way.waitingPackets) = (found.overlimits, found.backlog, found.queued)
      return way
    }
    self.init()
    (receive, transmit) = (found.received.map(way), found.sent.map(way))
  }
}

extension ContainerState {
  fileprivate var isRemoved: Bool {
    if case .removed = self { true } else { false }
  }
}
