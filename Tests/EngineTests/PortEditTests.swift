import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses
import Testing

@testable import Engine

/// What an edit of published ports makes of a configuration.
struct PortEditTests {
  private static func port(
    _ container: UInt16, _ address: String, _ host: UInt16, _ transport: String = "tcp"
  ) -> NetworkGrant.Port {
    var port = NetworkGrant.Port()
    (port.transport, port.hostAddress, port.hostPort) = (transport, address, host)
    (port.containerAddress, port.containerPort) = (address.contains(":") ? "fd00::2" : "10.0.0.2", container)
    return port
  }

  private static func host(_ bindings: [String: [PortBinding]], all: Bool = false) -> HostConfig {
    var host = HostConfig()
    (host.portBindings, host.publishAllPorts) = (bindings.mapValues { $0 }, all)
    return host
  }

  private static func edited(
    _ host: HostConfig, remove: [String] = [], add: PortMap = [:], granted: [NetworkGrant.Port]? = nil,
    hasVersion6: Bool = false, exposed: [String] = [], defaultAddress: IPAddress = .unspecified(.version4)
  ) throws -> HostConfig {
    var request = ContainerUpdateRequest()
    (request.publishRemove, request.publishAdd) = (remove, add)
    let edit = try #require(try PortEdit(request))
    var result = host
    let present = PortEdit.Present(granted: granted, defaultAddress: defaultAddress, hasVersion6: hasVersion6)
    try edit.apply(to: &result, exposed: exposed, present)
    return result
  }

  @Test func anEditOfNothingIsNone() throws {
    var request = ContainerUpdateRequest()
    (request.publishRemove, request.publishAdd) = ([], [:])
    #expect(try PortEdit(request) == nil)
  }

  @Test(arguments: [
    ("x", "invalid port specification"), ("0.0.0.0:x", "invalid port specification"),
    ("a:80", "invalid port specification"), ("a:80:80", "invalid host IP address"),
    ("80-70:80", "invalid port specification"),
    (":80/ftp", "invalid port specification"), (":0", "invalid port specification"), ("", "invalid port specification"),
  ])
  func malformedRemovals(_ text: String, _ sentence: String) {
    let error = #expect(throws: ClassifiedError.self) { _ = try Self.edited(HostConfig(), remove: [text]) }
    #expect(error?.kind == .invalid && error?.message.contains(sentence) == true)
  }

  /// A removal, and the ports of this machine that are left of 80/tcp.
  @Test(arguments: [
    ("0.0.0.0:8080/tcp", ["127.0.0.1:8080", ":8081"]), ("127.0.0.1:8080", [":8080", ":8081"]), (":8080", [":8081"]),
    (":8081/tcp", ["127.0.0.1:8080", ":8080"]), ("80/tcp", []), ("80", []), ("8080:80", [":8081"]),
    ("127.0.0.1:8080:80", [":8080", ":8081"]), ("127.0.0.1::80", [":8080", ":8081"]), ("::80", []),
  ])
  func removalsFromWhatDoesNotRun(_ text: String, _ left: [String]) throws {
    let host = Self.host([
      "80/tcp": [
        PortBinding(hostIP: "127.0.0.1", hostPort: "8080"), PortBinding(hostPort: "8080"),
        PortBinding(hostPort: "8081"),
      ],
      "80/udp": [PortBinding(hostPort: "8080")],
    ])
    let after = try Self.edited(host, remove: [text])
    let bindings = (after.portBindings?["80/tcp"] ?? nil) ?? []
    #expect(bindings.map { "\($0.hostIP):\($0.hostPort)" } == left)
    #expect(after.portBindings?["80/udp"] == host.portBindings?["80/udp"])
  }

  @Test func whatIsNotPublishedCannotBeTakenBack() {
    let host = Self.host(["80/tcp": [PortBinding(hostPort: "8080-8090"), PortBinding()]])
    for text in [":8081", "81", "0.0.0.0:8080/udp", "80/udp", "8080:80", "8080-8089:80", "8080-8090:81"] {
      let error = #expect(throws: ClassifiedError.self) { _ = try Self.edited(host, remove: [text]) }
      #expect(error?.kind == .notFound && error?.message.hasSuffix("is not published") == true)
    }
  }

  /// The binding that is taken for the cause of a published port says the most about it.
  @Test func theClosestBindingGoes() throws {
    let host = Self.host([
      "80/tcp": [PortBinding(), PortBinding(hostPort: "8080-8090"), PortBinding(hostPort: "8085")]
    ])
    let granted = [8080, 8085, 40_000].map { Self.port(80, "0.0.0.0", $0) }
    func left(_ text: String) throws -> [String] {
      ((try Self.edited(host, remove: [text], granted: granted).portBindings?["80/tcp"] ?? nil) ?? []).map(\.hostPort)
    }
    #expect(try left(":8085") == ["", "8080-8090"])
    #expect(try left(":8080") == ["", "8085"])
    #expect(try left("0.0.0.0:40000") == ["8080-8090", "8085"])
  }

