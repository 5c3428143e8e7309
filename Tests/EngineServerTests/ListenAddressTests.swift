import Diagnostics
import EngineServer
import Testing

@Suite struct ListenAddressTests {
  @Test(arguments: [
    ("unix:///run/a.sock", ListenAddress.unix(path: "/run/a.sock"), true),
    ("unix://", .unix(path: "/default"), true),
    ("tcp://127.0.0.1:2375", .tcp(host: "127.0.0.1", port: 2375), true),
    ("tcp://:1234", .tcp(host: "localhost", port: 1234), true),
    ("tcp://", .tcp(host: "localhost", port: 2375), true),
    ("tcp://[::1]:80", .tcp(host: "::1", port: 80), true),
    ("tcp://[::]", .tcp(host: "::", port: 2375), false),
    ("0.0.0.0:2375", .tcp(host: "0.0.0.0", port: 2375), false),
  ])
  func spellings(text: String, address: ListenAddress, isLocal: Bool) throws {
    let parsed = try ListenAddress(text, defaultSocket: "/default")
    #expect(parsed == address)
    #expect(parsed.isLocal == isLocal)
  }

  @Test(arguments: [
    ("fd://", ErrorKind.unsupported), ("ssh://host", .unsupported), ("unix://relative", .invalid),
    ("tcp://host:port", .invalid), ("tcp://host:99999", .invalid), ("gopher://x", .invalid),
  ])
  func refusals(text: String, kind: ErrorKind) {
    #expect { try ListenAddress(text, defaultSocket: "/default") } throws: { errorKind(of: $0) == kind }
  }
}
