public import NetworkAddresses

import ClassicBPF
import Netlink

/// What may come out of a container's cable: frames from its own hardware address, and in them its own addresses only. It
/// is a program of the kernel's at the host's end of the cable, where the container has no part in it, and goes with that.
///
/// Of the ways to look at each packet this is the one that costs least: a hundredth of a packet's way, where a rule of
/// nf_tables costs three.
public struct SenderCheck: Sendable, Hashable {
  public var macAddress: MACAddress
  public var addresses: [IPAddress]
  /// Where its packets may go, besides groups of receivers on the wire; nil: anywhere.
  public var destinations: [IPPrefix]?

  public init(macAddress: MACAddress, addresses: [IPAddress], destinations: [IPPrefix]? = nil) {
    self.macAddress = macAddress
    self.addresses = addresses
    self.destinations = destinations
  }

  var program: PacketProgram {
    var writer = SenderProgram(self)
    return writer.program()
  }

  fileprivate func addresses(_ family: IPAddress.Family) -> [IPAddress] {
    let own = addresses.filter { $0.family == family }
    guard family == .version6, !own.isEmpty else { return own }
    // Before an interface has an IPv6 address it asks from none whether somebody else has it (RFC 4862).
    return own + [macAddress.linkLocalAddress, .unspecified(.version6)]
  }

  /// Nil: anywhere. What stays on the wire in any case: RFC 4291 and RFC 5771's groups, link-local addresses, and 255.255.255.255.
  fileprivate func destinations(_ family: IPAddress.Family) -> [IPPrefix]? {
    guard let destinations else { return nil }
    let wire = family == .version4 ? ["224.0.0.0/4", "255.255.255.255/32"] : ["ff00::/8", "fe80::/10"]
    return destinations.filter { $0.family == family } + wire.compactMap { IPPrefix($0) }
  }
}

/// Writes the program of a check, from its end to its beginning.
private struct SenderProgram {
  private typealias Target = ProgramBuilder.Target

  private let macAddress: MACAddress
  private let version4: [IPAddress]
  private let version6: [IPAddress]
  private let destinations4: [IPPrefix]?
  private let destinations6: [IPPrefix]?
  private var builder = ProgramBuilder(capacity: 160)

  private let goOn = Target.outcome(PacketProgram.Verdict.goOn)
  private let drop = Target.outcome(PacketProgram.Verdict.drop)

  init(_ check: SenderCheck) {
    macAddress = check.macAddress
    version4 = check.addresses(.version4)
    version6 = check.addresses(.version6)
    destinations4 = check.destinations(.version4)
    destinations6 = check.destinations(.version6)
  }

  /// Where things are in a frame: IEEE 802.3, RFC 826, RFC 791, RFC 8200, RFC 4861.
  private enum Place {
    static let frameSource: UInt32 = 6
    static let type: UInt32 = 12
    static let arpSender: (mac: UInt32, address: UInt32) = (22, 28)
    static let ip4: (source: UInt32, destination: UInt32) = (26, 30)
    static let ip6: (nextHeader: UInt32, source: UInt32, destination: UInt32, payload: UInt32) = (20, 22, 38, 54)
    /// From the start of an ICMPv6 message on.
    static let neighbour: UInt32 = 8
  }

  private enum FrameType {
    static let ip4: UInt32 = 0x0800
    static let arp: UInt32 = 0x0806
    static let ip6: UInt32 = 0x86DD
    static let vlan: UInt32 = 0x8100
    static let serviceVLAN: UInt32 = 0x88A8
  }

  mutating func program() -> PacketProgram {
    let ip6 = writeIP6()
    let arp = writeARP()
    let ip4 = writeIP4()
    // A tag is off by now: one that is left stands behind another, and what is in it would be taken for a frame of its own.
    let other = writeFrameSource()
    builder.branch(BPFInstruction.jumpIfEqual, FrameType.vlan, then: drop, else: other)
    builder.branch(BPFInstruction.jumpIfEqual, FrameType.serviceVLAN, then: drop, else: builder.here)
    // The most frequent first.
    for (type, target) in [(FrameType.arp, arp), (FrameType.ip6, ip6), (FrameType.ip4, ip4)] {
      builder.branch(BPFInstruction.jumpIfEqual, type, then: target, else: builder.here)
    }
    builder.emit(BPFInstruction(code: BPFInstruction.loadHalf, operand: Place.type))
    return PacketProgram(builder.program)
  }

  // MARK: Parts

  private mutating func writeIP4() -> Target {
    let isFromHere = writeFrameSource()
    let goesThere = writeDestination(destinations4, at: Place.ip4.destination, then: isFromHere)
    let isAllowed = writeAny(of: version4, at: Place.ip4.source, then: goesThere, else: drop)
    // Published ports are reached by 127.0.0.1, so bridges route it (route_localnet): not for containers (CVE-2020-8558).
    builder.branch(BPFInstruction.jumpIfEqual, 0x7F00_0000, then: drop, else: isAllowed)
    builder.emit(.mask(0xFF00_0000))
    builder.emit(.load(offset: Place.ip4.destination))
    return builder.here
  }

  private mutating func writeARP() -> Target {
    let isFromHere = writeFrameSource()
    let isOwn = write(macAddress, at: Place.arpSender.mac, then: isFromHere, else: drop)
    return writeAny(of: version4, at: Place.arpSender.address, then: isOwn, else: drop)
  }

  private mutating func writeIP6() -> Target {
    let message = writeNeighbourMessage()
    let headers = writeDestination(destinations6, at: Place.ip6.destination, then: writeHeaders(before: message))
    let isFromHere = write(macAddress, at: Place.frameSource, then: headers, else: drop)
    return writeAny(of: version6, at: Place.ip6.source, then: isFromHere, else: drop)
  }

