import Diagnostics
import EngineAPI
import EngineClient
import Testing

@Suite struct NetworkCallTests {
  @Test func networksAreListedAndInspected() throws {
    let server = try ScriptedServer([
      [
        ScriptedServer.answer("200 OK", #"[{"Name":"n","Id":"1","IPAM":{"Config":null}}]"#),
        ScriptedServer.answer("200 OK", #"{"Name":"n","Containers":{"c":{"Name":"x"}}}"#),
        ScriptedServer.answer("200 OK", #"{ "Name": "n" }"#),
      ]
    ])
    let client = server.client
    #expect(try client.listNetworks(filters: Filters(["driver": ["bridge"]])).map(\.id) == ["1"])
    #expect(try client.inspectNetwork("a b", verbose: true, scope: "local").containers["c"]?.name == "x")
    #expect(try client.inspectNetworkJSON("n") == Array(#"{ "Name": "n" }"#.utf8))
    #expect(
      server.requestLines == [
        "GET /v1.51/networks?filters=%7B%22driver%22%3A%5B%22bridge%22%5D%7D HTTP/1.1",
        "GET /v1.51/networks/a%20b?verbose=true&scope=local HTTP/1.1", "GET /v1.51/networks/n HTTP/1.1",
      ])
  }

  @Test func networksAreMadeUsedAndRemoved() throws {
    let server = try ScriptedServer([
      [
        ScriptedServer.answer("201 Created", #"{"Id":"1","Warning":"w"}"#), ScriptedServer.answer("200 OK"),
        ScriptedServer.answer("200 OK"), ScriptedServer.answer("204 No Content"),
        ScriptedServer.answer("200 OK", #"{"NetworksDeleted":["n"]}"#),
      ]
    ])
    let client = server.client
    var request = NetworkCreateRequest()
    request.name = "n"
    request.ipam = IPAM(driver: "default", options: [:], config: [IPAMPool(subnet: "10.1.0.0/16")])
    #expect(try client.createNetwork(request) == NetworkCreateResponse(id: "1", warning: "w"))
    var attachment = NetworkAttachments()
    attachment.aliases = ["a"]
    attachment.ipv4Address = "10.1.0.9"
    let connect = try NetworkConnectRequest(
      container: "c", attachment: attachment, driverOptions: ["k=v"], gatewayPriority: 7)
    try client.connectNetwork("n", connect)
    try client.disconnectNetwork("n", NetworkDisconnectRequest(container: "c", force: true))
    try client.removeNetwork("n")
    #expect(try client.pruneNetworks(filters: Filters()).networksDeleted == ["n"])
    #expect(
      server.requestLines == [
        "POST /v1.51/networks/create HTTP/1.1", "POST /v1.51/networks/n/connect HTTP/1.1",
        "POST /v1.51/networks/n/disconnect HTTP/1.1", "DELETE /v1.51/networks/n HTTP/1.1",
        "POST /v1.51/networks/prune HTTP/1.1",
      ])
    #expect(try EngineJSON.decode(NetworkCreateRequest.self, from: server.bodies[0]) == request)
    let sent = try EngineJSON.decode(NetworkConnectRequest.self, from: server.bodies[1])
    #expect(sent == connect && sent.endpointConfig?.gwPriority == 7 && sent.endpointConfig?.driverOpts == ["k": "v"])
    #expect(sent.endpointConfig?.ipamConfig?.ipv4Address == "10.1.0.9" && sent.endpointConfig?.aliases == ["a"])
    #expect(String(decoding: server.bodies[2], as: UTF8.self) == #"{"Container":"c","Force":true}"#)
  }

  @Test func containersAreUpdated() throws {
    let server = try ScriptedServer([[ScriptedServer.answer("200 OK", #"{"Warnings":null}"#)]])
    var changes = HostConfig()
    changes.networkBandwidth = NetworkBandwidth(receive: 1000, transmit: 0)
    let update = ContainerUpdateRequest(changes: changes, publishRemove: ["80/tcp"])
    #expect(try server.client.updateContainer("c", update).warnings == nil)
    #expect(server.requestLines == ["POST /v1.51/containers/c/update HTTP/1.1"])
    #expect(try EngineJSON.decode(ContainerUpdateRequest.self, from: server.bodies[0]) == update)
  }

  @Test func aServerWithoutNetworksSaysSo() throws {
    let server = try ScriptedServer([
      [ScriptedServer.answer("501 Not Implemented", #"{"message":"networks are not supported yet"}"#)]
    ])
    let fault = #expect(throws: EngineFault.self) { try server.client.listNetworks(filters: Filters()) }
    #expect(fault?.kind == .unsupported)
    #expect(fault?.explanation == "Error response from daemon: networks are not supported yet")
  }
}
