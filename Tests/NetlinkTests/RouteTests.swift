import Diagnostics
import Glibc
import LinuxKernel
import LinuxNetwork
import Netlink
import NetworkAddresses
import TestSupport
import Testing

@Suite(.needs(.root)) struct RouteTests {
  @Test func bridgeWithVethIntoAnotherNamespace() throws {
    try inNewNamespace { host, _ in
      let inside = try Namespace.make(.net)
      var guest = try NetlinkSocket.open(.route, in: inside)
      var options = BridgeOptions()
      options.multicastSnooping = false
      try host.request(.createLink(.bridge(options), LinkAttributes("br0", index: 10, isUp: true)))
      let mac = try #require(MACAddress("02:00:00:00:00:07"))
      let address = try #require(InterfaceAddress("10.9.0.1/24"))
      try host.request([
        .addAddress(address, to: 10),
        .createLink(
          .veth(
            peer: LinkAttributes(
              "eth0", index: 2, macAddress: mac, mtu: 1400, namespace: .descriptor(inside.rawValue))),
          LinkAttributes("veth0", index: 11, mtu: 1400, master: 10, isUp: true)),
        .changeLink(.index(11), LinkChange(alias: "container a")),
        .changeBridgePort(.index(11), BridgePortChange(hairpin: true, isolated: true, learning: false)),
      ])
      let guestAddress = try #require(InterfaceAddress("10.9.0.2/24"))
      let guestAddress6 = try #require(InterfaceAddress("fd00::2/64"))
      try guest.request([
        .changeLink(.name("lo"), LinkChange(isUp: true)),
        .changeLink(.index(2), LinkChange(isUp: true)),
        .addAddress(guestAddress, to: 2),
        .addAddress(guestAddress6, to: 2, flags: .noDuplicateDetection),
        .addRoute(.byDefault(via: address.address, link: 2)),
      ])
      let bridge = try #require(try host.dump(.links(kind: "bridge")).first)
      #expect(bridge.name == "br0" && bridge.kind == "bridge" && bridge.isUp && bridge.index == 10)
      let ports = try host.dump(.links(master: 10))
      #expect(ports.map(\.name) == ["veth0"])
      #expect(ports.first?.alias == "container a")
      #expect(ports.first?.mtu == 1400 && ports.first?.statistics != nil && ports.first?.parentNamespace != nil)
      let port = try #require(ports.first?.bridgePort)
      #expect(port.hairpin == true && port.isolated == true && port.learning == false && port.unicastFlood == true)
      let peer = try #require(try guest.dump(.link(.name("eth0"))).first)
      #expect(peer.macAddress == mac && peer.index == 2 && peer.parent == 11 && peer.isRunning)
      let addresses = try guest.dump(.addresses(of: 2))
      #expect(addresses.map(\.address).contains(guestAddress) && addresses.map(\.address).contains(guestAddress6))
      #expect(addresses.allSatisfy { !$0.flags.contains(.tentative) || $0.address.address.isLinkLocal })
      let routes = try guest.dump(.routes(family: .version4, table: Route.mainTable))
      #expect(routes.contains { $0.destination == .all(.version4) && $0.gateway == address.address && $0.links == [2] })
      #expect(routes.contains { $0.destination == guestAddress.network && $0.kind == .unicast })
      try guest.request([
        .deleteRoute(.byDefault(via: address.address)), .deleteAddress(guestAddress6, from: 2),
      ])
      #expect(try guest.dump(.addresses(of: 2)).map(\.address).contains(guestAddress6) == false)
      try host.request(.deleteLink(.name("veth0")))
      #expect(try guest.dump(.links()).map(\.name) == ["lo"])
    }
  }

  @Test func failuresNameTheirObject() throws {
    try inNewNamespace { host, _ in
      try host.request(.createLink(.bridge(BridgeOptions()), LinkAttributes("br0")))
      let error = #expect(throws: SystemError.self) {
        try host.request(.createLink(.bridge(BridgeOptions()), LinkAttributes("br0")), context: "network web")
      }
      #expect(error?.errno == EEXIST)
      #expect(error?.explanation == "network web: create bridge link br0: file exists")
      let gateway = try #require(IPAddress("192.0.2.1"))
      let unreachable = #expect(throws: SystemError.self) { try host.request(.addRoute(.byDefault(via: gateway))) }
      #expect(unreachable?.errno == ENETUNREACH && unreachable?.detail.isEmpty == false)
      #expect(throws: SystemError.self) { try host.dump(.link(.name("none"))) }
      // The failure is that of the second message, and the third is done nevertheless.
      let middle = #expect(throws: SystemError.self) {
        try host.request([
          .createLink(.ifb, LinkAttributes("ifb7")), .deleteLink(.name("none")),
          .createLink(.ifb, LinkAttributes("ifb8")),
        ])
      }
      #expect(middle?.object == "none" && middle?.errno == ENODEV)
      #expect(try host.dump(.links(kind: "ifb")).map(\.name).sorted() == ["ifb7", "ifb8"])
    }
  }

  @Test func everyKindOfLink() throws {
    try inNewNamespace { host, _ in
      try host.request([
        .createLink(.bridge(BridgeOptions()), LinkAttributes("parent", index: 40, isUp: true)),
        .createLink(.macvlan(.bridge), LinkAttributes("mv0", index: 41, parent: 40, isUp: true)),
        .createLink(.ifb, LinkAttributes("ifb0", transmitQueueLength: 32)),
      ])
      let kinds = try host.dump(.links()).map { "\($0.name) \($0.kind ?? "-")" }
      for expected in ["parent bridge", "mv0 macvlan", "ifb0 ifb"] { #expect(kinds.contains(expected)) }
      // Not in every kernel: made, or refused as unknown.
      for kind in [LinkKind.dummy, .vlan(50), .ipvlan(.layer2), .ipvlan(.layer3Symmetric, flag: .isolated)] {
        do throws(SystemError) {
          try host.request(.createLink(kind, LinkAttributes("other", parent: 40)))
          try host.request(.deleteLink(.name("other")))
        } catch {
          #expect(error.kind == .unsupported && error.detail == "Unknown device type")
        }
      }
      try host.request([
        .changeLink(.name("mv0"), LinkChange(isUp: false)), .renameLink(41, to: "mv1"),
      ])
    }
  }

  @Test func aGroupGoesAtOnce() throws {
    try inNewNamespace { host, _ in
      try host.request((0..<10).map { .createLink(.ifb, LinkAttributes("g\($0)", group: 77)) })
      try host.request(.createLink(.ifb, LinkAttributes("other", index: 50)))
      try host.request(.deleteLinks(inGroup: 77))
      #expect(try host.dump(.links(kind: "ifb")).map(\.name) == ["other"])
      try host.request(.setGroup(77, of: 50))
      try host.request(.deleteLinks(inGroup: 77))
      #expect(try host.dump(.links(kind: "ifb")).isEmpty)
    }
  }

  @Test func newsOfLinks() throws {
    try inNewNamespace { host, _ in
      var listener = try NetlinkSocket(.route)
      try listener.subscribe(to: RouteGroup.links.rawValue)
      #expect(try listener.receive().isEmpty)
      try host.request(.createLink(.ifb, LinkAttributes("ifb9")))
      try host.request(.deleteLink(.name("ifb9")))
      var news: [LinkInfo] = []
      while case let messages = try listener.receive(), !messages.isEmpty {
        for message in messages { if let link = try LinkInfo(message) { news.append(link) } }
      }
      #expect(news.map { "\($0.name) \($0.isDeleted)" } == ["ifb9 false", "ifb9 true"])
    }
  }
}
