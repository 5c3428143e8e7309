import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import Testing

@testable import Engine

/// What the server's configuration makes of the default network, and of containers that do not say.
struct NetworkingConfigurationTests {
  private func network(
    chosen: [IPPrefix] = [], _ change: (inout NetworkingConfiguration) -> Void = { _ in }
  ) throws -> NetworkDefinition {
    var configuration = NetworkingConfiguration()
    change(&configuration)
    try configuration.check()
    return NetworkDefinition.byDefault(configuration, id: "a", created: "", chosen: chosen)
  }

  @Test func nothingSaid() throws {
    let chosen = try #require(IPPrefix("172.17.0.0/16"))
    #expect(try network().missingFamilies == [.version4])
    let network = try network(chosen: [chosen])
    #expect(try network.pools().map(\.subnet) == [chosen])
    #expect(network.shown.options["com.docker.network.bridge.default_bridge"] == "true")
    #expect(network.hostBinding == .unspecified(.version4) && network.mtu == 1500)
  }

  @Test func allSaid() throws {
    let network = try network(chosen: [try #require(IPPrefix("172.17.0.0/16"))]) { configuration in
      configuration.bridgeAddress4 = InterfaceAddress("10.5.0.7/24")
      configuration.range4 = IPPrefix("10.5.0.128/25")
      configuration.gateway4 = IPAddress(10, 5, 0, 9)
      configuration.hasVersion6 = true
      configuration.bridgeAddress6 = InterfaceAddress("fd00::7/64")
      configuration.hostBinding = IPAddress(127, 0, 0, 1)
      (configuration.mtu, configuration.connectsContainers, configuration.masquerades) = (1400, false, false)
    }
    let bridge = try network.bridge(defaultName: "apus0")
    #expect(bridge.gateways.map(\.description) == ["10.5.0.7/24", "fd00::7/64"] && bridge.mtu == 1400)
    #expect(!bridge.connectsContainers && !bridge.masquerades && network.hostBinding == IPAddress(127, 0, 0, 1))
    let address = try #require(InterfaceAddress("10.5.0.130/24"))
    // The containers' router is another host of the subnet.
    #expect(network.gateway(for: address) == IPAddress(10, 5, 0, 9))
    var table = NetworkTable()
    try table.put(network)
    #expect(try table.takeAddresses(in: "a", asked: nil).map(\.description) == ["10.5.0.128/24", "fd00::1/64"])
  }

  @Test func aRangeAloneIsTheSubnet() throws {
    let network = try network { $0.range4 = IPPrefix("10.5.1.0/24") }
    #expect(try network.bridge(defaultName: "x").gateways.map(\.description) == ["10.5.1.1/24"])
  }

  @Test(arguments: [
    ("a part of another subnet", "ip-range"), ("a router elsewhere", "default-gateway"),
    ("a router without a subnet", "needs bip"), ("version 6 without ipv6", "need ipv6"),
    ("a network's address", "not the address of a host"), ("an unknown option", "is not supported yet"),
    ("an unknown driver", "the network driver"),
  ])
  func whatDoesNotGoTogether(_ name: String, _ words: String) {
    var configuration = NetworkingConfiguration()
    configuration.bridgeAddress4 = InterfaceAddress("10.5.0.1/24")
    switch name {
    case "a part of another subnet": configuration.range4 = IPPrefix("10.6.0.0/25")
    case "a router elsewhere": configuration.gateway4 = IPAddress(10, 6, 0, 1)
    case "a router without a subnet":
      configuration.bridgeAddress4 = nil
      configuration.gateway4 = IPAddress(10, 5, 0, 1)
    case "version 6 without ipv6": configuration.range6 = IPPrefix("fd00::/64")
    case "a network's address": configuration.bridgeAddress4 = InterfaceAddress("10.5.0.0/24")
    case "an unknown option": configuration.driverOptions = ["bridge": ["nonsense": "1"]]
    default: configuration.driverOptions = ["overlay": [:]]
    }
    let error = #expect(throws: ClassifiedError.self) { try configuration.check() }
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  @Test func poolsOfOneFamilyLeaveTheOtherAsItIs() throws {
    let own = try NetworkingConfiguration.AddressPool(#require(IPPrefix("10.10.0.0/16")), size: 24)
    let pools = SubnetPools.configured([own], identity: [1, 2, 3, 4, 5])
    #expect(try pools.choose(.version4, besides: []) == IPPrefix("10.10.0.0/24"))
    #expect(try pools.choose(.version6, besides: []) == IPPrefix("fd01:203:405::/64"))
    #expect(pools.couldChoose(try #require(IPPrefix("10.10.7.0/24"))))
    #expect(!pools.couldChoose(try #require(IPPrefix("172.17.0.0/16"))))
    #expect(throws: ClassifiedError.self) {
      try NetworkingConfiguration.AddressPool(#require(IPPrefix("10.10.0.0/16")), size: 8)
    }
  }

  // MARK: Containers that do not say

  @Test func nameServersOfTheServer() throws {
    var defaults = NetworkPlan.Defaults()
    (defaults.nameServers, defaults.searchDomains) = (["192.0.2.53"], ["example"])
    var request = ContainerCreateRequest()
    request.config.image = "x"
    request.hostConfig.dnsSearch = ["own.example"]
    let plan = try NetworkPlan.plan(request, defaults: defaults)
    #expect(plan.nameServers == ["192.0.2.53"] && plan.searchDomains == ["own.example"])
    // They are no option of the container's own, which a shared network would forbid.
    request.hostConfig.dnsSearch = nil
    request.hostConfig.networkMode = "container:other"
    #expect(throws: Never.self) { try NetworkPlan.plan(request, defaults: defaults) }
  }

  @Test func withoutADefaultNetworkThereIsNone() throws {
    var defaults = NetworkPlan.Defaults()
    defaults.hasNetwork = false
    var request = ContainerCreateRequest()
    for (mode, expected) in [("", NetworkPlan.Mode.none), ("default", .none), ("other", .networks)] {
      request.hostConfig.networkMode = mode
      #expect(try NetworkPlan.plan(request, defaults: defaults).mode == expected)
    }
  }
}
