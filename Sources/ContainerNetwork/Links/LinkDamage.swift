public import NetworkAddresses

import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import Synchronization

/// What is missing of our links.
public enum LinkDamage: Sendable, Hashable, CustomStringConvertible {
  case bridgeGone(String)
  case bridgeOff(String)
  case addressGone(InterfaceAddress, bridge: String)
  case cableGone(String)
  case cableUnplugged(String)
  case cableUnchecked(String)
  case cableWithoutReturn(String)

  public var description: String {
    switch self {
    case .bridgeGone(let name): "the bridge \(name) was gone"
    case .bridgeOff(let name): "the bridge \(name) was switched off"
    case .addressGone(let address, let bridge): "the bridge \(bridge) lacked its address \(address)"
    case .cableGone(let name): "the cable \(name) was gone"
    case .cableUnplugged(let name): "the cable \(name) was unplugged"
    case .cableWithoutReturn(let name): "nothing came back by the cable \(name) that had come in by it"
    case .cableUnchecked(let name): "what comes out of the cable \(name) was not checked"
    }
  }
}

/// A cable as it should be: the name of its end that is here, the bridge that this is plugged into, and what may come out.
public struct Cable: Sendable {
  public var name: String
  public var bridge: String
  public var sender: SenderCheck

  public init(_ name: String, bridge: String, sender: SenderCheck) {
    self.name = name
    self.bridge = bridge
    self.sender = sender
  }
}

extension HostLinks {
  /// Compares what there is with what there should be.
  public func damage(of bridges: [Bridge], cables: [Cable]) throws -> [LinkDamage] {
    let (links, addresses) = try socket.withLock { socket in
      (try socket.dump(.links()), try socket.dump(.addresses()))
    }
    let byName = Dictionary(links.map { ($0.name, $0) }) { first, _ in first }
    var damage: [LinkDamage] = []
    for bridge in bridges {
      guard let link = byName[bridge.name], link.kind == "bridge" else {
        damage.append(.bridgeGone(bridge.name))
        continue
      }
      if !link.isUp { damage.append(.bridgeOff(bridge.name)) }
      let present = addresses.filter { $0.link == link.index }.map(\.address)
      damage += bridge.gateways.filter { !present.contains($0) }.map { .addressGone($0, bridge: bridge.name) }
    }
    let needsReturn = try KernelSettings.bridgesCallFilter
    for cable in cables {
      guard let link = byName[cable.name] else {
        damage.append(.cableGone(cable.name))
        continue
      }
      // Of a bridge that is gone, all cables are unplugged: that is said once.
      guard let bridge = byName[cable.bridge] else { continue }
      if link.master != bridge.index { damage.append(.cableUnplugged(cable.name)) }
      if needsReturn, link.bridgePort?.hairpin == false { damage.append(.cableWithoutReturn(cable.name)) }
      if try !isChecked(link, cable.sender) { damage.append(.cableUnchecked(cable.name)) }
    }
    return damage
  }

  private func isChecked(_ link: LinkInfo, _ sender: SenderCheck) throws -> Bool {
    let program = sender.program
    do {
      let filters = try socket.withLock { socket throws(SystemError) in
        try socket.dump(.filters(.incoming, of: link.index))
      }
      return filters.contains { $0.program == program }
    } catch {
      // Without a qdisc for filters there are none; and the link may have gone by now, which is told.
      guard error.errno == EINVAL || error.kind == .notFound else { throw error }
      return false
    }
  }
}
