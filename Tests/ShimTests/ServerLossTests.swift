import Diagnostics
import LinuxKernel
import ShimProtocol
import Testing

/// A shim without its server, with the next one, and with one that speaks nonsense.
@Suite(.serialized) struct ServerLossTests {
  @Test func nextServerFindsTheContainerAndItsWholeLog() throws {
    let shim = try ShimHarness("for i in $(seq 1 50); do echo $i; done; read go; echo last; exit 9") { launch in
      launch.stdio.openStdin = true
    }
    try shim.start()
    shim.loseServer()
    let control = try shim.connect(.control)
    guard case .status(let status) = try control.next() else { throw ConnectionClosed() }
    #expect(status.phase == .running)
    #expect(status.startedAt > 0)
    #expect(status.exit == nil)
    let attach = try shim.attach(stdin: true)
    try attach.send(.input(Array("go\n".utf8)))
    #expect(try attach.output(until: "last\n").hasSuffix("last\n"))
    #expect(try shim.finish(on: control).code == 9)
    #expect(try shim.log() == (1...50).map { "stdout \($0)\n" } + ["stdout last\n"])
  }

  @Test func createdContainerWaitsForTheNextServer() throws {
    let shim = try ShimHarness("exit 5")
    try shim.waitUntilCreated()
    shim.loseServer()
    let control = try shim.connect(.control)
    guard case .status(let status) = try control.next() else { throw ConnectionClosed() }
    #expect((status.phase, status.startedAt) == (.created, 0))
    try control.send(.start)
    #expect(try control.next() == .started)
    #expect(try shim.finish(on: control).code == 5)
  }

  @Test func exitWithoutServerIsOnDisk() throws {
    let shim = try ShimHarness("read go; exit 3") { $0.stdio.openStdin = true }
    try shim.start()
    let attach = try shim.attach(stdin: true)
    shim.loseServer()
    try attach.send(.input(Array("go\n".utf8)))
    #expect(try attach.output() == ("", ""))
    try shim.waitForShim()
    #expect(try ExitRecord(parsing: HostFiles.readText(shim.launch.exitRecord)).code == 3)
  }

  @Test func serverThatDoesNotAcknowledgeIsNotWaitedForLong() throws {
    let shim = try ShimHarness("exit 0")
    try shim.start()
    #expect(try shim.connected.exit().code == 0)
    try shim.waitForShim()
  }

  @Test func shimWithoutLaunchEnds() throws {
    let shim = try ShimHarness("sleep 1000") { $0.id = "another" }
    #expect(try shim.launchFailure().kind == .invalid)
  }

  @Test(
    arguments: [
      [0, 0, 0, 0], [255, 255, 255, 255, 1], [1, 0, 0, 0, 99], [1, 0, 0, 0, 2], [2, 0, 0, 0, 3, 3],
    ] as [[UInt8]])
  func nonsenseDropsItsConnectionOnly(bytes: [UInt8]) throws {
    let shim = try ShimHarness("read go; exit 6") { $0.stdio.openStdin = true }
    try shim.start()
    let attach = try shim.attach(stdin: true)
    let nonsense = try shim.connect(.control)
    guard case .status = try nonsense.next() else { throw ConnectionClosed() }
    try nonsense.sendRaw(bytes)
    #expect(try nonsense.isClosed())
    try attach.send(.input(Array("go\n".utf8)))
    #expect(try shim.finish().code == 6)
  }

  /// A socket that a shim left behind, and one in the way of the terminal, are no obstacle.
  @Test func staleSocketIsReplaced() throws {
    var stale: SharedDescriptor?
    let shim = try ShimHarness("exit 0") { stale = try? SharedDescriptor(UnixSocket.listen(at: $0.socket)) }
    try #require(stale != nil)
    try shim.start()
    withExtendedLifetime(stale) {}
    try shim.finish()
  }
}
