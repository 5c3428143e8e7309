import OCIRuntimeSpec
import Testing

@Suite struct JSONTests {
  private func mount(_ text: String) throws -> SpecMount { try SpecMount(json: Array(text.utf8)) }

  @Test(arguments: [
    (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""\b\f\n\r\t""#, "\u{8}\u{C}\n\r\t"), (#""\u00e9\u4e2d""#, "é中"),
    (#""\ud83d\ude00""#, "😀"), (#""\ud83d""#, "\u{FFFD}"), (#""\ud83dx""#, "\u{FFFD}x"), (#""é中😀""#, "é中😀"),
    (#""""#, ""),
  ])
  func stringsAreUnescaped(_ text: String, _ expected: String) throws {
    #expect(try mount(#"{"destination": \#(text)}"#).destination == expected)
  }

  @Test(arguments: ["a\"b\\c", "\n\u{1}\u{1F}", "é中😀", "/x y"])
  func stringsSurviveWritingAndReading(_ text: String) throws {
    let mount = SpecMount(destination: text, options: [text])
    #expect(try SpecMount(json: mount.json()) == mount)
    #expect(try SpecMount(json: mount.json(indented: true)) == mount)
  }

  @Test(arguments: [
    "", "{", "[", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1}x"#, #"{"a":"x"#, "{\"a\":\"\n\"}",
    #"{"destination":"\x"}"#, #"{"destination":"\u12"}"#, "[]", "null", "tru", #"{"a":tru}"#, "nul", "\"",
    #"{"destination":"\"#,
  ])
  func malformedTextIsRefused(_ text: String) {
    #expect(throws: JSONError.self) { try mount(text) }
  }

  @Test func deepNestingIsRefusedAndNotFollowed() {
    let text = #"{"x":"# + String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try mount(text) }
  }

  @Test func errorsNameThePropertyWithItsPath() throws {
    let text =
      #"{"ociVersion":"1.0.0","process":{"cwd":"/","user":{"uid":0,"gid":0},"rlimits":[{"type":"a","hard":1,"soft":-1}]}}"#
    let error = #expect(throws: JSONError.self) { try Spec(json: Array(text.utf8)) }
    #expect(error?.path == "process.rlimits[0].soft")
  }

  @Test(arguments: [
    (#"{"pids":{"limit":9223372036854775808}}"#, "pids.limit"), (#"{"pids":{"limit":1.5}}"#, "pids.limit"),
    (#"{"cpu":{"shares":-1}}"#, "cpu.shares"), (#"{"cpu":{"cpus":3}}"#, "cpu.cpus"),
    (#"{"unified":{"a":1}}"#, "unified.a"), (#"{"devices":[{}]}"#, "devices[0].allow"), (#"{"rdma":[]}"#, "rdma"),
    (#"{"blockIO":{"weight":65536}}"#, "blockIO.weight"),
  ])
  func valuesOfTheWrongTypeOrRangeAreRefused(_ text: String, _ path: String) {
    let error = #expect(throws: JSONError.self) { try LinuxResources(json: Array(text.utf8)) }
    #expect(error?.path == path)
  }

  @Test func nullMeansAbsentAndUnknownPropertiesAreIgnored() throws {
    let mount = try mount(#" { "destination" : "/a" , "options" : null, "source": null, "later": {"x": [1, {}]} } "#)
    #expect(mount == SpecMount(destination: "/a"))
  }

  @Test func theLastOfTwoEqualKeysCounts() throws {
    #expect(try mount(#"{"destination":"/a","destination":"/b"}"#).destination == "/b")
  }

  @Test func indentedTextIsLaidOutAsOtherRuntimesDo() {
    let text = String(decoding: Hook(path: "/a", args: ["b", "c"]).json(indented: true), as: UTF8.self)
    #expect(text == "{\n  \"path\": \"/a\",\n  \"args\": [\n    \"b\",\n    \"c\"\n  ]\n}")
  }
}
