import ContainerNetwork
import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

@Suite(.needs(.root)) struct BandwidthTests {
  private static let group: UInt32 = 0x8000_0001

  /// A limit so low that a hundred packets are not through before the test is over.
  private static let narrow = BandwidthLimit(bytesPerSecond: 1_000, burst: 1_600, queue: 4_000, cutsPackets: true)

  private static func limiter(_ received: BandwidthLimit?, _ sent: BandwidthLimit?) -> BandwidthLimiter {
    BandwidthLimiter("ifbtest", received: received, sent: sent, mtu: 1500)
  }

  /// A bridge with one container on it, in a network namespace of the test's own.
  private static func inNewNetwork(
    limiter: BandwidthLimiter?,
    _ body: @escaping @Sendable (HostLinks, NetworkSandbox, inout NetlinkSocket) throws -> Void
  ) throws {
    try BackgroundThread {
      try Namespace.unshare(.net)
      let links = try HostLinks()
      var socket = try NetlinkSocket(.route)
      let gateway = try #require(InterfaceAddress("10.8.0.1/24"))
      let bridge = try links.establish(
        Bridge("apus-test", gateways: [gateway], mtu: limiter?.mtu), mark: "of this test")
      let sandbox = try NetworkSandbox()
      if let limiter { try links.establish(limiter, group: group) }
      let interface = SandboxInterface(
        "eth0", macAddress: try .random(), mtu: limiter?.mtu,
        addresses: [try #require(InterfaceAddress("10.8.0.2/24"))], gateways: [])
      let sender = SenderCheck(macAddress: interface.macAddress, addresses: interface.addresses.map(\.address))
      try links.connect(sandbox, interface, to: bridge, as: "cable", sender, limiter: limiter)
      try body(links, sandbox, &socket)
    }.join()
  }

  /// Sends datagrams until it is enough. The socket belongs to the namespace it was made in.
  private static func flood(
    _ destination: String, size: Int = 1000, from socket: consuming Descriptor = datagramSocket(),
    until isEnough: () throws -> Bool
  ) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    address.sin_addr.s_addr = unsafe inet_addr(destination)
    let connected = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0)
    // The answers to the first ones are errors that nobody waits for. As long as it takes.
    for _ in 0..<1000 where try !isEnough() {
      for _ in 0..<20 { try? socket.writeAll([UInt8](repeating: 0, count: size)) }
      usleep(10_000)
    }
  }

  private static func datagramSocket() -> Descriptor {
    Descriptor(owning: Glibc.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0))
  }

  @Test func bothWaysAreLimitedAndCounted() throws {
    try Self.inNewNetwork(limiter: Self.limiter(Self.narrow, Self.narrow)) { links, sandbox, socket in
      let limiter = Self.limiter(Self.narrow, Self.narrow)
      // The neighbour's question is held back as well by a limit this low: until it is answered, nothing is queued.
      try Self.flood("10.8.0.2") { try links.statistics(of: limiter).received?.dropped ?? 0 > 0 }
      let received = try #require(try links.statistics(of: limiter).received)
      #expect(received.dropped > 0 && received.overlimits > 0 && received.packets > 0 && received.bytes > 0)
      #expect(received.backlog <= 4_000)
      let inner = try Namespace.within(sandbox.namespace.descriptor, .net) { () throws(SystemError) in
        Self.datagramSocket()
      }
      try Self.flood("10.8.0.1", from: inner) { try links.statistics(of: limiter).sent?.dropped ?? 0 > 0 }
      #expect(try links.statistics(of: limiter).sent?.dropped ?? 0 > 0)
      // What passed is what the interface got.
      var inside = try NetlinkSocket.open(.route, in: sandbox.namespace.descriptor)
      let taken = try inside.dump(.link(.name("eth0"))).first?.statistics?.receivedBytes ?? 0
      let passed = try links.statistics(of: limiter).received?.bytes ?? 0
      #expect(taken > 0 && taken <= passed)
    }
  }

  @Test func aChangeKeepsTheLinksAndWhatWaits() throws {
    try Self.inNewNetwork(limiter: Self.limiter(Self.narrow, nil)) { links, _, socket in
      let limiter = Self.limiter(Self.narrow, nil)
      try Self.flood("10.8.0.2") { try links.statistics(of: limiter).received?.dropped ?? 0 > 0 }
      let before = try #require(try links.statistics(of: limiter).received)
      let wide = BandwidthLimit(bytesPerSecond: 2_000, burst: 1_600, queue: 4_000, cutsPackets: true)
      #expect(try !links.establish(Self.limiter(wide, nil), group: Self.group))
      let after = try #require(try links.statistics(of: limiter).received)
      #expect(after.dropped >= before.dropped && after.bytes >= before.bytes)
      let index = try #require(try socket.dump(.link(.name("ifbtestr"))).first?.index)
      #expect(try socket.dump(.rootQdisc(of: index)).first?.bytesPerSecond == 2_000)
      // The other way comes besides, and the first goes.
      #expect(try links.establish(Self.limiter(nil, wide), group: Self.group))
      try links.lead("cable", by: Self.limiter(nil, wide))
      try links.remove(["ifbtestr"])
      #expect(try links.exists("ifbtestt") && !links.exists("ifbtestr"))
      #expect(try links.statistics(of: limiter).received == nil)
      // Without a limit everything passes.
      try links.lead("cable", by: nil)
      let cable = try #require(try socket.dump(.link(.name("cable"))).first)
      #expect(try Set(socket.dump(.qdiscs(of: cable.index)).map(\.kind)) == ["noqueue", "clsact"])
      // Who sends what is still looked at.
      #expect(try Set(socket.dump(.filters(.incoming, of: cable.index)).map(\.kind)) == ["bpf"])
      // Twice is no matter, nor a cable that is gone.
      try links.lead("cable", by: nil)
      try links.lead("none", by: Self.limiter(wide, nil))
    }
  }

  @Test func strayLinksAreTakenAwayAndOthersAreNot() throws {
    try Self.inNewNetwork(limiter: Self.limiter(Self.narrow, Self.narrow)) { links, _, socket in
      try socket.request([
        .createLink(.ifb, LinkAttributes("ifbother", group: 7)),
        .createLink(.ifb, LinkAttributes("ifbstray", group: Self.group)),
      ])
      try links.removeLimiters(group: Self.group, besides: [Self.limiter(Self.narrow, nil)])
      #expect(try socket.dump(.links(kind: "ifb")).map(\.name).sorted() == ["ifbother", "ifbtestr"])
      try links.remove(["cable", "ifbtestr", "ifbtestt"])
      try links.remove(["cable", "ifbtestr", "ifbtestt"])
      #expect(try socket.dump(.links(kind: "ifb")).map(\.name) == ["ifbother"])
      #expect(try !links.exists("cable"))
    }
  }

  @Test func packetsOfLargeNetworksPass() throws {
    // A burst below the size of a packet would let none through.
    let limiter = BandwidthLimiter("ifbtest", received: Self.narrow, sent: nil, mtu: 9000)
    try Self.inNewNetwork(limiter: limiter) { links, _, _ in
      try Self.flood("10.8.0.2", size: 8000) { try links.statistics(of: limiter).received?.bytes ?? 0 > 8000 }
      #expect(try links.statistics(of: limiter).received?.bytes ?? 0 > 8000)
    }
  }
}
