import Diagnostics
import EngineClient
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    ("unix:///run/x.sock", EngineAddress.unix(path: "/run/x.sock")),
    ("tcp://10.0.0.1:2375", .tcp(host: "10.0.0.1", port: 2375)), ("tcp://host", .tcp(host: "host", port: 2375)),
    ("tcp://:99/", .tcp(host: "127.0.0.1", port: 99)), ("tcp://[::1]:5", .tcp(host: "::1", port: 5)),
    ("http://h:80", .tcp(host: "h", port: 80)),
  ])
  func addresses(text: String, address: EngineAddress) throws {
    #expect(try EngineAddress(text) == address)
  }

  @Test(arguments: [
    ("ssh://host", ErrorKind.unsupported), ("fd://", .unsupported), ("/run/x.sock", .invalid), ("unix://x", .invalid),
    ("tcp://h:x", .invalid), ("tcp://h:70000", .invalid), ("tcp://h/x", .invalid), ("", .invalid),
  ])
  func noAddresses(text: String, kind: ErrorKind) {
    let error = #expect(throws: ClassifiedError.self) { _ = try EngineAddress(text) }
    #expect(error?.kind == kind)
  }

  @Test func queriesAreEscaped() {
    var query: Query = ["a": "b c/d"]
    query.add("x", nil as String?)
    query.add("y", if: true)
    query.add("é", "&")
    #expect(query.encoded == "?a=b%20c%2Fd&y=1&%C3%A9=%26")
    #expect(Query().encoded == "")
  }

  @Test(
    arguments: [
      ("busybox", "docker.io/library/busybox", nil, nil, "busybox"),
      ("a/b:1", "docker.io/a/b", "1", nil, "a/b:1"),
      ("localhost/x", "localhost/x", nil, nil, "localhost/x"),
      ("h:5000/x/y:t@sha256:00", "h:5000/x/y", "t", "sha256:00", "h:5000/x/y:t@sha256:00"),
      ("index.docker.io/library/z", "docker.io/library/z", nil, nil, "z"),
    ] as [(String, String, String?, String?, String)])
  func imageNames(text: String, repository: String, tag: String?, digest: String?, familiar: String) throws {
    let name = try ImageName(text)
    #expect(name.repository == repository && name.tag == tag && name.digest == digest)
    #expect(name.description == familiar)
    #expect(name.tagged.tag == (tag ?? (digest == nil ? "latest" : nil)))
  }

  @Test(arguments: ["", "Foo", "a b", "a:", "x@", "h.io/"])
  func noImageNames(text: String) {
    #expect(throws: ClassifiedError.self) { _ = try ImageName(text) }
  }

  @Test func credentialsOfDockerHubHaveTheirOldKey() throws {
    #expect(try ImageName("busybox").credentialsKey == "https://index.docker.io/v1/")
    #expect(try ImageName("r.example:5000/x").credentialsKey == "r.example:5000")
  }
}
