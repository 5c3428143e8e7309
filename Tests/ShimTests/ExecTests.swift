import Diagnostics
import LinuxKernel
import ShimProtocol
import Testing

/// Further processes in a running container.
@Suite(.serialized) struct ExecTests {
  @Test func execHasStreamsAndAnExitOfItsOwn() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    let exec = try shim.exec("cat; echo err >&2; exit 7")
    try exec.send(.input(Array("through\n".utf8)))
    try exec.send(.inputEnd)
    #expect(try exec.startedPID() > 1)
    #expect(try exec.output() == ("through\n", "err\n"))
    let record = try exec.exit()
    #expect((record.code, record.signal) == (7, 0))
    #expect(try exec.isClosed())
    #expect(try shim.log() == [])
    try stop(shim)
  }

  @Test func execWithTerminal() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    let exec = try shim.exec("read line; stty size", terminal: true)
    _ = try exec.startedPID()
    try shim.connected.send(.resize(exec: "e1", rows: 5, columns: 55))
    #expect(try shim.connected.next() == .done)
    try exec.send(.input(Array("go\n".utf8)))
    #expect(try exec.output().output == "go\r\n5 55\r\n")
    #expect(try exec.exit().code == 0)
    try stop(shim)
  }

  @Test func manyExecsAtOnceAreTold() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    let execs = try (0..<8).map { try shim.exec("cat; exit \($0)", id: "e\($0)", terminal: $0 % 2 == 1) }
    let pids = try execs.map { try $0.startedPID() }
    let control = try shim.connect(.control)
    guard case .status(let status) = try control.next() else { throw ConnectionClosed() }
    #expect(Set(status.execs.map(\.pid)) == Set(pids))
    #expect(Set(status.execs.map(\.id)) == Set((0..<8).map { "e\($0)" }))

    let twice = try shim.exec("true", id: "e3")
    #expect(try twice.failure().kind == .conflict)
    for (number, exec) in execs.enumerated() {
      // The end of input for a terminal is a character.
      try exec.send(number % 2 == 1 ? .input([4]) : .inputEnd)
      _ = try exec.output()
      #expect(try exec.exit().code == UInt8(number))
    }
    try stop(shim)
  }

  @Test func execThatCannotBeIsRefused() throws {
    let shim = try ShimHarness("sleep 1000")
    try shim.start()
    let escaping = try shim.exec("true", id: "../e")
    #expect(try escaping.failure().kind == .invalid)
    var exec = ShimExec(id: "e2", process: Array("{}".utf8))
    exec.attachStdout = true
    let empty = try shim.connect(.exec(exec))
    #expect(try !empty.failure().message.isEmpty)
    #expect(try HostFiles.list(shim.path("bundle")).allSatisfy { !$0.hasPrefix("exec-") })
    try stop(shim)
  }

  @Test func execsEndWithTheContainer() throws {
    let shim = try ShimHarness("sleep 1000", hostPIDs: true)
    try shim.start()
    let exec = try shim.exec("sleep 1000")
    _ = try exec.startedPID()
    try shim.connected.send(.signal(number: 9, wholeContainer: false))
    #expect(try shim.connected.next() == .done)
    #expect(try exec.output() == ("", ""))
    #expect(try exec.exit().signal == 9)
    try shim.finish()
  }

  private func stop(_ shim: ShimHarness) throws {
    try shim.connected.send(.signal(number: 9, wholeContainer: false))
    #expect(try shim.connected.next() == .done)
    try shim.finish()
  }
}

extension ShimClient {
  /// The next event, which is to be `execStarted`.
  func startedPID() throws -> Int32 {
    let event = try next()
    guard case .execStarted(let pid) = event else { throw UnexpectedEvent(event: event) }
    return pid
  }
}
