import NetworkAddresses
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.0.0.1", "10.0.0.1"),
    ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
    ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"),
    ("::ffff:1.2.3.4", "::ffff:1.2.3.4"), ("::ffff:102:304", "::ffff:1.2.3.4"),
    ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
    ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
  ])
  func readsAndPrints(_ text: String, _ canonical: String) throws {
    let address = try #require(IPAddress(text))
    #expect(address.description == canonical)
    #expect(IPAddress(canonical) == address)
    #expect(IPAddress(bytes: address.bytes) == address)
    #expect(IPAddress(address.family, number: address.number) == address)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "+1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1..3.4",
    "1.2.3.0x4", ":", ":::", "1::2::3", "12345::", "::1.2.3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7::8",
    ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "::g", "fe80::1%eth0", "[::1]", "::1/128", "1.2.3.4::", "::1.2.3.4:5", "::+1",
    "1::٣", "１.2.3.4", "::ffff:01.2.3.4", String(repeating: "1", count: 10_000),
  ])
  func refuses(_ text: String) {
    #expect(IPAddress(text) == nil)
  }

  @Test func everyIPv6GroupPatternSurvives() throws {
    // All 256 patterns of zero and other groups: each has one canonical text, which reads back.
    for pattern in 0..<256 {
      let groups = (0..<8).map { pattern >> $0 & 1 == 1 ? "a\($0)" : "0" }
      let address = try #require(IPAddress(groups.joined(separator: ":")))
      #expect(IPAddress(address.description) == address, "\(address)")
    }
  }

  @Test(arguments: [
    ("0.0.0.0", "u"), ("::", "u"), ("127.0.0.1", "l"), ("127.255.0.9", "l"), ("::1", "l"), ("128.0.0.1", ""),
    ("169.254.3.4", "k"), ("169.253.3.4", ""), ("fe80::1", "k"), ("febf::1", "k"), ("fec0::1", ""), ("224.0.0.1", "m"),
    ("239.1.1.1", "m"), ("240.0.0.1", ""), ("ff02::1", "m"), ("fe00::1", ""), ("255.255.255.255", "b"), ("::2", ""),
    ("::ffff:127.0.0.1", ""),
  ])
  func kinds(_ text: String, _ kinds: String) throws {
    let address = try #require(IPAddress(text))
    let found = [
      (address.isUnspecified, "u"), (address.isLoopback, "l"), (address.isLinkLocal, "k"), (address.isMulticast, "m"),
      (address.isLimitedBroadcast, "b"),
    ].filter(\.0).map(\.1).joined()
    #expect(found == kinds)
  }

  @Test func unmapped() {
    #expect(IPAddress("::ffff:127.0.0.1")?.unmapped == IPAddress("127.0.0.1"))
    #expect(IPAddress("::fffe:127.0.0.1")?.unmapped == IPAddress("::fffe:127.0.0.1"))
    #expect(IPAddress("1.2.3.4")?.unmapped == IPAddress(1, 2, 3, 4))
  }

  @Test func arithmeticEndsAtTheFamilysEnds() {
    #expect(IPAddress("10.0.0.255")?.next == IPAddress("10.0.1.0"))
    #expect(IPAddress("255.255.255.255")?.next == nil)
    #expect(IPAddress("0.0.0.0")?.advanced(by: -1) == nil)
    #expect(IPAddress("1.2.3.4")?.advanced(by: .max) == nil)
    #expect(IPAddress("1.2.3.4")?.advanced(by: .min) == nil)
    #expect(IPAddress("::ffff:ffff:ffff:ffff")?.next == IPAddress("0:0:0:1::"))
    #expect(IPAddress("::")?.advanced(by: -1) == nil)
    #expect(IPAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")?.next == nil)
    #expect(IPAddress(.version4, number: 1 << 32) == nil)
  }

  @Test func order() throws {
    let texts = ["0.0.0.0", "9.0.0.0", "10.0.0.0", "255.0.0.0", "::", "::1", "1::", "ff00::"]
    let addresses = texts.compactMap { IPAddress($0) }
    #expect(addresses.shuffled().sorted().map(\.description) == texts)
  }
}

@Suite struct MACAddressTests {
  @Test func readsAndPrints() throws {
    #expect(MACAddress("02:42:AC:11:00:02")?.description == "02:42:ac:11:00:02")
    #expect(MACAddress("02-42-ac-11-00-02") == MACAddress("02:42:ac:11:00:02"))
    #expect(MACAddress("02:42:ac:11:00:02")?.bytes == [2, 0x42, 0xAC, 0x11, 0, 2])
  }

  @Test(arguments: [
    "", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "02:42-ac:11:00:02", "2:42:ac:11:00:02", "0g:42:ac:11:00:02",
  ])
  func refuses(_ text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test(arguments: [UInt8(0), 1, 0xFD, 0xFF])
  func locallyAdministered(_ first: UInt8) throws {
    let address = try #require(MACAddress(locallyAdministered: [first, 1, 2, 3, 4, 5]))
    #expect(!address.isMulticast)
    #expect(address.isLocallyAdministered)
    #expect(address.bytes.dropFirst() == [1, 2, 3, 4, 5])
    #expect(MACAddress(locallyAdministered: [1, 2]) == nil)
  }
}
