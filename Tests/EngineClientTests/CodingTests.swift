import EngineAPI
import EngineClient
import Testing

@Suite struct CodingTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy"), ("\u{7f}\u{3ff}?>", "f8+/Pz4="),
  ])
  func base64(text: String, encoded: String) {
    #expect(Base64.encode(text.utf8) == encoded)
    #expect(Base64.decode(encoded) == Array(text.utf8))
  }

  @Test func base64OfHeaders() {
    #expect(Base64.encode([0xfb, 0xff], alphabet: .url) == "-_8=" && Base64.decode("-_8") == [0xfb, 0xff])
    for text in ["A", "A===", "A=A=", "A*==", "ABC=D"] { #expect(Base64.decode(text) == nil) }
  }

  @Test func requestsAreWrittenAsTheServerReadsThem() throws {
    var request = ContainerCreateRequest()
    request.config.image = "x\"\n"
    request.config.cmd = ["a", "b"]
    request.config.exposedPorts = ["80/tcp": EmptyObject()]
    request.config.labels = ["k": "v"]
    request.hostConfig.portBindings = ["80/tcp": [PortBinding(hostPort: "8080")], "81/tcp": nil]
    request.hostConfig.memory = 1 << 40
    request.hostConfig.mounts = [Mount(type: "bind", source: "/a", target: "/b", readOnly: true)]
    request.hostConfig.ulimits = [Ulimit(name: "nofile", soft: 1, hard: -1)]
    request.networkingConfig = NetworkingConfig(endpointsConfig: ["n": EndpointSettings()])
    let server = try ScriptedServer([[ScriptedServer.answer("201 Created", #"{"Id":"1","Warnings":null}"#)]])
    let response = try server.client.createContainer(request, name: "n", platform: nil)
    #expect(response == ContainerCreateResponse(id: "1"))
    let body = try #require(server.bodies.first)
    #expect(try EngineJSON.decode(ContainerCreateRequest.self, from: body) == request)
  }

  @Test func answersAreReadWithAllTheirForms() throws {
    let json = """
      [{"Id":"1","Names":["/x"],"Created":1700000000,"Ports":[{"PrivatePort":80,"Type":"tcp"}],"Labels":null,
        "SizeRw":5,"NetworkSettings":{"Networks":{"n":{"IPAddress":"1.2.3.4"}}},"Unknown":[1.5e3,{}]}]
      """
    let server = try ScriptedServer([[ScriptedServer.answer("200 OK", json)]])
    let list = try server.client.listContainers(all: false, limit: 3, size: true, filters: Filters(["a": ["b"]]))
    #expect(list.count == 1 && list[0].names == ["/x"] && list[0].created == 1_700_000_000 && list[0].sizeRw == 5)
    #expect(list[0].labels.isEmpty && list[0].ports == [PortSummary(privatePort: 80)])
    #expect(list[0].networkSettings.networks["n"]?.ipAddress == "1.2.3.4")
    #expect(
      server.requestLines == [
        "GET /v1.51/containers/json?limit=3&size=1&filters=%7B%22a%22%3A%5B%22b%22%5D%7D HTTP/1.1"
      ])
  }

  @Test(arguments: [
    (#"[{"Id":5}]"#, "field 0.Id: a text is wanted, not 5"), ("{}", "a list is wanted, not {}"),
    ("[", "invalid JSON at byte 1: a value is missing"),
  ])
  func answersThatDoNotFitNameTheField(json: String, message: String) throws {
    let server = try ScriptedServer([[ScriptedServer.answer("200 OK", json)]])
    #expect(throws: EngineFault.malformed(message)) {
      try server.client.listContainers(all: false, limit: nil, size: false, filters: Filters())
    }
  }
}
