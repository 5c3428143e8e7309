import Diagnostics
import LinuxKernel
import ShimProtocol
import Testing

/// A container's life under a shim: its start, its streams, its end.
@Suite(.serialized) struct ContainerTests {
  @Test(arguments: [("exit 0", 0), ("exit 42", 42), ("no-such-command", 127), ("sleep 9 & kill -9 $!; wait $!", 137)])
  func exitCode(script: String, code: UInt8) throws {
    let shim = try ShimHarness(script)
    try shim.start()
    let record = try shim.finish()
    #expect((record.code, record.signal, record.oomKilled) == (code, 0, false))
  }

  @Test func signalEndsInit() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    try shim.connected.send(.signal(number: 9, wholeContainer: false))
    #expect(try shim.connected.next() == .done)
    let record = try shim.finish()
    #expect((record.code, record.signal) == (137, 9))
  }

  @Test func wholeContainerIsSignalled() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    try shim.connected.send(.signal(number: 9, wholeContainer: true))
    // The answer may come before the exit or after it.
    let events = try [shim.connected.next(), shim.connected.next()]
    #expect(events.contains(.done))
    let record = try #require(events.compactMap(\.exitRecord).first)
    #expect(record.signal == 9)
    try shim.finish(with: record)
  }

  @Test func linesAreLoggedInOrderWithTheirStreams() throws {
    let shim = try ShimHarness("echo one; echo two; sleep 0.1; echo three >&2; sleep 0.1; printf four")
    try shim.start()
    try shim.finish()
    #expect(try shim.log() == ["stdout one\n", "stdout two\n", "stderr three\n", "stdout four"])
  }

  @Test func containerWithoutLogOrLayers() throws {
    let shim = try ShimHarness("echo unheard") { launch in
      launch.log = nil
      launch.rootfs.upper = "\(launch.rootfs.layers)/base"
      launch.rootfs.lower = []
    }
    try shim.start()
    try shim.finish()
    #expect(try !HostFiles.exists(shim.path("log")))
  }

  @Test func floodIsLoggedAndAttachedWithoutLoss() throws {
    let shim = try ShimHarness("seq 1 100000")
    try shim.waitUntilCreated()
    let attach = try shim.attach()
    try shim.connected.send(.start)
    #expect(try shim.connected.next() == .started)
    let expected = (1...100_000).map { "\($0)\n" }
    #expect(try attach.output().output == expected.joined())
    try shim.finish()
    #expect(try shim.log() == expected.map { "stdout \($0)" })
  }

  @Test func logIsRotatedBySizeAndLosesNoLineThatIsKept() throws {
    let shim = try ShimHarness("seq 1 2000") { launch in
      launch.log?.maxBytes = 20_000
      launch.log?.maxFiles = 3
    }
    try shim.start()
    try shim.finish()
    let kept = try ["log.2", "log.1", "log"].flatMap { try shim.log($0) }
    #expect(kept == (1...2000).suffix(kept.count).map { "stdout \($0)\n" })
    #expect(try HostFiles.status(shim.path("log.1")).size >= 20_000)
    #expect(try HostFiles.status(shim.path("log.1")).size < 20_100)
    #expect(try !HostFiles.exists(shim.path("log.3")))
  }

  @Test func backgroundChildDoesNotHoldTheExit() throws {
    // With the host's pid namespace, init's end leaves its children, and they keep the pipe open.
    let shim = try ShimHarness("sleep 1000 & echo done", hostPIDs: true)
    try shim.start()
    #expect(try shim.finish().code == 0)
    #expect(try shim.log() == ["stdout done\n"])
  }

  @Test func outOfMemoryIsReported() throws {
    let shim = try ShimHarness("cat /dev/zero > /tmp/zeros; exit 3", memoryLimit: 16 << 20) { launch in
      launch.oomCounter = try? Bundle.outOfMemoryCounter(of: launch.id)
    }
    try shim.start()
    // Which of its processes the kernel picks is its own affair.
    let record = try shim.finish()
    #expect(record.oomKilled)
  }

  @Test func failedStepIsNamed() throws {
    let withoutLayer = try ShimHarness("exit 0") { $0.rootfs.lower = ["missing"] }
    let mount = try withoutLayer.launchFailure()
    #expect((mount.kind, mount.step) == (.notFound, "mount rootfs"))

    let withoutBundle = try ShimHarness("exit 0") { $0.bundle += "/missing" }
    let create = try withoutBundle.launchFailure()
    #expect(create.step == "runtime create")
    #expect(create.message.contains("missing"))
    #expect(!create.message.contains("\n"))
  }

  @Test func requestsAreRefusedWithAReason() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.waitUntilCreated()
    let early = try shim.exec("true")
    #expect(try early.failure().kind == .conflict)

    let control = try shim.connected
    try control.send(.start)
    #expect(try control.next() == .started)
    try control.send(.start)
    #expect(try control.failure().kind == .conflict)
    try control.send(.resize(exec: nil, rows: 1, columns: 1))
    #expect(try control.failure().kind == .conflict)
    try control.send(.resize(exec: "none", rows: 1, columns: 1))
    #expect(try control.failure().kind == .notFound)
    try control.send(.signal(number: 200, wholeContainer: false))
    #expect(try control.failure().kind == .invalid)

    // Answers come in the order of the requests, however long one takes.
    try control.send(.signal(number: 15, wholeContainer: true))
    try control.send(.resize(exec: nil, rows: 1, columns: 1))
    #expect(try control.next() == .done)
    _ = try control.failure()
    try control.send(.signal(number: 9, wholeContainer: false))
    #expect(try control.next() == .done)
    try shim.finish()
  }
}
