import NetworkAddresses
import Testing

@Suite struct PrefixTests {
  @Test(arguments: [
    ("10.1.2.3/8", "10.0.0.0/8", "10.255.255.255"), ("10.0.0.0/32", "10.0.0.0/32", "10.0.0.0"),
    ("1.2.3.4/0", "0.0.0.0/0", "255.255.255.255"), ("192.168.1.130/25", "192.168.1.128/25", "192.168.1.255"),
    ("fd00::1/64", "fd00::/64", "fd00::ffff:ffff:ffff:ffff"), ("::1/128", "::1/128", "::1"),
    ("2001::/0", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ("fd12:3456::1/7", "fc00::/7", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  ])
  func readsAndMasks(_ text: String, _ canonical: String, _ last: String) throws {
    let prefix = try #require(IPPrefix(text))
    #expect(prefix.description == canonical)
    #expect(prefix.last.description == last)
    #expect(prefix.contains(prefix.first) && prefix.contains(prefix.last))
  }

  @Test(arguments: [
    "", "/", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/08", "10.0.0.0/8/8",
    "::/129", "::/1000", "10.0.0/8", "/8", "10.0.0.0/٨", "10.0.0.0/ 8", "10.0.0.0/99999999999999999999",
  ])
  func refuses(_ text: String) {
    #expect(IPPrefix(text) == nil)
  }

  @Test func membership() throws {
    let net = try #require(IPPrefix("10.16.0.0/12"))
    #expect(net.contains(IPAddress(10, 31, 255, 255)) && !net.contains(IPAddress(10, 32, 0, 0)))
    #expect(try !net.contains(#require(IPAddress("::ffff:10.16.0.1"))))
    for (text, overlaps, contains) in [
      ("10.16.0.0/16", true, true), ("10.0.0.0/8", true, false), ("10.32.0.0/16", false, false),
      ("10.16.0.0/12", true, true), ("::/0", false, false), ("0.0.0.0/0", true, false),
    ] {
      let other = try #require(IPPrefix(text))
      #expect(net.overlaps(other) == overlaps && other.overlaps(net) == overlaps, "\(other)")
      #expect(net.contains(other) == contains, "\(other)")
    }
  }

  @Test(
    arguments: [
      ("10.0.0.0/24", "10.0.0.1", "10.0.0.254", "10.0.0.255"), ("10.0.0.0/30", "10.0.0.1", "10.0.0.2", "10.0.0.3"),
      ("10.0.0.0/31", "10.0.0.0", "10.0.0.1", nil), ("10.0.0.9/32", "10.0.0.9", "10.0.0.9", nil),
      ("fd00::/64", "fd00::1", "fd00::ffff:ffff:ffff:ffff", nil), ("fd00::/127", "fd00::", "fd00::1", nil),
    ] as [(String, String, String, String?)])
  func hosts(_ text: String, _ first: String, _ last: String, _ broadcast: String?) throws {
    let prefix = try #require(IPPrefix(text))
    #expect(prefix.hosts.lowerBound.description == first)
    #expect(prefix.hosts.upperBound.description == last)
    #expect(prefix.broadcast?.description == broadcast)
  }

  @Test func counts() {
    #expect(IPPrefix("10.0.0.0/24")?.addressCount == 256)
    #expect(IPPrefix("0.0.0.0/0")?.addressCount == 1 << 32)
    #expect(IPPrefix("::/1")?.addressCount == 1 << 127)
    #expect(IPPrefix("::/0")?.addressCount == nil)
    #expect(IPPrefix("10.0.0.0/24")?.address(at: 255) == IPAddress(10, 0, 0, 255))
    #expect(IPPrefix("10.0.0.0/24")?.address(at: 256) == nil)
    #expect(IPPrefix("10.0.0.0/20")?.netmask.description == "255.255.240.0")
    #expect(IPPrefix.all(.version4).netmask.description == "0.0.0.0")
  }

  @Test func subdivision() throws {
    let pool = try #require(IPPrefix("172.16.0.0/12")?.subdivided(into: 16))
    #expect(pool.map(\.description) == (16...31).map { "172.\($0).0.0/16" })
    let end = try #require(IPPrefix("255.255.255.0/24")?.subdivided(into: 25))
    #expect(end.map(\.description) == ["255.255.255.0/25", "255.255.255.128/25"])
    #expect(IPPrefix("10.0.0.0/8")?.subdivided(into: 7) == nil)
    #expect(IPPrefix("10.0.0.0/8")?.subdivided(into: 33) == nil)
    let many = try #require(IPPrefix("fd00::/8")?.subdivided(into: 64))
    #expect(many.prefix(2).map(\.description) == ["fd00::/64", "fd00:0:0:1::/64"])
    #expect(IPPrefix("::/0").flatMap { $0.subdivided(into: 1) }.map { Array($0).count } == 2)
  }

  @Test func interfaceAddress() throws {
    let address = try #require(InterfaceAddress("10.0.0.5/24"))
    #expect(address.description == "10.0.0.5/24")
    #expect(address.network.description == "10.0.0.0/24")
    #expect(!address.isNetworkAddress)
    #expect(InterfaceAddress("10.0.0.0/24")?.isNetworkAddress == true)
    #expect(InterfaceAddress(IPAddress(10, 1, 0, 0), in: address.network) == nil)
  }
}
