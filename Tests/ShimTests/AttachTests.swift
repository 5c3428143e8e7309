import LinuxKernel
import ShimProtocol
import TestSupport
import Testing

/// Clients attached to a container's streams.
@Suite(.serialized) struct AttachTests {
  @Test func eachAttachSeesWhatItAskedFor() throws {
    let shim = try ShimHarness("echo out; echo err >&2")
    try shim.waitUntilCreated()
    let both = try shim.attach()
    let errors = try shim.connect(.attach(ShimAttach(stdin: false, stdout: false, stderr: true)))
    #expect(try errors.next() == .done)
    try shim.connected.send(.start)
    #expect(try shim.connected.next() == .started)
    #expect(try both.output() == ("out\n", "err\n"))
    #expect(try errors.output() == ("", "err\n"))
    #expect(try both.isClosed())
    try shim.finish()
  }

  @Test func endOfInputReachesTheProcess() throws {
    let shim = try ShimHarness("cat; echo end") { launch in
      launch.stdio.openStdin = true
      launch.stdio.stdinOnce = true
    }
    try shim.start()
    let attach = try shim.attach(stdin: true)
    try attach.send(.input(Array("hello ".utf8)))
    try attach.send(.input(Array("world\n".utf8)))
    try attach.send(.inputEnd)
    #expect(try attach.output().output == "hello world\nend\n")
    try shim.finish()
  }

  @Test func inputStaysOpenForTheNextAttach() throws {
    let shim = try ShimHarness("read a; echo $a; read b; echo $b") { $0.stdio.openStdin = true }
    try shim.start()
    let first = try shim.attach(stdin: true)
    try first.send(.input(Array("one\n".utf8)))
    try first.send(.inputEnd)
    let second = try shim.attach(stdin: true)
    #expect(try first.output(until: "one\n") == "one\n")
    try second.send(.input(Array("two\n".utf8)))
    #expect(try first.output().output == "two\n")
    try shim.finish()
    #expect(try shim.log() == ["stdout one\n", "stdout two\n"])
  }

  @Test func inputWithoutOpenStdinIsNobodys() throws {
    let shim = try ShimHarness("cat; echo end")
    try shim.waitUntilCreated()
    let attach = try shim.attach(stdin: true)
    try attach.send(.input([1, 2, 3]))
    try shim.connected.send(.start)
    #expect(try shim.connected.next() == .started)
    #expect(try attach.output().output == "end\n")
    try shim.finish()
  }

  /// More goes in than all buffers hold before anything is read, and comes back whole.
  @Test func largeInputIsHeldBackAndComesThrough() throws {
    let shim = try ShimHarness("read go; cat") { launch in
      launch.stdio.openStdin = true
      launch.stdio.stdinOnce = true
      launch.log = nil
    }
    try shim.start()
    let reader = try shim.attach()
    let socket = shim.launch.socket
    let writing = BackgroundThread {
      let writer = ShimClient(try UnixSocket.connect(to: socket))
      try writer.send(.attach(ShimAttach(stdin: true, stdout: false, stderr: false)))
      try writer.send(.input(Array("go\n".utf8)))
      let line = Array((String(repeating: "x", count: 1023) + "\n").utf8)
      for _ in 0..<4096 { try writer.send(.input(line)) }
      try writer.send(.inputEnd)
    }
    #expect(try reader.output().output.utf8.count == 4096 * 1024)
    try writing.join()
    try shim.finish()
  }

  /// An attached client that does not read holds up the container, not the shim, and is released by going.
  @Test func clientThatDoesNotReadIsForgottenWhenItGoes() throws {
    let shim = try ShimHarness("seq 1 100000; echo end")
    try shim.waitUntilCreated()
    var sleeper: ShimClient? = try shim.attach()
    try shim.connected.send(.start)
    #expect(try shim.connected.next() == .started)
    // The shim answers while the container is held up.
    let control = try shim.connect(.control)
    guard case .status(let status) = try control.next() else { throw ConnectionClosed() }
    #expect(status.phase == .running)
    try sleeper?.send(.inputEnd)
    sleeper = nil
    try shim.finish()
    #expect(try shim.log().last == "stdout end\n")
  }

  @Test func terminalIsResizedAndEndsWithItsProgram() throws {
    let shim = try ShimHarness("stty size; read line; stty size; echo $line", terminal: true) { launch in
      (launch.stdio.rows, launch.stdio.columns) = (31, 101)
    }
    try shim.waitUntilCreated()
    let attach = try shim.attach(stdin: true)
    try shim.connected.send(.start)
    #expect(try shim.connected.next() == .started)
    #expect(try attach.output(until: "\r\n") == "31 101\r\n")
    try shim.connected.send(.resize(exec: nil, rows: 42, columns: 142))
    #expect(try shim.connected.next() == .done)
    try attach.send(.input(Array("typed\n".utf8)))
    #expect(try attach.output().output == "typed\r\n42 142\r\ntyped\r\n")
    try shim.finish()
    #expect(try shim.log().last == "stdout typed\r\n")
  }
}
