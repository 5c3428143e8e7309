import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import Testing

@testable import Engine

struct NetworkDefinitionTests {
  private func definition(_ change: (inout NetworkCreateRequest) -> Void) throws -> NetworkDefinition {
    var request = NetworkCreateRequest()
    request.name = "net"
    change(&request)
    return try NetworkDefinition(request, id: String(repeating: "a", count: 64), created: Timestamp(nanoseconds: 0))
  }

  @Test func whatIsLeftOpenIsChosenLater() throws {
    var network = try definition { $0.enableIPv6 = true }
    #expect(network.driver == .bridge && network.missingFamilies == [.version4, .version6])
    network.add(subnet: try #require(IPPrefix("10.1.0.0/24")))
    #expect(network.missingFamilies == [.version6])
    let bridge = try network.bridge(defaultName: "apus0")
    #expect(bridge.name == "br-aaaaaaaaaaaa" && bridge.gateways.map(\.description) == ["10.1.0.1/24"])
    #expect(bridge.masquerades && bridge.connectsContainers && !bridge.isInternal)
  }

  @Test func optionsOfTheBridge() throws {
    let network = try definition { request in
      request.isInternal = true
      request.options = [
        "com.docker.network.bridge.name": "mine0", "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.enable_ip_masquerade": "false", "com.docker.network.driver.mtu": "1400",
      ]
      request.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/24", gateway: "10.1.0.254")])
    }
    let bridge = try network.bridge(defaultName: "apus0")
    #expect(bridge.name == "mine0" && bridge.mtu == 1400 && bridge.isInternal)
    #expect(!bridge.masquerades && !bridge.connectsContainers)
    #expect(bridge.gateways.map(\.description) == ["10.1.0.254/24"])
  }

  @Test func aNetworkSurvivesItsRecord() throws {
    let network = try definition { request in
      request.labels = ["a": "b"]
      request.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/24", ipRange: "10.1.0.64/26")])
    }
    let read = NetworkDefinition(shown: try EngineJSON.decode(Network.self, from: EngineJSON.encode(network.shown)))
    #expect(read == network)
    #expect(try read.pools() == network.pools())
  }

  @Test func aNetworkOfVersion6Only() throws {
    let network = try definition { request in
      request.enableIPv4 = false
      request.enableIPv6 = true
    }
    #expect(network.missingFamilies == [.version6])
    #expect(throws: ClassifiedError.self) { try definition { $0.enableIPv4 = false } }
    #expect(throws: ClassifiedError.self) {
      try definition { request in
        (request.enableIPv4, request.enableIPv6) = (false, true)
        request.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/24")])
      }
    }
  }

  @Test func theServersOptionsForNewNetworks() throws {
    var request = NetworkCreateRequest()
    (request.name, request.options) = ("net", ["com.docker.network.bridge.enable_icc": "true"])
    let defaults = [
      "bridge": ["com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.enable_icc": "false"],
      "macvlan": ["parent": "eth0"],
    ]
    let network = try NetworkDefinition(request, id: "a", created: Timestamp(nanoseconds: 0), defaults: defaults)
    #expect(
      network.shown.options == [
        "com.docker.network.driver.mtu": "1400", "com.docker.network.bridge.enable_icc": "true",
      ])
  }

  @Test(arguments: [
    ("routed", ErrorKind.unsupported), ("isolated", .unsupported), ("other", .invalid), ("nat", nil),
  ])
  func gatewayModes(_ mode: String, _ refusal: ErrorKind?) throws {
    func make() throws -> NetworkDefinition {
      try definition { $0.options = ["com.docker.network.bridge.gateway_mode_ipv4": mode] }
    }
    guard let refusal else { return #expect(try make().driver == .bridge) }
    #expect(#expect(throws: ClassifiedError.self) { try make() }?.kind == refusal)
  }

  @Test func aNetworkOfConfigurationOnlyHasNoDriver() throws {
    let network = try definition { request in
      request.isConfigOnly = true
      request.options = ["parent": "eth0", "macvlan_mode": "vepa"]
      request.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/24")])
    }
    #expect(network.shown.driver == "null" && !network.holdsContainers)
    var table = NetworkTable()
    try table.put(network)
    // Its addresses are those of the networks that are made from it.
    #expect(table.subnets.isEmpty)
    #expect(throws: ClassifiedError.self) {
      try definition { request in (request.isConfigOnly, request.isInternal) = (true, true) }
    }
  }

  // MARK: Who has what

  @Test func addressesComeBackWithTheirGrant() throws {
    let network = try definition { $0.ipam = IPAM(config: [IPAMPool(subnet: "10.1.0.0/30")]) }
    var table = NetworkTable()
    try table.put(network)
    // The gateway has one of two.
    let taken = try table.takeAddresses(in: network.id, asked: nil)
    #expect(taken.map(\.description) == ["10.1.0.2/30"])
    let error = #expect(throws: ClassifiedError.self) { try table.takeAddresses(in: network.id, asked: nil) }
    #expect(error?.kind == .unavailable)
    var grant = NetworkGrant()
    var endpoint = NetworkGrant.Endpoint()
    (endpoint.network, endpoint.ipv4) = (network.id, "10.1.0.2/30")
    grant.endpoints = [endpoint]
    let container = ContainerID.random()
    table.keep(grant, of: container)
    #expect(table.containers(in: network.id).map(\.0) == [container])
    table.release(container)
    #expect(try table.takeAddresses(in: network.id, asked: nil).count == 1)
  }

  @Test func aNetworkIsFoundByNameIdAndItsBeginning() throws {
    var table = NetworkTable()
    try table.put(try definition { _ in })
    #expect(try table.find("net").name == "net")
    #expect(try table.find(String(repeating: "a", count: 64)).name == "net")
    #expect(try table.find("aaa").name == "net")
    #expect(throws: ClassifiedError.self) { try table.find("b") }
    #expect(throws: ClassifiedError.self) { try table.find("") }
  }
}
