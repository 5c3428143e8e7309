import Diagnostics
import EngineAPI
import EngineClient
import Testing

@Suite struct NetworkOptionTests {
  @Test func networks() throws {
    let network = try NetworkOption("name=n,alias=a,alias=b,ip=1.2.3.4,driver-opt=k=v,gw-priority=-2")
    #expect(network.name == "n" && network.endpoint.aliases == ["a", "b"])
    #expect(network.endpoint.ipamConfig?.ipv4Address == "1.2.3.4")
    #expect(network.endpoint.driverOpts == ["k": "v"] && network.endpoint.gwPriority == -2)
    #expect(try NetworkOption("host").name == "host")
  }

  @Test(arguments: [
    ("alias=x", "network name/id is not specified"), ("name=n,foo=bar", "invalid field key foo"),
    ("name=n,x", "invalid field x"), ("name=n,gw-priority=x", "invalid gw-priority (x): invalid syntax"),
    ("name=n,driver-opt=x", "invalid key/value pair format in driver options"),
  ])
  func noNetworks(text: String, message: String) {
    let error = #expect(throws: ClassifiedError.self) { _ = try NetworkOption(text) }
    #expect(error?.message == message)
  }

  private func attachments(_ networks: [String]) throws -> NetworkAttachments {
    var attachments = NetworkAttachments()
    attachments.networks = try networks.map { try NetworkOption($0) }
    return attachments
  }

  @Test func theFirstNetworkIsTheMode() throws {
    var two = try attachments(["n", "m"])
    two.aliases = ["a"]
    two.ipv4Address = "10.0.0.2"
    two.links = ["x:y"]
    let resolved = try two.resolve()
    #expect(resolved.mode == "n")
    let endpoints = try #require(resolved.config.endpointsConfig)
    #expect(endpoints["n"]?.aliases == ["a"] && endpoints["n"]?.links == ["x:y"])
    #expect(endpoints["n"]?.ipamConfig == EndpointIPAMConfig(ipv4Address: "10.0.0.2"))
    #expect(endpoints["m"] == EndpointSettings() && endpoints.count == 2)
  }

  @Test func aNetworkOfWhichNothingIsAskedIsLeftToTheMode() throws {
    #expect(try attachments(["n"]).resolve().config.endpointsConfig == [:])
    let none = try attachments([]).resolve()
    #expect(none.mode == "default" && none.config.endpointsConfig == ["default": EndpointSettings()])
  }

  @Test func flagsThatContradictOneAnother() throws {
    let twice = try attachments(["n", "n"])
    let mixed = try attachments(["n", "host"])
    var aliased = try attachments(["bridge"])
    aliased.aliases = ["a"]
    var both = try attachments(["name=n,ip=10.0.0.2"])
    both.ipv4Address = "10.0.0.3"
    var hardware = try attachments(["n"])
    hardware.macAddress = "02:42:00:00:00"
    let complaints = [
      (twice, "network \"n\" is specified multiple times"),
      (mixed, "conflicting options: cannot attach both user-defined and non-user-defined network-modes"),
      (aliased, "network-scoped aliases are only supported for user-defined networks"),
      (both, "conflicting options: cannot specify both --ip and per-network IPv4 address"),
      (hardware, "02:42:00:00:00 is not a valid mac address"),
      (try attachments([" "]), "no name set for network"),
    ]
    for (attachments, message) in complaints {
      let error = #expect(throws: ClassifiedError.self) { _ = try attachments.resolve() }
      #expect(error?.message == message)
    }
  }

  @Test(arguments: ["02:42:ac:11:00:02", "02-42-AC-11-00-02", "0242.ac11.0002", "02:00:5e:10:00:00:00:01"])
  func macAddresses(text: String) throws {
    var one = try attachments(["n"])
    one.macAddress = text
    #expect(try one.resolve().config.endpointsConfig?["n"]?.macAddress == text)
  }

  @Test func hostsServersAndLinks() throws {
    #expect(try NameServiceOption.host("h:1.2.3.4") == "h:1.2.3.4")
    #expect(try NameServiceOption.host("h=[::1]") == "h:::1")
    #expect(try NameServiceOption.host("h:::1") == "h:::1")
    #expect(try NameServiceOption.host("h:host-gateway") == "h:host-gateway")
    for text in ["x", "h:", "h:nope", "h:1.2.3", "h:1.2.3.04", ":1.2.3.4", "h:x=1.2.3.4"] {
      #expect(throws: ClassifiedError.self) { _ = try NameServiceOption.host(text) }
    }
    try NameServiceOption.server("2606:4700::1111")
    try NameServiceOption.link("a:b")
    for text in ["example.org", ".", "a.", "1a"] { try NameServiceOption.searchDomain(text) }
    for text in ["-x", "a..b", "1", ""] {
      #expect(throws: ClassifiedError.self) { try NameServiceOption.searchDomain(text) }
    }
    #expect(throws: ClassifiedError.self) { try NameServiceOption.server("resolver") }
    #expect(throws: ClassifiedError.self) { try NameServiceOption.link("a:b:c") }
  }

  @Test(arguments: [
    "::", "::1", "1::", "fe80::1:2", "1:2:3:4:5:6:7:8", "::ffff:1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "255.0.0.1",
  ])
  func addresses(text: String) throws {
    try NameServiceOption.server(text)
  }

