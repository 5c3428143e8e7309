import Diagnostics
import EngineAPI
import EngineClient
import Testing

@Suite struct PortTests {
  @Test(arguments: [
    ("80", ["80/tcp|:"]), ("8080:80", ["80/tcp|:8080"]), ("127.0.0.1:8080:80/udp", ["80/udp|127.0.0.1:8080"]),
    ("127.0.0.1::80", ["80/tcp|127.0.0.1:"]), ("[::1]:1:2", ["2/tcp|::1:1"]), ("[::1]::2", ["2/tcp|::1:"]),
    ("::1:1:2", ["2/tcp|::1:1"]), (":80", ["80/tcp|:"]), ("80/SCTP", ["80/sctp|:"]),
    ("7000-7001:80-81", ["80/tcp|:7000", "81/tcp|:7001"]), ("7000-7009:80", ["80/tcp|:7000-7009"]),
    ("published=8080,target=80,protocol=udp", ["80/udp|:8080"]), ("target=80", ["80/tcp|:"]),
  ])
  func ports(text: String, expected: [String]) throws {
    let read = try PortOption.published(text).map {
      "\($0.containerPort)|\($0.binding?.hostIP ?? "?"):\($0.binding?.hostPort ?? "?")"
    }
    #expect(read == expected)
  }

  @Test(arguments: [
    ("80:x", "invalid containerPort: x"), ("x", "invalid containerPort: x"), ("x:80", "invalid hostPort: x"),
    ("80:", "no port specified: 80:<empty>"), ("", "no port specified: <empty>"), ("80/foo", "invalid proto: foo"),
    ("1-3:1-2", "invalid ranges specified for container and host Ports: 1-2 and 1-3"),
    ("+1", "invalid containerPort: +1"),
    ("70000", "invalid containerPort: 70000"), ("3-1", "invalid containerPort: 3-1"),
    ("1.2.3:1:2", "invalid IP address: 1.2.3"), ("[::1]:80", "invalid IP address: [:"),
    ("80/tcp:80", "invalid hostPort: 80/tcp"),
    ("target=80,x", "invalid publish opts format (should be name=value but got 'x')"),
    ("target=80,host=1", "invalid publish opts key 'host'"),
  ])
  func noPorts(text: String, message: String) {
    let error = #expect(throws: ClassifiedError.self) { _ = try PortOption.published(text) }
    #expect(error?.message == message)
  }

  @Test func severalBindingsOfOnePort() throws {
    let options = try ["8080:80", "127.0.0.1:8081:80"].flatMap(PortOption.published) + PortOption.exposed("90-91")
    #expect(
      options.bindings == [
        "80/tcp": [PortBinding(hostPort: "8080"), PortBinding(hostIP: "127.0.0.1", hostPort: "8081")]
      ])
    #expect(options.map(\.containerPort) == ["80/tcp", "80/tcp", "90/tcp", "91/tcp"])
  }

  @Test(arguments: [
    ("80", ["80/tcp"]), ("80/udp", ["80/udp"]), (":8080", [":8080/tcp"]),
    ("0.0.0.0:8080/udp", ["0.0.0.0:8080/udp"]), ("[::1]:8080", ["[::1]:8080/tcp"]), (":::8080", ["[::]:8080/tcp"]),
    ("::1:8080", ["[::1]:8080/tcp"]), ("80-81/udp", ["80/udp", "81/udp"]), (":8080-8081", [":8080/tcp", ":8081/tcp"]),
    ("8080:80", [":8080:80/tcp"]), ("[::1]:8082:80", ["[::1]:8082:80/tcp"]), ("::1:8082:80", ["[::1]:8082:80/tcp"]),
    ("127.0.0.1:8080:80/udp", ["127.0.0.1:8080:80/udp"]), ("127.0.0.1::80", ["127.0.0.1::80/tcp"]),
    ("8710-8711:90-91", [":8710:90/tcp", ":8711:91/tcp"]), ("8710-8712:90", [":8710-8712:90/tcp"]),
    ("published=8080,target=80", [":8080:80/tcp"]),
  ])
  func portsToTakeBack(text: String, expected: [String]) throws {
    #expect(try PortOption.removed(text) == expected)
  }

  @Test(arguments: ["", "x", "8080:x", "8080-8081:80-82", ":x", "1.2.3.4:", "80/x", "1.2.3:80", "a:1:2"])
  func noPortsToTakeBack(text: String) {
    #expect(throws: ClassifiedError.self) { _ = try PortOption.removed(text) }
  }

  @Test func theColumnOfPorts() {
    func published(_ port: UInt16, as publicPort: UInt16, type: String = "tcp") -> [PortSummary] {
      ["0.0.0.0", "::"].map { PortSummary(ip: $0, privatePort: port, publicPort: publicPort, type: type) }
    }
    #expect(PublishedPorts.column([]) == "")
    #expect(PublishedPorts.column(published(80, as: 8080)) == "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp")
    #expect(
      PublishedPorts.column(published(7001, as: 7001) + published(7000, as: 7000))
        == "0.0.0.0:7000-7001->7000-7001/tcp, [::]:7000-7001->7000-7001/tcp")
    let exposed = [9000, 9001, 9002, 9005].map { PortSummary(privatePort: $0) }
    #expect(PublishedPorts.column(exposed) == "9000-9002/tcp, 9005/tcp")
    #expect(
      PublishedPorts.column([PortSummary(privatePort: 53, type: "udp"), PortSummary(privatePort: 54)])
        == "53/udp, 54/tcp")
    #expect(PublishedPorts.column([PortSummary(privatePort: .max), PortSummary(privatePort: 0)]) == "0/tcp, 65535/tcp")
  }

  @Test func theLinesOfPort() {
    let ports: PortMap = [
      "80/tcp": [PortBinding(hostIP: "0.0.0.0", hostPort: "8080"), PortBinding(hostIP: "::", hostPort: "8080")],
      "9/udp": [PortBinding(hostIP: "127.0.0.1", hostPort: "9")], "53/tcp": nil, "54/tcp": [],
    ]
    #expect(
      PublishedPorts.lines(ports) == [
        "9/udp -> 127.0.0.1:9", "80/tcp -> 0.0.0.0:8080", "80/tcp -> [::]:8080",
      ])
    #expect(PublishedPorts.lines(ports, of: "80/tcp") == ["0.0.0.0:8080", "[::]:8080"])
    for port in ["53/tcp", "54/tcp", "1/tcp"] { #expect(PublishedPorts.lines(ports, of: port).isEmpty) }
  }

  @Test func namesInTheOrderOfCounting() {
    let names = ["", "a", "a1", "a01", "a2", "a10", "a10b", "b", "n2x9", "n2x10", "n99999999999999999999999"]
    #expect(names.reversed().sorted { $0.naturallyPrecedes($1) } == names)
    #expect(!"a1".naturallyPrecedes("a1"))
  }
}
