import AsyncHTTPClient
import Diagnostics
import NetworkAddresses
@testable import RegistryClient
import Testing

@Suite struct HostsTests {
  @Test(arguments: [
    ("localhost:5000", true), ("127.0.0.1", true), ("127.9.9.9:1", true), ("[::1]:5000", true),
    ("[::ffff:127.0.0.1]:80", true), ("localhost.evil.com", false), ("127.0.0.1.evil.com", false),
    ("10.1.2.3:5000", true), ("10.2.0.1", false), ("plain.test", true), ("plain.test:5000", true),
    ("ports.test:5000", true), ("ports.test:5001", false), ("[fd00::1]", true), ("docker.io", false),
  ])
  func insecureRegistries(_ host: String, _ isInsecure: Bool) throws {
    let insecure = try InsecureRegistries(["10.1.0.0/16", "fd00::/8", "plain.test", "ports.test:5000"])
    #expect(try insecure.contains(#require(HostPort(host))) == isInsecure)
  }

  @Test(arguments: ["http://x", "10.0.0.0/33", "a/b", "x:99999", "x:y", ""])
  func refusesInsecureRegistry(_ entry: String) {
    #expect(throws: ClassifiedError.self) { try RegistryConfiguration(insecureRegistries: [entry]) }
  }

  @Test(arguments: ["mirror.test", "ftp://mirror.test", "https://u:p@mirror.test", "https://mirror.test/?a", ""])
  func refusesMirror(_ entry: String) {
    #expect(throws: ClassifiedError.self) { try RegistryConfiguration(mirrors: [entry]) }
  }

  @Test(arguments: [
    ("1.2.3.4", [1, 2, 3, 4]), ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    ("fe80::1:2", [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]), ("::ffff:1.2.3.4", [1, 2, 3, 4]),
    ("01.2.3.4", nil), ("1.2.3", nil), ("1.2.3.4.5", nil), ("256.1.1.1", nil), (":::", nil), ("1::2::3", nil),
    ("12345::", nil), ("::1.2.3", nil), ("+1.2.3.4", nil), ("1:2:3:4:5:6:7:8:9", nil), ("1:2:3:4:5:6:7::8", nil),
  ])
  func addresses(_ text: String, _ bytes: [UInt8]?) {
    #expect(HostPort(text)?.address?.bytes == bytes)
  }

  @Test(arguments: [
    ("example.com", "example.com", 443, true), ("example.com", "a.example.com", 443, true),
    ("example.com", "badexample.com", 443, false), (".example.com", "example.com", 443, false),
    (".example.com", "a.example.com", 443, true), ("*.example.com", "a.example.com", 443, true),
    ("*", "x.test", 443, true), ("10.0.0.0/8", "10.9.9.9", 443, true), ("10.0.0.0/8", "11.0.0.1", 443, false),
    ("x.test:5000", "x.test", 443, false), ("x.test:5000", "x.test", 5000, true), ("1.2.3.4", "1.2.3.4", 80, true),
    (" a.test , X.test", "x.test", 80, true), ("", "x.test", 80, false),
  ])
  func proxyExceptions(_ list: String, _ host: String, _ port: Int, _ isException: Bool) {
    #expect(ProxySettings(exceptions: list).isException(host: host, port: port) == isException)
  }

  @Test func proxySettingsFromTheEnvironment() throws {
    let settings = ProxySettings(environment: [
      "HTTPS_PROXY": "http://u:p@proxy.test:3128", "https_proxy": "http://other.test", "http_proxy": "plain.test",
    ])
    #expect(settings.http == "plain.test")
    let proxy = try settings.proxy(for: #require(RemoteURL("https://registry.test/v2/")))
    #expect(proxy?.host == "proxy.test")
    #expect(proxy?.port == 3128)
    #expect(try settings.proxy(for: #require(RemoteURL("http://registry.test/v2/")))?.host == "plain.test")
    #expect(try settings.proxy(for: #require(RemoteURL("https://127.0.0.1:5000/v2/"))) == nil)
    #expect(throws: ClassifiedError.self) {
      try ProxySettings(https: "https://proxy.test").proxy(for: #require(RemoteURL("https://registry.test")))
    }
  }

  @Test(arguments: [
    ("", "docker.io"), ("https://index.docker.io/v1/", "docker.io"), ("registry-1.docker.io", "docker.io"),
    ("ghcr.io", "ghcr.io"), ("https://localhost:5000/v2/", "localhost:5000"),
  ])
  func serversOfLogins(_ address: String, _ domain: String) {
    #expect(RegistryClient.domain(ofServer: address) == domain)
  }
}
