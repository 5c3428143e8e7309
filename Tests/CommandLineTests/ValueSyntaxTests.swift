import CommandLine
import Testing

@Suite struct ValueSyntaxTests {
  @Test(
    arguments: [
      ("0", 0), ("10", 10), ("1k", 1024), ("1KB", 1024), ("1kib", 1024), ("10 m", 10 << 20), ("1.5g", 3 << 29),
      ("1t", 1 << 40), ("5b", 5),
    ] as [(String, Int64)])
  func sizes(text: String, bytes: Int64) {
    #expect(ValueSyntax.byteSize(text) == bytes)
  }

  @Test(arguments: ["", "x", "1x", "-1", "k", "1.", "1kk", "1 2", "99999999999p"])
  func noSizes(text: String) {
    #expect(ValueSyntax.byteSize(text) == nil)
  }

  @Test(
    arguments: [
      ("1", 1), ("-12", -12), ("+3", 3), ("0x10", 16), ("0b11", 3), ("0o17", 15), ("017", 15),
    ] as [(String, Int64)])
  func integers(text: String, value: Int64) {
    #expect(ValueSyntax.integer(text) == value)
  }

  @Test(arguments: ["", "1.5", "x", "0x", "--1", "9223372036854775808", "1 "])
  func noIntegers(text: String) {
    #expect(ValueSyntax.integer(text) == nil)
  }

  @Test(
    arguments: [
      ("1.5", 1_500_000_000), (".5", 500_000_000), ("2", 2_000_000_000), ("0.000000001", 1), ("1.10", 1_100_000_000),
      ("-1.5", -1_500_000_000),
    ] as [(String, Int64)])
  func decimals(text: String, value: Int64) {
    #expect(ValueSyntax.billionths(text) == value)
  }

  @Test(arguments: ["", ".", "1.2.3", "x", "0.0000000001", "--1", "99999999999"])
  func noDecimals(text: String) {
    #expect(ValueSyntax.billionths(text) == nil)
  }

  @Test(
    arguments: [
      ("0", 0), ("1s", 1_000_000_000), ("1h2m3.5s", 3_723_500_000_000), ("10ms", 10_000_000), ("-1us", -1000),
      ("1µs", 1000), ("5ns", 5),
    ] as [(String, Int64)])
  func durations(text: String, value: Int64) {
    #expect(ValueSyntax.nanoseconds(text) == value)
  }

  @Test(arguments: ["", "1", "x", "s", "1x", "1s2"])
  func noDurations(text: String) {
    #expect(ValueSyntax.nanoseconds(text) == nil)
  }
}
