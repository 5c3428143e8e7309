import JSON
import Testing

@Suite struct JSONTests {
  @Test func jsonKeepsOrderAndDigits() throws {
    let text = #"{"b":1.50,"a":[true,null,"x\n\"\\\u00e9\ud83d\ude00"],"e":{},"l":[]}"#
    let value = try JSONValue(parsing: Array(text.utf8))
    #expect(value.compact == #"{"b":1.50,"a":[true,null,"x\n\"\\é😀"],"e":{},"l":[]}"#)
    #expect(
      value.indented(by: " ") == """
        {
         "b": 1.50,
         "a": [
          true,
          null,
          "x\\n\\"\\\\é😀"
         ],
         "e": {},
         "l": []
        }
        """)
  }

  @Test(arguments: [
    "", "{", "[1,]", "1.", "-", "1e", "+1", "[.5]", "{\"a\"}", "{\"a\":1,}", "01x", "\"a", "\"\\x\"", "tru", "1 2",
    "\"\u{1}\"",
    String(repeating: "[", count: 300),
  ])
  func noJSON(text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSONValue(parsing: Array(text.utf8)) }
  }

  @Test(arguments: ["0", "-1.5e+3", "2E9", "123456789012345678901234567890"])
  func numbersKeepTheirText(text: String) throws {
    #expect(try JSONValue(parsing: Array(text.utf8)) == .number(text))
  }

  @Test(arguments: ["", "plain", "ä😀", "\u{2028}€", "\"\\\n\r\t\u{1}", "\r\n"])
  func whatIsWrittenIsReadAgain(text: String) throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.name(text)
    writer.string(text)
    writer.name("n")
    writer.beginArray()
    writer.integer(Int64.min)
    writer.integer(UInt64.max)
    writer.integer(Int64(0))
    writer.null()
    writer.endArray()
    writer.endObject()
    let numbers: [JSONValue] = [.number("-9223372036854775808"), .number("18446744073709551615"), .number("0"), .null]
    let expected = JSONValue.members([(text, .string(text)), ("n", .array(numbers))])
    #expect(try JSONValue(parsing: writer.bytes) == expected)
    #expect(expected.compact == String(decoding: writer.bytes, as: UTF8.self))
  }
}
