import EngineAPI
import Testing

@Suite struct NetworkObjectTests {
  private func json(_ value: some APIValue) -> String {
    String(decoding: EngineJSON.encode(value), as: UTF8.self)
  }

  private func decode<Value: APIValue>(_ text: String) throws -> Value {
    try EngineJSON.decode(Value.self, from: text.utf8)
  }

  @Test func aNetworkIsWrittenAsDockerWritesIt() throws {
    var network = Network()
    network.name = "n"
    network.id = "1"
    network.created = "2025-01-02T03:04:05.000000006Z"
    network.driver = "bridge"
    network.ipam = IPAM(
      driver: "default",
      config: [IPAMPool(subnet: "172.18.0.0/16", gateway: "172.18.0.1", auxiliaryAddresses: ["a": "172.18.0.9"])])
    network.containers["c"] = NetworkContainer(name: "x", endpointID: "e", ipv4Address: "172.18.0.2/16")
    let text = json(network)
    #expect(
      text == """
        {"Name":"n","Id":"1","Created":"2025-01-02T03:04:05.000000006Z","Scope":"local","Driver":"bridge",\
        "EnableIPv4":true,"EnableIPv6":false,"IPAM":{"Driver":"default","Options":null,"Config":[{\
        "Subnet":"172.18.0.0/16","Gateway":"172.18.0.1","AuxiliaryAddresses":{"a":"172.18.0.9"}}]},"Internal":false,\
        "Attachable":false,"Ingress":false,"ConfigFrom":{"Network":""},"ConfigOnly":false,"Containers":{"c":{\
        "Name":"x","EndpointID":"e","MacAddress":"","IPv4Address":"172.18.0.2/16","IPv6Address":""}},"Options":{},\
        "Labels":{}}
        """)
    #expect(try decode(text) == network)
  }

  @Test func answersOfOlderServersAreRead() throws {
    let host: Network = try decode(#"{"Name":"host","IPAM":{"Config":null},"Containers":null,"Labels":null}"#)
    #expect(host.ipam.config == nil && host.containers.isEmpty && host.labels.isEmpty)
    let pruned: NetworkPruneResponse = try decode(#"{"NetworksDeleted":null}"#)
    #expect(pruned.networksDeleted == nil)
  }

  @Test func requestsLeaveOutWhatIsNotSaid() throws {
    var request = NetworkCreateRequest()
    request.name = "n"
    request.driver = "bridge"
    #expect(
      json(request) == """
        {"Name":"n","Driver":"bridge","Scope":"","IPAM":null,"Internal":false,"Attachable":false,"Ingress":false,\
        "ConfigOnly":false,"ConfigFrom":null,"Options":null,"Labels":null}
        """)
    request.enableIPv4 = false
    request.enableIPv6 = true
    #expect(json(request).contains(#""EnableIPv4":false,"EnableIPv6":true"#))
    #expect(try decode(json(request)) == request)
    #expect(json(NetworkConnectRequest(container: "c")) == #"{"Container":"c"}"#)
    #expect(json(NetworkDisconnectRequest(container: "c", force: true)) == #"{"Container":"c","Force":true}"#)
    #expect(json(NetworkCreateResponse(id: "1")) == #"{"Id":"1","Warning":""}"#)
  }

  @Test func bandwidthIsAlwaysThere() throws {
    var host = HostConfig()
    #expect(json(host).contains(#""NetworkBandwidth":null"#))
    host.networkBandwidth = NetworkBandwidth(receive: 50_000_000, burst: 65536)
    #expect(json(host).contains(#""NetworkBandwidth":{"Receive":50000000,"Burst":65536}"#))
    #expect(try decode(json(host)) == host)
    host.networkBandwidth = host.networkBandwidth?.spelledOut
    #expect(json(host).contains(#""NetworkBandwidth":{"Receive":50000000,"Transmit":0,"Burst":65536}"#))
  }

  @Test(
    arguments: [
      (NetworkBandwidth(receive: 1), nil, NetworkBandwidth(receive: 1)),
      (NetworkBandwidth(receive: 1), NetworkBandwidth(transmit: 2, burst: 3), .init(receive: 1, transmit: 2, burst: 3)),
      (NetworkBandwidth(transmit: 0), NetworkBandwidth(receive: 1, transmit: 2), NetworkBandwidth(receive: 1)),
      (NetworkBandwidth(receive: 0, transmit: 0), NetworkBandwidth(receive: 1, burst: 5), nil),
      (NetworkBandwidth(burst: 5), nil, nil),
    ] as [(NetworkBandwidth, NetworkBandwidth?, NetworkBandwidth?)])
  func updatesOfBandwidth(update: NetworkBandwidth, current: NetworkBandwidth?, result: NetworkBandwidth?) {
    #expect(update.applied(to: current) == result)
  }

  @Test func anUpdateHasLimitsAtItsTop() throws {
    var changes = HostConfig()
    changes.memory = 64 << 20
    changes.pidsLimit = 5
    changes.restartPolicy = RestartPolicy(name: "always")
    changes.networkBandwidth = NetworkBandwidth(receive: 0, transmit: 1000)
    let update = ContainerUpdateRequest(
      changes: changes, publishAdd: ["80/tcp": [PortBinding(hostPort: "8080")]], publishRemove: ["0.0.0.0:81/tcp"])
    let text = json(update)
    for part in [
      #""Memory":67108864"#, #""PidsLimit":5"#, #""RestartPolicy":{"Name":"always","MaximumRetryCount":0}"#,
      #""NetworkBandwidth":{"Receive":0,"Transmit":1000}"#,
      #""PublishAdd":{"80/tcp":[{"HostIp":"","HostPort":"8080"}]}"#, #""PublishRemove":["0.0.0.0:81/tcp"]"#,
    ] { #expect(text.contains(part), "\(part) in \(text)") }
    for name in ["Binds", "NetworkMode", "HostConfig"] { #expect(!text.contains(name)) }
    #expect(try decode(text) == update)
    #expect(json(ContainerUpdateResponse(warnings: nil)) == #"{"Warnings":null}"#)
  }
}
