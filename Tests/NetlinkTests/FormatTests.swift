import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

/// Whatever the bytes are, reading them gives a value or an error.
@Suite struct FormatTests {
  /// Reads a message as everything that it could be. What it gives does not matter, only that it comes back.
  private func readAsEverything(_ bytes: [UInt8]) {
    guard let messages = try? ReceivedNetlinkMessage.all(in: bytes) else { return }
    for message in messages {
      _ = try? message.meaning()
      _ = try? LinkInfo(message)
      _ = try? AddressInfo(message)
      _ = try? RouteInfo(message)
      _ = try? QdiscInfo(message)
      _ = try? FirewallTableInfo(message)
      _ = try? FirewallChainInfo(message)
      _ = try? FirewallRuleInfo(message)
      _ = try? FirewallSetInfo(message)
      _ = try? FirewallElementsInfo(message)
      _ = try? FirewallGenerationInfo(message)
    }
  }

  /// What a reader may be given under each number that it knows.
  private static let types: [UInt16] = [1, 2, 3, 4, 16, 17, 20, 21, 24, 25, 36, 40] + (0...15).map { 10 << 8 | $0 }

  @Test func noBytesTrap() throws {
    var random = SystemRandomNumberGenerator()
    let samples = try Self.samples()
    for round in 0..<20_000 {
      var bytes: [UInt8]
      if round % 2 == 0 {
        bytes = (0..<Int.random(in: 0...200, using: &random)).map { _ in
          Bool.random(using: &random) ? UInt8.random(in: 0...8, using: &random) : .random(in: 0...255, using: &random)
        }
      } else {
        bytes = samples[round % samples.count]
        for _ in 0...Int.random(in: 0...3, using: &random) where bytes.count > 16 {
          bytes[Int.random(in: 16..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
        }
        if round % 4 == 1 { bytes.removeLast(Int.random(in: 0...min(40, bytes.count), using: &random)) }
      }
      if bytes.count >= 16 {
        // A whole message of a known number, so that its inside is what is looked at.
        bytes[0] = UInt8(truncatingIfNeeded: bytes.count)
        bytes[1] = UInt8(truncatingIfNeeded: bytes.count >> 8)
        bytes[2] = 0
        bytes[3] = 0
        if round % 2 == 0, let type = Self.types.randomElement(using: &random) {
          bytes[4] = UInt8(truncatingIfNeeded: type)
          bytes[5] = UInt8(type >> 8)
        }
      }
      readAsEverything(bytes)
    }
  }

  /// One message of each sort, as this room itself writes them: the kernel's have the same attributes.
  private static func samples() throws -> [[UInt8]] {
    let table = FirewallTable(.inet, "t")
    let chain = FirewallChain("c", in: table, hook: FirewallHook(.nat, .prerouting, priority: -100), policy: .accept)
    let map = FirewallSet(mapNamed: "m", in: table, from: [.ip4, .port], to: [.ip4, .port], comment: "x")
    let address = IPAddress(10, 0, 0, 1)
    var change = FirewallTransaction()
    change.add(table)
    change.add(chain)
    change.add(map)
    change.add([FirewallElement([.address(address), .port(80)], to: [.address(address), .port(80)])], to: map)
    change.add(FirewallRule(in: chain, comment: "y", [.counter, .jump(chain)]))
    let link = NetlinkMessage.createLink(
      .veth(peer: LinkAttributes("p")), LinkAttributes("v", mtu: 1500, master: 3))
    let route = NetlinkMessage.addRoute(.byDefault(via: address, link: 2))
    let qdisc = NetlinkMessage.replaceQdisc(
      .tokenBucket(TokenBucket(bytesPerSecond: 1, burst: 2, limit: 3)), on: 1)
    let interface = try #require(InterfaceAddress("10.0.0.1/8"))
    return (change.messages + [link, route, qdisc, .addAddress(interface, to: 1)]).map { $0.bytes(sequence: 1) }
  }

  @Test func lengthsThatLieAreErrors() {
    #expect(throws: NetlinkFormatError.self) { try ReceivedNetlinkMessage.all(in: [1, 2, 3]) }
    let header: [UInt8] = [20, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(throws: NetlinkFormatError.wrongLength("message", 20)) { try ReceivedNetlinkMessage.all(in: header) }
    let short: [UInt8] = [15] + header.dropFirst()
    #expect(throws: NetlinkFormatError.wrongLength("message", 15)) { try ReceivedNetlinkMessage.all(in: short) }
    // A link whose first attribute says that it is longer than the message.
    let link = [40] + header.dropFirst() + [UInt8](repeating: 0, count: 16) + [200, 0, 3, 0, 65, 0, 0, 0]
    #expect(throws: NetlinkFormatError.wrongLength("attribute 3", 200)) {
      try ReceivedNetlinkMessage.all(in: link).map { try LinkInfo($0) }
    }
  }

  @Test func whatDoesNotFitIsNotSent() throws {
    let name = String(repeating: "x", count: 70_000)
    #expect(NetlinkMessage.createLink(.ifb, LinkAttributes(name)).isTooLong)
    let rule = FirewallRule(
      in: FirewallChain("c", in: FirewallTable(.ip, "t")), [FirewallStatement](repeating: .counter, count: 5000))
    var change = FirewallTransaction()
    change.add(rule)
    #expect(change.messages[1].isTooLong)
    var socket = try NetlinkSocket(.route)
    let error = #expect(throws: SystemError.self) {
      try socket.request(.createLink(.ifb, LinkAttributes(name)))
    }
    #expect(error?.call == "create ifb link")
  }
}
