import CommandLine
import Testing

@Suite struct OutputTests {
  @Test(arguments: [(0, "0.00%"), (12.5, "12.50%"), (0.004, "0.00%"), (100.126, "100.13%"), (.infinity, "0.00%")])
  func percentages(value: Double, text: String) {
    #expect(Percentage.text(value) == text)
  }

  @Test(
    arguments: [
      (0, "0B"), (999, "999B"), (1000, "1kB"), (4_261_234, "4.26MB"), (141_000_000, "141MB"), (1_280_000_000, "1.28GB"),
      (-1500, "-1.5kB"),
    ] as [(Int64, String)])
  func decimalSizes(bytes: Int64, text: String) {
    #expect(HumanSize.decimal(bytes) == text)
  }

  @Test(
    arguments: [(0, "0B"), (1536, "1.5KiB"), (25_277_440_000, "23.54GiB"), (64 << 20, "64MiB")] as [(Int64, String)])
  func binarySizes(bytes: Int64, text: String) {
    #expect(HumanSize.binary(bytes) == text)
  }

  @Test(
    arguments: [
      (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (185, "3 minutes"),
      (3600, "About an hour"), (5400, "2 hours"), (47 * 3600, "47 hours"), (48 * 3600, "2 days"),
      (14 * 86400, "2 weeks"), (60 * 86400, "2 months"), (730 * 86400, "2 years"),
    ] as [(Int64, String)])
  func lengthsOfTime(seconds: Int64, text: String) {
    #expect(HumanDuration.describe(seconds: seconds) == text)
  }

  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0, 0), ("2013-01-02T13:23:37Z", 1_357_133_017, 0),
      ("2013-01-02T13:23:37.000000005+02:00", 1_357_125_817, 5), ("2013-01-02", 1_357_084_800, 0),
      ("2013-01-02T13:23", 1_357_132_980, 0), ("1960-02-29T00:00:00Z", -310_521_600, 0),
    ] as [(String, Int64, Int32)])
  func timestamps(text: String, seconds: Int64, nanoseconds: Int32) {
    #expect(Timestamp(text) == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
  }

  @Test(arguments: ["", "2013", "2013-13-01", "2013-01-02T25:00", "2013-01-02x", "2013-01-02T13:23:37+2"])
  func noTimestamps(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func timestampsAsText() {
    let instant = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
    #expect(instant.rfc3339() == "2023-11-14T22:13:20Z")
    #expect(instant.rfc3339(withFraction: true) == "2023-11-14T22:13:20.000000005Z")
    #expect(Timestamp(seconds: 1_700_000_000).goDescription == "2023-11-14 22:13:20 +0000 UTC")
    #expect(Timestamp("2023-11-14T22:13:20.050Z")?.goDescription == "2023-11-14 22:13:20.05 +0000 UTC")
    #expect(instant.ansiC == "Tue Nov 14 22:13:20 2023")
  }

  @Test func tablesAlignColumns() {
    var table = Table()
    table.add(["ID", "NAME", "X"])
    table.add(["0123456789ab", "ä", "long last cell"])
    #expect(table.render() == "ID             NAME      X\n0123456789ab   ä         long last cell\n")
  }

  @Test func progressRedrawsItsLineOnATerminal() {
    var display = ProgressDisplay(columns: 100)
    #expect(display.show(.init(id: "a", status: "Pulling")) == "a: Pulling \n")
    #expect(display.show(.init(id: "b", status: "Pulling")) == "b: Pulling \n")
    let bar = display.show(.init(id: "a", status: "Downloading", current: 50_000_000, total: 100_000_000))
    #expect(
      bar == "\u{1b}[2A\u{1b}[2K\ra: Downloading [====================>                   ]  50MB/100MB\r\u{1b}[2B")
    #expect(display.show(.init(id: nil, status: "Digest: x")) == "Digest: x\n")
    #expect(display.show(.init(id: "a", status: "Again")) == "a: Again \n", "what was above is history")
  }

  @Test func progressElsewhereIsOneLineForEachState() {
    var display = ProgressDisplay(columns: nil)
    #expect(display.show(.init(id: "a", status: "Downloading", current: 1, total: 2)) == "")
    #expect(display.show(.init(id: "a", status: "Pull complete")) == "a: Pull complete\n")
  }
}
