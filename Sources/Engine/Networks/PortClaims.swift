import ContainerNetwork
import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Logging
import NIOCore
import NetworkAddresses
import Synchronization

/// The ports of this machine that containers have, each held by a socket so that no other program takes it.
final class PortClaims: Sendable {
  /// A port that is held until the last reference goes.
  final class Claim: Sendable {
    let port: UInt16
    private let reservation: SharedDescriptor
    private let relay = Mutex<PortRelay?>(nil)

    init(_ reservation: consuming PortReservation) {
      port = reservation.port
      self.reservation = SharedDescriptor(reservation.take())
    }

    /// Relays what the kernel does not lead from the port to its container, if there is such.
    func relay(_ port: PublishedPort, on loops: any EventLoopGroup, _ logger: Logger) throws {
      guard port.isRelayed, PortRelay.isAble(port.transport) else { return }
      let new = try PortRelay(reservation.descriptor.duplicate(), port, on: loops, logger)
      relay.withLock { $0 = new }
    }

    /// Ends the relay. Blocking.
    func end() {
      relay.withLock { $0.take() }?.end()
    }
  }

  private let claims = Mutex<[ContainerID: [Claim]]>([:])

  func keep(_ new: [Claim], for container: ContainerID) {
    claims.withLock { $0[container, default: []] += new }
  }

  func release(_ container: ContainerID) {
    for claim in claims.withLock({ $0.removeValue(forKey: container) }) ?? [] { claim.end() }
  }

  /// Lets go of single ports.
  func release(_ ports: Set<UInt16>, of container: ContainerID) {
    let released = claims.withLock { claims in
      let released = claims[container]?.filter { ports.contains($0.port) } ?? []
      claims[container]?.removeAll { ports.contains($0.port) }
      return released
    }
    for claim in released { claim.end() }
  }

  /// Takes the first free port of what a plan allows.
  ///
  /// - Parameter owner: Says which container has a port, if one has: its claim is known by no socket after a restart.
  ///
  /// Throws: `conflict` in Docker's words when none is free.
  static func claim(
    _ plan: PublishedPortPlan, at address: IPAddress, for target: IPAddress,
    owner: (TransportProtocol, IPAddress, UInt16) -> ContainerID?
  ) throws -> Claim {
    guard let range = plan.hostPorts else {
      return Claim(try PortReservation(plan.transport.reservation, address, port: 0))
    }
    var failure: any Error = ClassifiedError(.conflict, "no port")
    for port in range {
      let place = address.family == .version4 ? "\(address):\(port)" : "[\(address)]:\(port)"
      guard owner(plan.transport, address, port) == nil else {
        failure = ClassifiedError(.system, "Bind for \(place) failed: port is already allocated")
        continue
      }
      do throws(SystemError) {
        return Claim(try PortReservation(plan.transport.reservation, address, port: port))
      } catch {
        let target = "\(target):\(plan.containerPort)/\(plan.transport.rawValue)"
        failure = ClassifiedError(.system, "failed to bind host port for \(place):\(target): \(error.reason)")
      }
    }
    throw failure
  }
}

extension TransportProtocol {
  fileprivate var reservation: PortReservation.Transport {
    switch self {
    case .tcp: .tcp
    case .udp: .udp
    case .sctp: .sctp
    }
  }
}
