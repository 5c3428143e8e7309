import EngineAPI
import Testing

@Suite struct ObjectFieldsTests {
  private func json(_ value: some APIValue) -> String {
    String(decoding: EngineJSON.encode(value), as: UTF8.self)
  }

  private func decode<Value: APIValue>(_ text: String) throws -> Value {
    try EngineJSON.decode(Value.self, from: text.utf8)
  }

  @Test func nullEmptyAndMissingAreToldApart() throws {
    let config = json(ContainerConfig())
    for part in [#""Cmd":null"#, #""Entrypoint":null"#, #""Volumes":null"#, #""Env":null"#, #""User":"""#] {
      #expect(config.contains(part), "\(part) in \(config)")
    }
    #expect(!config.contains("ExposedPorts"))
    let inspect = json(ContainerInspect())
    #expect(inspect.contains(#""Mounts":[]"#))
    #expect(inspect.contains(#""StartedAt":"0001-01-01T00:00:00Z""#))
    #expect(inspect.contains(#""Networks":{}"#))
    let summary = json(ContainerSummary())
    #expect(summary.contains(#""Ports":[]"#))
    #expect(summary.contains(#""Labels":{}"#))
    #expect(json(EventMessage(action: "a/b")).contains("a/b"))
  }

  @Test func missingAndNullReadAsNothing() throws {
    let request: ContainerCreateRequest = try decode(
      #"{"Image":"busybox","Labels":null,"Tty":null,"Unknown":{"a":[1]},"HostConfig":{"Memory":null}}"#)
    #expect(request.config.image == "busybox")
    #expect(request.config.labels == nil)
    #expect(!request.config.tty)
    #expect(request.hostConfig == HostConfig())
    #expect(request.networkingConfig == nil)
  }

  @Test(
    arguments: [
      (#"{"Cmd":"ls"}"#, ["ls"]), (#"{"Cmd":["ls","-l"]}"#, ["ls", "-l"]), (#"{"Cmd":null}"#, nil), ("{}", nil),
    ] as [(String, [String]?)])
  func commandsAreAWordOrAList(text: String, words: [String]?) throws {
    let config: ContainerConfig = try decode(text)
    #expect(config.cmd == words)
  }

  @Test func hostConfigSurvivesTheWay() throws {
    var host = HostConfig()
    host.runInit = true
    host.nanoCPUs = 1_500_000_000
    host.memory = 64 << 20
    host.pidsLimit = 10
    host.maskedPaths = []
    host.portBindings = ["80/tcp": [PortBinding(hostIP: "", hostPort: "8080")], "81/tcp": nil]
    host.mounts = [Mount(type: "bind", source: "/a", target: "/b", readOnly: true)]
    host.restartPolicy = RestartPolicy(name: "on-failure", maximumRetryCount: 3)
    let sent = ContainerCreateRequest(hostConfig: host)
    let text = json(sent)
    #expect(text.contains(#""MaskedPaths":[]"#))
    #expect(text.contains(#""81/tcp":null"#))
    #expect(try decode(text) == sent)
  }

  @Test func complaintsNameTheField() {
    #expect {
      let _: ContainerCreateRequest = try decode(#"{"HostConfig":{"Memory":"much"}}"#)
    } throws: { "\($0)".contains("HostConfig.Memory") }
    #expect(throws: JSONFault.self) {
      let _: ContainerConfig = try decode(String(repeating: "[", count: 100_000))
    }
  }
}