  @Test func oneOfTwoFamiliesLeavesTheOther() throws {
    let host = Self.host(["80/tcp": [PortBinding(hostPort: "8080")]])
    let both = [Self.port(80, "0.0.0.0", 8080), Self.port(80, "::", 8080)]
    func left(_ removals: [String], _ granted: [NetworkGrant.Port]?, hasVersion6: Bool = true) throws -> [PortBinding] {
      let after = try Self.edited(host, remove: removals, granted: granted, hasVersion6: hasVersion6)
      return (after.portBindings?["80/tcp"] ?? nil) ?? []
    }
    #expect(try left(["0.0.0.0:8080"], both) == [PortBinding(hostIP: "::", hostPort: "8080")])
    #expect(try left(["[::]:8080"], both) == [PortBinding(hostIP: "0.0.0.0", hostPort: "8080")])
    #expect(try left(["[::]:8080"], nil) == [PortBinding(hostIP: "0.0.0.0", hostPort: "8080")])
    #expect(try left([":8080"], both).isEmpty)
    #expect(try left(["80"], both).isEmpty)
    #expect(try left([":8080"], nil).isEmpty)
    #expect(try left(["0.0.0.0:8080", "[::]:8080"], both).isEmpty)
    #expect(try left(["0.0.0.0:8080"], [both[0]], hasVersion6: false).isEmpty)
    #expect(try left(["0.0.0.0:8080"], nil, hasVersion6: false).isEmpty)
  }

  /// Without one of them "all" cannot be meant any more: the others are named, each with any free port.
  @Test func onePortOfAllThatArePublished() throws {
    let granted = [Self.port(70, "0.0.0.0", 40_000), Self.port(71, "0.0.0.0", 40_001), Self.port(9, "0.0.0.0", 99)]
    let exposed = ["70/tcp", "71/tcp", "9/tcp"]
    let host = Self.host(["9/tcp": [PortBinding(hostPort: "99")]], all: true)
    for (text, granted) in [("71", granted), (":40001", granted), ("71", nil)] {
      let after = try Self.edited(host, remove: [text], granted: granted, exposed: exposed)
      #expect(!after.publishAllPorts)
      #expect(after.portBindings == ["70/tcp": [PortBinding()], "9/tcp": [PortBinding(hostPort: "99")]])
    }
    // What has a binding of its own is no matter of "all".
    let after = try Self.edited(host, remove: [":99"], granted: granted, exposed: exposed)
    #expect(after.publishAllPorts && after.portBindings == [:])
  }

  @Test func additions() throws {
    let host = Self.host(["80/tcp": [PortBinding(hostPort: "8080")]], all: true)
    let add: PortMap = [
      "80": [PortBinding(hostPort: "8081")], "70/tcp": [PortBinding(hostPort: "7000"), PortBinding()],
    ]
    let after = try Self.edited(host, add: add, exposed: ["70/tcp", "71/tcp", "80/tcp"])
    #expect(
      after.portBindings == [
        "80/tcp": [PortBinding(hostPort: "8080"), PortBinding(hostPort: "8081")],
        "70/tcp": [PortBinding(), PortBinding(hostPort: "7000"), PortBinding()],
      ])
    #expect(after.publishAllPorts)
  }

  @Test func aPortOfThisMachineLeadsToOneOfTheContainers() throws {
    let host = Self.host(["80/tcp": [PortBinding(hostIP: "127.0.0.1", hostPort: "8080")]])
    for address in ["", "0.0.0.0", "127.0.0.1"] {
      let add: PortMap = ["81/tcp": [PortBinding(hostIP: address, hostPort: "8080")]]
      let error = #expect(throws: ClassifiedError.self) { _ = try Self.edited(host, add: add) }
      #expect(error?.kind == .conflict && error?.message.contains("port is already allocated") == true)
      // It is free when it is taken back in the same breath.
      #expect(try Self.edited(host, remove: ["80"], add: add).portBindings == add)
    }
    for (name, address) in [("81/udp", ""), ("81/tcp", "127.0.0.2"), ("81/tcp", "::")] {
      _ = try Self.edited(host, add: [name: [PortBinding(hostIP: address, hostPort: "8080")]])
    }
    // Where "all addresses" means one.
    let own = IPAddress(127, 0, 0, 2)
    _ = try Self.edited(host, add: ["81/tcp": [PortBinding(hostPort: "8080")]], defaultAddress: own)
  }
}
