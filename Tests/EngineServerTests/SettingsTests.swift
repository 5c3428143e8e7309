import CommandLine
import Diagnostics
import Engine
import Foundation
import Logging
import NetworkAddresses
import RegistryClient
import Testing

@testable import EngineServer

/// What flags and `daemon.json` make of a server, together and against each other.
struct SettingsTests {
  private let file = FileManager.default.temporaryDirectory.path + "/apus-daemon-\(UUID().uuidString).json"

  private func settings(
    _ json: String?, _ flags: [String] = [], environment: [String: String] = [:]
  ) throws -> ServerSettings {
    defer { try? FileManager.default.removeItem(atPath: file) }
    if let json { try Data(json.utf8).write(to: URL(filePath: file)) }
    let outcome = try ArgumentScanner(root: ServerCommand.spec).scan(["--config-file", file] + flags)
    guard case .run(let invocation) = outcome else { throw ClassifiedError(.invalid, "asks for help") }
    return try ServerSettings(invocation.flags, environment: environment)
  }

  private func expectError(
    _ kind: ErrorKind, _ text: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> ServerSettings
  ) {
    let error = #expect(throws: ClassifiedError.self, sourceLocation: sourceLocation) { _ = try body() }
    #expect(error?.kind == kind, sourceLocation: sourceLocation)
    #expect(error?.description.contains(text) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
  }

  @Test(arguments: ["{}", "", " \n"]) func nothingSaidMeansTheDefaults(_ json: String) throws {
    let settings = try settings(json)
    #expect(settings.dataRoot == "/var/lib/apus" && settings.execRoot == "/run/apus")
    #expect(settings.pidFile == "/run/apus/apusd.pid" && settings.cgroupParent == "/apus")
    #expect(settings.addresses == [.unix(path: "/run/apus/apus.sock")] && settings.group == nil)
    #expect(settings.registry.maximumDownloads == 3)
    #expect(settings.verbosity == .init(isDebug: false, level: .info))
  }

