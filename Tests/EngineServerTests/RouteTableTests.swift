import NIOHTTP1
import Testing

@testable import EngineServer

@Suite struct RouteTableTests {
  private let table = RouteTable(allRoutes(Backends(FakeEngine())))

  @Test(arguments: [
    (HTTPMethod.GET, "/images/json", "", ""),
    (.GET, "/images/json/json", "name", "json"),
    (.GET, "/images/localhost:5000/a/json/json", "name", "localhost:5000/a/json"),
    (.GET, "/images/a/history/json", "name", "a/history"),
    (.GET, "/images/a/json/history", "name", "a/json"),
    (.GET, "/images/get", "", ""),
    (.GET, "/images/get/get", "name", "get"),
    (.POST, "/images/create", "", ""),
    (.POST, "/images/create/tag", "name", "create"),
    (.DELETE, "/images/a/json", "name", "a/json"),
    (.GET, "/images/sha256:ab%2Fc/json", "name", "sha256:ab/c"),
    (.GET, "/containers/json", "", ""),
    (.GET, "/containers/json/json", "id", "json"),
    (.POST, "/containers/create", "", ""),
    (.POST, "/containers/x/exec", "id", "x"),
    (.HEAD, "/_ping", "", ""),
    (.GET, "/networks", "", ""),
  ])
  func matches(method: HTTPMethod, path: String, parameter: String, value: String) throws {
    let target = try RequestTarget("/v1.41\(path)?a=b")
    let (_, parameters) = try #require(table.match(method, target.segments))
    #expect(parameters == (parameter.isEmpty ? [:] : [parameter: value]))
  }

  @Test(arguments: [
    (HTTPMethod.GET, "/"), (.GET, "/nothing"), (.GET, "/images"), (.DELETE, "/images/"), (.GET, "/containers//json"),
    (.GET, "/containers/a/b/json"), (.PUT, "/containers/json"), (.GET, "/_ping/"), (.POST, "/containers/x/attach/"),
  ])
  func doesNotMatch(method: HTTPMethod, path: String) throws {
    #expect(table.match(method, try RequestTarget(path).segments) == nil)
  }

  @Test func onlyAttachAndExecStartTakeOver() throws {
    for (path, takesOver) in [("containers/x/attach", true), ("exec/x/start", true), ("containers/x/start", false)] {
      let (route, _) = try #require(table.match(.POST, path.split(separator: "/").map(String.init)))
      #expect(route.mayTakeOver == takesOver)
    }
  }

  @Test(arguments: ["nothing", "http://host/path", "/a%zz", "/a?b=%2", "/a%ff"])
  func malformedTargets(uri: String) {
    #expect(throws: (any Error).self) { try RequestTarget(uri) }
  }
}
