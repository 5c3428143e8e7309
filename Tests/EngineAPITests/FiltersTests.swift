import EngineAPI
import Testing

@Suite struct FiltersTests {
  @Test(
    arguments: [
      (#"{"status":{"running":true}}"#, ["status": ["running"]]),
      (#"{"status":["running","exited"]}"#, ["status": ["running", "exited"]]),
      (#"{"label":{"b=2":true,"a=1":true},"id":["x"]}"#, ["label": ["a=1", "b=2"], "id": ["x"]]),
      (#"{"status":{"running":false}}"#, [:]),
      ("{}", [:]),
    ] as [(String, [String: [String]])])
  func bothForms(json: String, expected: [String: [String]]) throws {
    #expect(try Filters(json: json) == Filters(expected))
  }

  @Test(arguments: ["", "[]", #"{"status":"running"}"#, #"{"status":[1]}"#, "{"])
  func otherFormsAreRefused(json: String) {
    #expect(throws: FilterFault.self) { try Filters(json: json) }
  }

  @Test func unknownKeysAreRefusedByName() throws {
    var filters = Filters()
    filters.add("status", "running")
    filters.add("color", "red")
    #expect { try filters.requireKeys(["status"]) } throws: { "\($0)".contains("'color'") }
    #expect(try Filters(json: filters.json) == filters)
  }
}
