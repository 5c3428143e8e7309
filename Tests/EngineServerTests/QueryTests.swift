import Testing

@testable import EngineServer

@Suite struct QueryTests {
  @Test(arguments: [
    ("f", false), ("f=", false), ("f=0", false), ("f=False", false), ("f=no", false), ("f=none", false), ("f=1", true),
    ("f=true", true), ("f=yes", true), ("g=1", false),
  ])
  func flags(text: String, isOn: Bool) throws {
    #expect(try Query(text[...]).flag("f") == isOn)
  }

  @Test(
    arguments: [
      ("t=1700000000", 1_700_000_000_000_000_000), ("t=1.5", 1_500_000_000), ("t=1.000000001", 1_000_000_001),
      ("t=1.0000000019", 1_000_000_001), ("t=0", nil), ("t=", nil), ("", nil),
    ] as [(String, Int64?)])
  func instants(text: String, expected: Int64?) throws {
    #expect(try Query(text[...]).instant("t") == expected)
  }

  @Test(arguments: ["t=yesterday", "t=1.x", "t=99999999999999999999", "t=9999999999999"])
  func malformedInstants(text: String) {
    #expect(throws: (any Error).self) { try Query(text[...]).instant("t") }
  }

  @Test func escapesAndRepetition() throws {
    let query = try Query("names=a%20b&names=c+d&x=1%2B1&names=")
    #expect(query.all("names") == ["a b", "c d", ""])
    #expect(query["x"] == "1+1")
    #expect(query.text("y") == nil)
  }
}