  @Test(arguments: [
    "", ":", ":::", "1:::2", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8", "12345::", "g::",
    "1.2.3.4::", "::1.2.3", "256.0.0.1", "1.2.3.4.5", "01.2.3.4", "+1.2.3.4", "1.2.3.", "::+1", "1:2", "١.2.3.4",
  ])
  func noAddresses(text: String) {
    #expect(throws: ClassifiedError.self) { try NameServiceOption.server(text) }
  }
}

@Suite struct AddressPoolOptionTests {
  @Test func eachSubnetIsAPool() throws {
    var option = AddressPoolOption()
    option.subnets = ["10.2.0.0/16", "10.1.0.0/16", "fd00:1::/64"]
    option.ipRanges = ["10.1.4.0/24"]
    option.gateways = ["fd00:1::1", "10.1.0.1"]
    option.auxiliaryAddresses = ["a=10.2.0.9", "b=10.2.0.10"]
    option.options = ["k=v"]
    #expect(
      try option.ipam()
        == IPAM(
          driver: "default", options: ["k": "v"],
          config: [
            IPAMPool(subnet: "10.2.0.0/16", auxiliaryAddresses: ["a": "10.2.0.9", "b": "10.2.0.10"]),
            IPAMPool(subnet: "10.1.0.0/16", ipRange: "10.1.4.0/24", gateway: "10.1.0.1"),
            IPAMPool(subnet: "fd00:1::/64", gateway: "fd00:1::1"),
          ]))
    #expect(try AddressPoolOption().ipam() == IPAM(driver: "default", options: [:], config: []))
  }

  private static let complaints: [(subnets: [String], ranges: [String], gateways: [String], message: String)] = [
    ([], [], ["10.0.0.1"], "every ip-range or gateway must have a corresponding subnet"),
    (["10.0.0.0"], [], [], "invalid subnet: invalid CIDR address: 10.0.0.0"),
    (["10.0.0.0/33"], [], [], "invalid subnet: invalid CIDR address: 10.0.0.0/33"),
    (["10.0.0.0/8", "10.1.0.0/16"], [], [], "multiple overlapping subnet configuration is not supported"),
    (["10.1.0.0/16", "10.0.0.0/8"], [], [], "multiple overlapping subnet configuration is not supported"),
    (["10.1.0.0/16"], ["10.2.0.0/24"], [], "no matching subnet for range 10.2.0.0/24"),
    (["10.1.0.0/16"], ["10.1.0.0"], [], "invalid CIDR address: 10.1.0.0"),
    (["10.1.0.0/16"], [], ["10.2.0.1"], "no matching subnet for gateway 10.2.0.1"),
    (["10.1.0.0/16"], [], ["fd00::1"], "no matching subnet for gateway fd00::1"),
    (
      ["10.1.0.0/16", "10.2.0.0/16"], [], ["10.1.0.1", "10.1.0.2"],
      "cannot configure multiple gateways (10.1.0.2, 10.1.0.1) for the same subnet (10.1.0.0/16)"
    ),
    (
      ["10.1.0.0/16", "10.2.0.0/16"], ["10.1.0.0/24", "10.1.1.0/24"], [],
      "cannot configure multiple ranges (10.1.1.0/24, 10.1.0.0/24) on the same subnet (10.1.0.0/16)"
    ),
  ]

  @Test(arguments: complaints.indices)
  func noPools(index: Int) {
    let complaint = Self.complaints[index]
    var option = AddressPoolOption()
    option.subnets = complaint.subnets
    option.ipRanges = complaint.ranges
    option.gateways = complaint.gateways
    let error = #expect(throws: ClassifiedError.self) { _ = try option.ipam() }
    #expect(error?.message == complaint.message)
  }
}

@Suite struct BandwidthOptionTests {
  @Test(
    arguments: [
      ("1000", 1000, 1000, nil), ("50mbit", 50_000_000, 50_000_000, nil), ("1.5Mbit", 1_500_000, 1_500_000, nil),
      ("rx=1gbit", 1_000_000_000, nil, nil), ("tx=80kbit,rx=2bit", 2, 80_000, nil),
      ("rx=1kibit,tx=8mibit,burst=64k", 1024, 8 << 20, 65536), ("0", 0, 0, nil), ("burst=1m", nil, nil, 1 << 20),
      ("1tbit", 1_000_000_000_000, 1_000_000_000_000, nil),
    ] as [(String, Int64?, Int64?, Int64?)])
  func bandwidths(text: String, receive: Int64?, transmit: Int64?, burst: Int64?) throws {
    #expect(
      try NetworkBandwidth(option: text) == NetworkBandwidth(receive: receive, transmit: transmit, burst: burst))
  }

  @Test(arguments: [
    "", "fast", "-1", "1x", "1ibit", "1mib", "1m", "mbit", "rx=", "rx=1,x=2", "rx", "rx=1,", "1,2", "burst=x", "1e3",
    "0.4bit", "9999999999tbit", "1..2", "1mbit ", "٣mbit", "50Mbps", "1bps", "1mibps",
  ])
  func noBandwidths(text: String) {
    let error = #expect(throws: ClassifiedError.self) { _ = try NetworkBandwidth(option: text) }
    #expect(error?.kind == .invalid)
  }
}
