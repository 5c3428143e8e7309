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
    let transport: TransportProtocol
    let address: IPAddress
    let port: UInt16
    private let reservation: SharedDescriptor
    private let relay = Mutex<PortRelay?>(nil)

    /// Throws: EADDRINUSE and the like, as `PortReservation`.
    init(_ transport: TransportProtocol, _ address: IPAddress, port: UInt16) throws(SystemError) {
      let reservation = try PortReservation(transport.reservation, address, port: port)
      (self.transport, self.address) = (transport, address)
      self.port = reservation.port
      self.reservation = SharedDescriptor(reservation.take())
    }

    /// Relays what the kernel does not lead from the port to its container, if there is such.
    /// What was relayed before is so no longer.
    func relay(_ port: PublishedPort, on loops: any EventLoopGroup, _ logger: Logger) throws {
      end()
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
    close { $0.removeValue(forKey: container) ?? [] }
  }

  /// Lets go of single ports.
  func release(_ ports: [PublishedPort], of container: ContainerID) {
    func isGivenBack(_ claim: Claim) -> Bool {
      ports.contains {
        $0.transport == claim.transport && $0.hostAddress == claim.address && $0.hostPort == claim.port
      }
    }
    close { claims in
      let held = claims[container, default: []]
      claims[container] = held.filter { !isGivenBack($0) }
      return held.filter(isGivenBack)
    }
  }

  /// Whether a container has a port already, or one whose address covers it.
  func has(_ transport: TransportProtocol, _ address: IPAddress, _ port: UInt16, for container: ContainerID) -> Bool {
    claims.withLock { claims in
      claims[container, default: []].contains { claim in
        claim.transport == transport && claim.port == port && claim.address.family == address.family
          && (claim.address == address || claim.address.isUnspecified || address.isUnspecified)
      }
    }
  }

  /// Relays ports that are held to where they lead now.
  func relay(
    _ ports: [PublishedPort], of container: ContainerID, on loops: any EventLoopGroup, _ logger: Logger
  ) throws {
    let held = claims.withLock { $0[container] ?? [] }
    for port in ports {
      let claim = held.first {
        $0.transport == port.transport && $0.address == port.hostAddress && $0.port == port.hostPort
      }
      try claim?.relay(port, on: loops, logger)
    }
  }

  /// Whoever asks for a port that was given back gets it at once.
  private func close(_ take: (inout [ContainerID: [Claim]]) -> [Claim]) {
    var released = claims.withLock { take(&$0) }
    for claim in released { claim.end() }
    Spawn.closingWithoutCopies { released = [] }
  }

  /// Takes the first free port of what a plan allows.
  ///
  /// - Parameter isTaken: Says whether a container has a port: its claim is known by no socket after a restart.
  ///
  /// Throws: in Docker's words when none is free.
  static func claim(
    _ plan: PublishedPortPlan, at address: IPAddress, for target: IPAddress,
    isTaken: (TransportProtocol, IPAddress, UInt16) -> Bool
  ) throws -> Claim {
    guard let range = plan.hostPorts else {
      do throws(SystemError) {
        return try Claim(plan.transport, address, port: 0)
      } catch {
        throw lackOfProtocol(error, plan) ?? error
      }
    }
    var failure: any Error = ClassifiedError(.conflict, "no port")
    for port in range {
      let place = address.family == .version4 ? "\(address):\(port)" : "[\(address)]:\(port)"
      guard !isTaken(plan.transport, address, port) else {
        failure = ClassifiedError(.system, "Bind for \(place) failed: port is already allocated")
        continue
      }
      do throws(SystemError) {
        return try Claim(plan.transport, address, port: port)
      } catch {
        if let lack = lackOfProtocol(error, plan) { throw lack }
        let target = "\(target):\(plan.containerPort)/\(plan.transport.rawValue)"
        failure = ClassifiedError(.system, "failed to bind host port for \(place):\(target): \(error.reason)")
      }
    }
    throw failure
  }

  /// What is said where the kernel lacks the whole protocol; nil: it has it.
  private static func lackOfProtocol(_ error: SystemError, _ plan: PublishedPortPlan) -> (any Error)? {
    guard error.errno == EPROTONOSUPPORT else { return nil }
    let name = plan.transport.rawValue
    return ClassifiedError(
      .system, "port \(plan.containerPort)/\(name) cannot be published: this kernel has no \(name.uppercased())",
      advice: "load the module \(name) (modprobe \(name)), or leave the port unpublished")
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