  private mutating func writeFrameSource() -> Target {
    write(macAddress, at: Place.frameSource, then: goOn, else: drop)
  }

  /// IPv6 has its neighbours' addresses told by ICMPv6: whose they are stands in the message, which begins where the index
  /// says.
  private mutating func writeNeighbourMessage() -> Target {
    let isOwn = writeAny(of: version6, at: Place.neighbour, isIndexed: true, then: goOn, else: drop)
    let (routerAdvertisement, neighbourAdvertisement, redirect): (UInt32, UInt32, UInt32) = (134, 136, 137)
    builder.branch(BPFInstruction.jumpIfEqual, neighbourAdvertisement, then: isOwn, else: goOn)
    // Containers are no routers.
    for type in [redirect, routerAdvertisement] {
      builder.branch(BPFInstruction.jumpIfEqual, type, then: drop, else: builder.here)
    }
    builder.emit(BPFInstruction(code: BPFInstruction.loadByteIndexed, operand: 0))
    return builder.here
  }

  /// Goes to the message past the headers that a receiver would go past, too: hop-by-hop, routing, destination options.
  /// Fragments of such messages nobody takes (RFC 6980).
  private mutating func writeHeaders(before message: Target) -> Target {
    let icmp6: UInt32 = 58
    let passable: [UInt32] = [0, 43, 60]
    // More of them are nobody's honest packet.
    let most = 4
    var next = drop
    for level in (0...most).reversed() {
      if level < most {
        // Behind this header: its first byte says of what kind the next one is, the second how long this one is, in units of
        // eight bytes besides the first eight.
        for step: (UInt16, UInt32) in [
          (BPFInstruction.restoreWord, 0), (BPFInstruction.moveToIndex, 0), (BPFInstruction.addIndex, 0),
          (BPFInstruction.shiftLeft, 3), (BPFInstruction.addConstant, 1), (BPFInstruction.loadByteIndexed, 1),
          (BPFInstruction.storeWord, 0), (BPFInstruction.loadByteIndexed, 0),
        ] {
          builder.emit(BPFInstruction(code: step.0, operand: step.1))
        }
        next = builder.here
      }
      for (index, kind) in passable.enumerated() {
        builder.branch(BPFInstruction.jumpIfEqual, kind, then: next, else: index == 0 ? goOn : builder.here)
      }
      builder.branch(BPFInstruction.jumpIfEqual, icmp6, then: message, else: builder.here)
    }
    builder.emit(BPFInstruction(code: BPFInstruction.loadByte, operand: Place.ip6.nextHeader))
    builder.emit(BPFInstruction(code: BPFInstruction.setIndex, operand: Place.ip6.payload))
    return builder.here
  }

  private mutating func writeDestination(_ allowed: [IPPrefix]?, at place: UInt32, then match: Target) -> Target {
    guard let allowed else { return match }
    var next = drop
    for prefix in allowed.reversed() {
      next = write(prefix.address.words, prefix.netmask.words, at: place, isIndexed: false, then: match, else: next)
    }
    return next
  }

  // MARK: Comparisons

  /// The place holds one of some addresses of one family.
  private mutating func writeAny(
    of addresses: [IPAddress], at place: UInt32, isIndexed: Bool = false, then match: Target, else fail: Target
  ) -> Target {
    var next = fail
    for address in addresses.reversed() {
      let whole = address.words.map { _ in UInt32.max }
      next = write(address.words, whole, at: place, isIndexed: isIndexed, then: match, else: next)
    }
    return next
  }

  private mutating func write(
    _ words: [UInt32], _ masks: [UInt32], at place: UInt32, isIndexed: Bool, then match: Target, else fail: Target
  ) -> Target {
    var next = match
    for (index, word) in words.enumerated().reversed() where masks[index] != 0 {
      builder.branch(BPFInstruction.jumpIfEqual, word, then: next, else: fail)
      if masks[index] != .max { builder.emit(.mask(masks[index])) }
      let code = isIndexed ? BPFInstruction.loadWordIndexed : BPFInstruction.loadWord
      builder.emit(BPFInstruction(code: code, operand: place + 4 * UInt32(index)))
      next = builder.here
    }
    return next
  }

  private mutating func write(_ mac: MACAddress, at place: UInt32, then match: Target, else fail: Target) -> Target {
    builder.branch(BPFInstruction.jumpIfEqual, UInt32(mac.number & 0xFFFF), then: match, else: fail)
    builder.emit(BPFInstruction(code: BPFInstruction.loadHalf, operand: place + 4))
    builder.branch(BPFInstruction.jumpIfEqual, UInt32(mac.number >> 16), then: builder.here, else: fail)
    builder.emit(.load(offset: place))
    return builder.here
  }
}

extension IPAddress {
  /// Its bits by 32, the most significant first.
  fileprivate var words: [UInt32] {
    stride(from: family.bitWidth - 32, through: 0, by: -32).map { UInt32(truncatingIfNeeded: number >> UInt128($0)) }
  }
}

extension MACAddress {
  /// The address that an interface takes by itself: fe80::/64 and the modified EUI-64. RFC 4291, appendix A.
  fileprivate var linkLocalAddress: IPAddress {
    var bytes = self.bytes
    bytes[0] ^= 2
    let identifier = bytes[..<3] + [0xFF, 0xFE] + bytes[3...]
    return IPAddress(bytes: [0xFE, 0x80, 0, 0, 0, 0, 0, 0] + identifier) ?? .unspecified(.version6)
  }
}
