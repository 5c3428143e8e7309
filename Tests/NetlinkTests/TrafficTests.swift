import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

@Suite(.needs(.root)) struct TrafficTests {
  @Test func limitsBothWaysAndTheirChange() throws {
    try inNewNamespace { host, _ in
      try host.request([
        .createLink(.veth(peer: LinkAttributes("b", index: 21)), LinkAttributes("a", index: 20, isUp: true)),
        .createLink(.ifb, LinkAttributes("i", index: 22, isUp: true)),
        .changeLink(.index(21), LinkChange(isUp: true)),
      ])
      let bucket = TokenBucket(bytesPerSecond: 6_250_000, burst: 65_536, limit: 200_000)
      try host.request([
        .replaceQdisc(.tokenBucket(bucket), on: 20),
        .replaceQdisc(.filtering, on: 20),
        .redirect(.incoming, of: 20, to: 22),
        .replaceQdisc(.tokenBucket(bucket), on: 22),
      ])
      let qdiscs = try host.dump(.qdiscs(of: 20))
      #expect(Set(qdiscs.map(\.kind)) == ["tbf", "clsact"])
      #expect(qdiscs.first { $0.kind == "tbf" }?.bytesPerSecond == 6_250_000)
      #expect(try host.dump(.qdiscs(of: 22)).map(\.kind) == ["tbf"])
      #expect(try host.dump(.rootQdisc(of: 20)).map(\.kind) == ["tbf"])
      // Live, to a rate that needs more than 32 bits, and back.
      for rate in [UInt64(12_500_000_000), 125_000] {
        try host.request(
          .replaceQdisc(.tokenBucket(TokenBucket(bytesPerSecond: rate, burst: 65_536, limit: 1 << 20)), on: 20))
        let changed = try host.dump(.qdiscs(of: 20)).first { $0.kind == "tbf" }
        #expect(changed?.bytesPerSecond == rate)
      }
      try host.request([
        .deleteRedirection(.incoming, of: 20), .deleteQdisc(on: 20, parent: .filtering), .deleteQdisc(on: 20),
      ])
      #expect(try host.dump(.qdiscs(of: 20)).map(\.kind) == ["noqueue"])
    }
  }

  @Test func packetsThatAProgramPicksOut() throws {
    try inNewNamespace { host, _ in
      try host.request([
        .createLink(.veth(peer: LinkAttributes("b", index: 21)), LinkAttributes("a", index: 20, isUp: true)),
        .createLink(.ifb, LinkAttributes("i", index: 22, isUp: true)),
        .replaceQdisc(.filtering, on: 20),
      ])
      // None: result = 0; exit.
      let program = try KernelProgram(.packets, named: "none", [0xB4, 0x95])
      let redirection = SocketRedirection(
        .outgoing, program: program.descriptor.rawValue, detour: 22, name: "of a test")
      // Once more is in its place.
      try host.request([.redirect(redirection, of: 20), .redirect(redirection, of: 20)])
      let found = try host.dump(.filters(.outgoing, of: 20)).filter { $0.handle != 0 }
      #expect(found.map(\.name) == ["of a test"] && found.map(\.handle) == [22] && found.allSatisfy(\.isOfSockets))
      #expect(try host.dump(.filters(.incoming, of: 20)).isEmpty)
      try host.request(.deleteSocketRedirection(.outgoing, of: 20, handle: 22))
      #expect(try host.dump(.filters(.outgoing, of: 20)).isEmpty)
    }
  }

  @Test func whatAGuestSendsIsHeldBackBehindAnIFB() throws {
    try inNewNamespace { host, _ in
      let network = try TestNetwork.make(&host)
      let bucket = TokenBucket(bytesPerSecond: 1000, burst: 1600, limit: 3000)
      try host.request([
        .createLink(.ifb, LinkAttributes("old", index: 30, isUp: true)),
        .createLink(.ifb, LinkAttributes("new", index: 31, isUp: true)),
        .replaceQdisc(.filtering, on: 7),
        .redirect(.incoming, of: 7, to: 30),
        .deleteRedirection(.incoming, of: 7),
        .redirect(.incoming, of: 7, to: 31),
        .replaceQdisc(.tokenBucket(bucket), on: 31),
      ])
      // Who the host is must be known before, for a limit this low holds back the question too.
      let neighbour = IPAddress(10, 9, 0, 1)
      var statistics: TrafficStatistics?
      // The ifb works on its own time: as long as it takes.
      for _ in 0..<1000 where statistics?.drops ?? 0 == 0 {
        try Namespace.within(network.guest, .net) { () throws(SystemError) in
          try Datagram.send(from: IPAddress(10, 9, 0, 2), to: neighbour, port: 9, count: 20, size: 1000)
        }
        statistics = try host.dump(.qdiscs(of: 31)).first { $0.kind == "tbf" }?.statistics
        usleep(10_000)
      }
      // Had the first redirection stayed, nothing would have come here.
      let held = try #require(statistics)
      #expect(held.drops > 0 && held.overlimits > 0 && held.packets > 0)
    }
  }
}