  @Test func fileAndFlagsAddUp() throws {
    let settings = try settings(
      #"""
      {"data-root": "/d/", "hosts": ["unix://", "tcp://127.0.0.1:1"], "log-level": "warn", "group": "docker",
       "registry-mirrors": ["https://m.example"], "max-concurrent-downloads": 7,
       "proxies": {"https-proxy": "http://p:1"}}
      """#,
      ["--exec-root", "/e", "--insecure-registry", "a:5000", "--insecure-registry", "10.0.0.0/8"],
      environment: ["HTTP_PROXY": "http://from-environment:2"])
    #expect(settings.dataRoot == "/d" && settings.execRoot == "/e" && settings.pidFile == "/e/apusd.pid")
    #expect(settings.addresses == [.unix(path: "/e/apus.sock"), .tcp(host: "127.0.0.1", port: 1)])
    #expect(settings.group == "docker" && settings.verbosity.level == .warning)
    #expect(settings.registryMirrors == ["https://m.example"])
    #expect(settings.insecureRegistries == ["a:5000", "10.0.0.0/8"])
    #expect(settings.registry.maximumDownloads == 7)
  }

  /// dockerd's words, for all of them at once.
  @Test func whatIsSaidTwiceIsRefused() {
    expectError(
      .invalid,
      "the following directives are specified both as a flag and in the configuration file: "
        + "data-root: (from flag: /b, from file: /a), debug: (from flag: true, from file: true), "
        + "hosts: (from flag: [unix:///x unix:///y], from file: [unix://])"
    ) {
      try settings(
        #"{"hosts": ["unix://"], "data-root": "/a", "debug": true, "log-level": "info"}"#,
        ["-H", "unix:///x", "-H", "unix:///y", "--data-root", "/b", "-D"])
    }
  }

  @Test func unknownKeysAreNamed() {
    expectError(.invalid, "\(file): the following directives don't match any configuration option: storage-driver, x") {
      try settings(#"{"storage-driver": "zfs", "debug": true, "x": 1}"#)
    }
  }

  @Test(arguments: [
    (#"{"debug": "yes"}"#, #"the value of "debug" is wrong: "yes""#), (#"{"hosts": "unix://"}"#, #""hosts""#),
    (#"{"max-concurrent-downloads": 1.5}"#, "1.5"), (#"{"max-concurrent-downloads": 0}"#, "from 1 to 256"),
    (#"{"proxies": {"ftp-proxy": "x"}}"#, "proxies"), ("[]", "is not a JSON object"),
    (#"{"debug": tru"#, "is not JSON"),
    (#"{"data-root": "relative"}"#, "absolute path"), (#"{"exec-root": "/"}"#, "not the root"),
    (#"{"log-level": "loud"}"#, "unknown log level: loud"), (#"{"hosts": ["carrier-pigeon://x"]}"#, "unknown protocol"),
    (#"{"registry-mirrors": ["nope"]}"#, "nope"), (#"{"insecure-registries": ["http://x"]}"#, "http://x"),
    (#"{"trusted-token-hosts": ["https://auth.example"]}"#, "trusted token host"),
  ])
  func wrongValuesAreNamed(_ json: String, _ text: String) {
    expectError(.invalid, text) { try settings(json) }
  }

  @Test func theNetworks() throws {
    #expect(try settings("{}").networking == NetworkingConfiguration())
    let flags = try settings(
      "{}",
      [
        "--bip", "10.5.0.1/24", "--bip6", "fd00::1/64", "--fixed-cidr", "10.5.0.128/25", "--fixed-cidr-v6",
        "fd00::1:0/112", "--ipv6", "--default-gateway", "10.5.0.9", "--default-gateway-v6", "fd00::9", "--ip",
        "127.0.0.1", "--mtu", "1400", "--icc=false", "--ip-masq=false", "--ip-forward=false", "--default-address-pool",
        "base=10.10.0.0/16,size=24", "--default-address-pool", "base=10.11.0.0/16,size=28", "--default-network-opt",
        "bridge=com.docker.network.driver.mtu=1300", "--dns", "192.0.2.53", "--dns", "192.0.2.54", "--dns-opt",
        "ndots:2",
        "--dns-search", "example", "--host-gateway-ip", "192.0.2.1",
      ]
    ).networking
    let file = try settings(
      #"""
      {"bip": "10.5.0.1/24", "bip6": "fd00::1/64", "fixed-cidr": "10.5.0.128/25", "fixed-cidr-v6": "fd00::1:0/112",
       "ipv6": true, "default-gateway": "10.5.0.9", "default-gateway-v6": "fd00::9", "ip": "127.0.0.1", "mtu": 1400,
       "icc": false, "ip-masq": false, "ip-forward": false,
       "default-address-pools": [{"base": "10.10.0.0/16", "size": 24}, {"base": "10.11.0.0/16", "size": 28}],
       "default-network-opts": {"bridge": {"com.docker.network.driver.mtu": "1300"}},
       "dns": ["192.0.2.53", "192.0.2.54"], "dns-opts": ["ndots:2"], "dns-search": ["example"],
       "host-gateway-ips": ["192.0.2.1"]}
      """#
    ).networking
    #expect(flags == file)
    #expect(flags.bridgeAddress4?.description == "10.5.0.1/24" && flags.range6?.description == "fd00::1:0/112")
    #expect(flags.mtu == 1400 && !flags.connectsContainers && !flags.masquerades && !flags.becomesRouter)
    #expect(flags.addressPools.map { "\($0.base) \($0.size)" } == ["10.10.0.0/16 24", "10.11.0.0/16 28"])
    #expect(flags.driverOptions == ["bridge": ["com.docker.network.driver.mtu": "1300"]])
    #expect(flags.nameServers == ["192.0.2.53", "192.0.2.54"] && flags.hostGateway?.description == "192.0.2.1")
    #expect(try !settings(#"{"bridge": "none"}"#).networking.hasDefaultNetwork)
  }

  @Test(arguments: [
    (["--bip", "10.5.0.1"], ErrorKind.invalid, "bip: invalid value: \"10.5.0.1\""),
    (["--bip", "fd00::1/64"], .invalid, "bip"), (["--bip6", "10.5.0.1/24"], .invalid, "bip6"),
    (["--bip", "10.5.0.0/24"], .invalid, "not the address of a host"), (["--fixed-cidr", "x"], .invalid, "fixed-cidr"),
    (["--bip", "10.5.0.1/24", "--fixed-cidr", "10.6.0.0/25"], .invalid, "10.6.0.0/25"),
    (["--fixed-cidr-v6", "fd00::/64"], .invalid, "need ipv6"), (["--ip", "::1"], .invalid, "ip"),
    (["--default-gateway", "10.5.0.1"], .invalid, "needs bip"), (["--mtu", "5"], .invalid, "from 68 to 65535"),
    (["--default-address-pool", "10.0.0.0/8"], .invalid, "base=10.10.0.0/16,size=24"),
    (["--default-address-pool", "base=10.0.0.0/16,size=8"], .invalid, "cannot be cut"),
    (["--default-network-opt", "bridge"], .invalid, "default-network-opt"),
    (["--default-network-opt", "bridge=nonsense=1"], .unsupported, "nonsense"), (["--dns", "host"], .invalid, "dns"),
    (["--dns-search", "a b"], .invalid, "dns-search"), (["--host-gateway-ip", "x"], .invalid, "host-gateway-ip"),
    (["--host-gateway-ip", "10.0.0.1", "--host-gateway-ip", "10.0.0.2"], .unsupported, "more than one"),
    (["--bridge", "br0"], .unsupported, "bridge br0"), (["--bridge", "none", "--bip", "10.5.0.1/24"], .invalid, "bip"),
  ])
  func networksThatCannotBe(_ flags: [String], _ kind: ErrorKind, _ text: String) {
    expectError(kind, text) { try settings("{}", flags) }
  }

  @Test(arguments: [
    #"{"default-address-pools": [{"base": "10.0.0.0/8", "length": 8}]}"#, #"{"default-network-opts": {"bridge": "x"}}"#,
    #"{"icc": "false"}"#, #"{"mtu": "1400"}"#,
  ])
  func keysOfNetworksThatAreWrong(_ json: String) {
    expectError(.invalid, "the value of") { try settings(json) }
  }

  @Test func aFileThatWasAskedForMustBeThere() {
    expectError(.notFound, file) { try settings(nil) }
  }

  @Test(arguments: [([], ErrorKind.forbidden), (["--tls"], .unsupported), (["--tls=false"], nil)])
  func beyondThisMachineOnlyIfItIsSaidTwice(_ flags: [String], _ refusal: ErrorKind?) throws {
    let json = #"{"hosts": ["tcp://0.0.0.0:2375"]}"#
    guard let refusal else { return #expect(try settings(json, flags).addresses.map(\.isLocal) == [false]) }
    expectError(refusal, "tls") { try settings(json, flags) }
  }

  @Test(arguments: ["system.slice", "/"]) func aSliceIsNoCgroupPath(_ parent: String) {
    expectError(.unsupported, "not a slice") { try settings("{}", ["--cgroup-parent", parent]) }
  }
}
