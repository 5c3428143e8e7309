import Diagnostics
import ShimProtocol
import Testing

@testable import Engine

/// The engine's state; in a file that imports `EngineAPI` the bare name could be either's.
typealias EngineState = ContainerState

private let start = Timestamp(nanoseconds: 1_000_000_000)
private let end = Timestamp(nanoseconds: 4_500_000_000)
private let run = ContainerState.Run(pid: 7, started: start)
private let exit = ContainerState.Exit(code: 3, finished: end)

struct ContainerStateTests {
  /// One transition: what happens, where it leads and what is to be done; nil actions: refused with that kind.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let from: ContainerState
    let input: ContainerState.Input
    var autoRemove = false
    let to: ContainerState
    var actions: [ContainerState.Action] = []
    var refusal: ErrorKind?

    var testDescription: String { name }
  }

  static let ended: ContainerState = .exited(.init(code: 3, started: start, finished: end))
  static let asked: ContainerState = .running(.init(pid: 7, started: start, stop: .asked))
  static let killed: ContainerState = .running(.init(pid: 7, started: start, stop: .killed))

  static let cases: [Case] = [
    Case(name: "start", from: .created(nil), input: .start, to: .created(nil), actions: [.launch]),
    Case(name: "start again", from: ended, input: .start, to: ended, actions: [.launch]),
    Case(name: "start twice", from: .running(run), input: .start, to: .running(run), refusal: .notModified),
    Case(
      name: "launched", from: .created(nil), input: .launched(pid: 7, at: start), to: .running(run),
      actions: [.record, .announce(.start)]),
    Case(
      name: "launch failed", from: .created(nil), input: .launchFailed(.init(code: 127, message: "no")),
      to: .created(.init(code: 127, message: "no")), actions: [.record, .cleanUp]),
    Case(
      name: "launch failed, auto-remove", from: .created(nil), input: .launchFailed(.init(code: 127, message: "no")),
      autoRemove: true, to: .removing(exitCode: 127), actions: [.cleanUp, .erase]),
    Case(
      name: "exit", from: .running(run), input: .exited(exit), to: ended,
      actions: [.record, .announce(.die(code: 3, seconds: 3)), .leaveNetworks, .wakeWaiters, .cleanUp]),
    Case(
      name: "exit, auto-remove", from: .running(run), input: .exited(exit), autoRemove: true,
      to: .removing(exitCode: 3), actions: [.announce(.die(code: 3, seconds: 3)), .leaveNetworks, .wakeWaiters, .erase]),
    Case(
      name: "stop", from: .running(run), input: .stop(signal: 15, timeout: 10), to: asked,
      actions: [.signal(15), .announce(.kill(signal: 15)), .armDeadline(seconds: 10, afterKill: false)]),
    Case(
      name: "stop without end", from: .running(run), input: .stop(signal: 15, timeout: nil), to: asked,
      actions: [.signal(15), .announce(.kill(signal: 15))]),
    Case(
      name: "stop of a stopped one", from: ended, input: .stop(signal: 15, timeout: 1), to: ended,
      refusal: .notModified),
    Case(
      name: "time is up", from: asked, input: .deadline(run: start, afterKill: false), to: killed,
      actions: [.signal(9), .announce(.kill(signal: 9)), .armDeadline(seconds: 10, afterKill: true)]),
    Case(
      name: "does not die", from: killed, input: .deadline(run: start, afterKill: true), to: killed,
      actions: [.abandonStop]),
    Case(
      name: "the time of a stop beside a kill", from: killed, input: .deadline(run: start, afterKill: false),
      to: killed,
      actions: []),
    Case(
      name: "an old deadline", from: .running(run), input: .deadline(run: Timestamp(nanoseconds: 1), afterKill: false),
      to: .running(run)),
    Case(
      name: "exit after stop", from: asked, input: .exited(exit), to: ended,
      actions: [
        .record, .announce(.die(code: 3, seconds: 3)), .leaveNetworks, .announce(.stop), .wakeWaiters, .cleanUp,
      ]),
    Case(name: "kill of a stopped one", from: ended, input: .kill(signal: 9), to: ended, refusal: .conflict),
    Case(name: "rm", from: ended, input: .remove(force: false), to: .removing(exitCode: 3), actions: [.erase]),
    Case(
      name: "rm of a running one", from: .running(run), input: .remove(force: false), to: .running(run),
      refusal: .conflict),
    Case(
      name: "rm -f, then exit", from: .running(.init(pid: 7, started: start, stop: .killed, removal: true)),
      input: .exited(exit), to: .removing(exitCode: 3),
      actions: [.announce(.die(code: 3, seconds: 3)), .leaveNetworks, .wakeWaiters, .erase]),
    Case(
      name: "rm tried again", from: .removing(exitCode: 3), input: .remove(force: false), to: .removing(exitCode: 3),
      actions: [.erase]),
    Case(
      name: "gone", from: .removing(exitCode: 3), input: .erased, to: .removed(exitCode: 3),
      actions: [.announce(.destroy), .wakeWaiters]),
    Case(
      name: "start while it goes", from: .removing(exitCode: 3), input: .start, to: .removing(exitCode: 3),
      refusal: .conflict),
  ]

  @Test(arguments: cases) func transition(_ test: Case) throws {
    var state = test.from
    if let refusal = test.refusal {
      let error = #expect(throws: ClassifiedError.self) {
        try state.handle(test.input, autoRemove: test.autoRemove)
      }
      #expect(error?.kind == refusal)
    } else {
      #expect(try state.handle(test.input, autoRemove: test.autoRemove) == test.actions)
    }
    #expect(state == test.to)
  }

  /// Which exit records a server that comes back takes note of.
  @Test(
    arguments: [
      (.created(nil), true), (.created(.init(code: 127, message: "no")), false), (.running(run), true), (ended, true),
      (.exited(.init(code: 0, finished: Timestamp(nanoseconds: 9_000_000_000))), false),
      (.exited(.init(code: 127, error: "no", finished: end)), false), (.removing(exitCode: 0), false),
    ] as [(ContainerState, Bool)])
  func exitRecordsAreNews(_ state: ContainerState, _ expected: Bool) {
    #expect(state.isNews(ExitRecord(code: 1, finished: 5_000_000_000)) == expected)
  }

  @Test(arguments: [
    ContainerState.created(nil), .created(.init(code: 126, message: "x")), ended, .removing(exitCode: 5), .running(run),
  ])
  func theRecordKeepsTheState(_ state: ContainerState) {
    #expect(ContainerState(state.record(boot: "b")) == state)
  }

  @Test(
    arguments: [
      (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"), (60, "About a minute"), (3599, "59 minutes"),
      (3600, "About an hour"), (7200, "2 hours"), (86400 * 3, "3 days"), (86400 * 20, "2 weeks"),
      (86400 * 100, "3 months"), (86400 * 800, "2 years"),
    ] as [(Int64, String)])
  func durations(_ seconds: Int64, _ text: String) {
    #expect(roughDuration(seconds: seconds) == text)
  }

  @Test func failuresBecomeDockersExitCodes() {
    let sentence = { (message: String) in "OCI runtime create failed: \(message): unknown" }
    #expect(
      StartFailureReport.code(for: sentence(#"exec: "foo": executable file not found in $PATH"#), command: "foo") == 127
    )
    #expect(StartFailureReport.code(for: sentence(#"exec: "/etc": permission denied"#), command: "/etc") == 126)
    #expect(StartFailureReport.code(for: sentence("mount /x: no such file or directory"), command: "foo") == 128)
  }
}
