import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import Testing

@testable import Engine

struct ParentedNetworkTests {
  private func network(
    _ driver: String, _ options: [String: String] = [:], name: String = "net",
    _ change: (inout NetworkCreateRequest) -> Void = { _ in }
  ) throws -> NetworkDefinition {
    var request = NetworkCreateRequest()
    (request.name, request.driver, request.options) = (name, driver, options)
    request.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/24"), IPAMPool(subnet: "10.2.0.0/24", gateway: "10.2.0.9")])
    change(&request)
    return try NetworkDefinition(request, id: String(repeating: "b", count: 64), created: Timestamp(nanoseconds: 0))
  }

  private func address(_ text: String) throws -> InterfaceAddress { try #require(InterfaceAddress(text)) }

  @Test(arguments: [
    ("macvlan", [:], ParentedInterface.macvlan(.bridge)),
    ("macvlan", ["macvlan_mode": "private"], .macvlan(.isolated)),
    ("macvlan", ["macvlan_mode": "passthru"], .macvlan(.passthru)),
    ("ipvlan", [:], .ipvlan(.layer2, .bridge)),
    ("ipvlan", ["ipvlan_mode": "l3s", "ipvlan_flag": "vepa"], .ipvlan(.layer3Symmetric, .vepa)),
  ])
  func modes(_ driver: String, _ options: [String: String], _ interface: ParentedInterface) throws {
    #expect(try network(driver, options).parented?.interface == interface)
  }

  @Test(arguments: [
    ("eth0", ParentLink("eth0")), ("eth0.50", ParentLink("eth0.50", .vlan(on: "eth0", identifier: 50))),
    ("bond0.7.9", ParentLink("bond0.7.9", .vlan(on: "bond0.7", identifier: 9))),
    ("eth0.4095", ParentLink("eth0.4095")), ("br.lan", ParentLink("br.lan")),
    ("", ParentLink("dm-bbbbbbbbbbbb", .dummy)),
  ])
  func parents(_ name: String, _ parent: ParentLink) throws {
    #expect(try network("macvlan", ["parent": name]).parented?.parent == parent)
  }

  @Test(arguments: [
    ("macvlan", "parent", "lo", "loopback interface is not a valid macvlan parent link"),
    ("macvlan", "parent", "a/b", "invalid parent interface name"),
    ("macvlan", "macvlan_mode", "source", "requested macvlan mode 'source' is not valid"),
    ("ipvlan", "ipvlan_mode", "l4", "requested ipvlan mode 'l4' is not valid"),
    ("ipvlan", "ipvlan_flag", "x", "requested ipvlan flag 'x' is not valid"),
    ("ipvlan", "macvlan_mode", "bridge", "the network option macvlan_mode"),
    ("macvlan", "com.docker.network.bridge.name", "x", "is not supported yet"),
  ])
  func whatCannotBe(_ driver: String, _ key: String, _ value: String, _ words: String) {
    let error = #expect(throws: ClassifiedError.self) { try network(driver, [key: value]) }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func theWayOutIsByTheRouterOfTheAddressesSubnet() throws {
    let macvlan = try network("macvlan", ["parent": "eth0"])
    #expect(macvlan.gateway(for: try address("10.1.0.5/24")) == IPAddress(10, 1, 0, 1))
    #expect(macvlan.gateway(for: try address("10.2.0.5/24")) == IPAddress(10, 2, 0, 9))
    // At layer 3 all goes to the wire; without a parent, and inside an internal network, nothing goes out.
    let layer3 = try network("ipvlan", ["parent": "eth0", "ipvlan_mode": "l3"])
    #expect(layer3.gateway(for: try address("10.1.0.5/24")) == .unspecified(.version4) && !layer3.needsGateway)
    #expect(try network("macvlan").gateway(for: address("10.1.0.5/24")) == nil)
    #expect(
      try network("macvlan", ["parent": "eth0"]) { $0.isInternal = true }.gateway(for: address("10.1.0.5/24")) == nil)
  }

  @Test func whereThereIsNoRouterAContainerMayHaveItsAddress() throws {
    func first(_ network: NetworkDefinition) throws -> String? {
      var table = NetworkTable()
      try table.put(network)
      return try table.takeAddresses(in: network.id, asked: nil).first?.description
    }
    #expect(try first(network("macvlan", ["parent": "eth0"])) == "10.1.0.2/24")
    #expect(try first(network("ipvlan", ["parent": "eth0", "ipvlan_mode": "l3"])) == "10.1.0.1/24")
    #expect(try first(network("macvlan")) == "10.1.0.1/24")
  }

  @Test func networksOnOneParent() throws {
    func check(_ one: NetworkDefinition, _ other: NetworkDefinition) -> String? {
      do throws(ClassifiedError) {
        try one.checkParent(beside: other)
        return nil
      } catch {
        return error.message
      }
    }
    let bridge = try network("macvlan", ["parent": "eth0"])
    let passthru = try network("macvlan", ["parent": "eth0", "macvlan_mode": "passthru"])
    let layer2 = try network("ipvlan", ["parent": "eth0"])
    let layer3 = try network("ipvlan", ["parent": "eth0", "ipvlan_mode": "l3"])
    #expect(check(bridge, bridge) == nil && check(layer2, layer2) == nil && check(bridge, layer2) == nil)
    #expect(check(passthru, bridge)?.hasPrefix("cannot use mode passthru, macvlan network net") == true)
    #expect(check(bridge, passthru)?.hasSuffix("parent interface eth0 in mode passthru") == true)
    #expect(check(layer2, layer3)?.contains("already using parent interface eth0") == true)
    #expect(check(passthru, try network("macvlan", ["parent": "eth1"])) == nil)
  }

  // MARK: Options of one container

  @Test func optionsOfAnEndpoint() throws {
    var settings = EndpointSettings()
    settings.driverOpts = [
      "com.docker.network.endpoint.ifname": "lan0",
      "com.docker.network.endpoint.sysctls":
        "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.neigh.IFNAME.retrans_time_ms=5",
    ]
    let options = try EndpointOptions.plan(settings, network: "net")
    #expect(options.interfaceName == "lan0")
    #expect(
      options.settings(of: "lan0") == ["ipv4/conf/lan0/log_martians": "1", "ipv6/neigh/lan0/retrans_time_ms": "5"])
  }

  @Test(arguments: [
    ("com.docker.network.endpoint.ifname", "lo", ErrorKind.invalid),
    ("com.docker.network.endpoint.ifname", "sixteen-letters!", .invalid),
    ("com.docker.network.endpoint.sysctls", "net.ipv4.ip_forward=1", .invalid),
    ("com.docker.network.endpoint.sysctls", "net.ipv4.conf.eth0.log_martians=1", .invalid),
    ("com.docker.network.endpoint.sysctls", "net.ipv4.conf.IFNAME.../../x=1", .invalid),
    ("com.docker.network.endpoint.sysctls", "kernel.a.b.IFNAME.c=1", .invalid),
    ("com.docker.network.endpoint.sysctls", "", .invalid), ("something.else", "1", .unsupported),
  ])
  func optionsOfAnEndpointThatCannotBe(_ key: String, _ value: String, _ kind: ErrorKind) {
    var settings = EndpointSettings()
    settings.driverOpts = [key: value]
    let error = #expect(throws: ClassifiedError.self) { try EndpointOptions.plan(settings, network: "net") }
    #expect(error?.kind == kind)
  }
}
