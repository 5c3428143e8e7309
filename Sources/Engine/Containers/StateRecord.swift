import StateStore

extension ContainerState {
  /// The state as the database keeps it. A container that is being removed keeps no state of its own: after a crash
  /// the removal is asked for again, or AutoRemove asks.
  func record(boot: String) -> ContainerRecord.State {
    switch self {
    case .created(let failure):
      ContainerRecord.State(
        phase: "created", boot: boot, exitCode: failure?.code ?? 0, error: failure?.message ?? "")
    case .running(let run):
      ContainerRecord.State(phase: "running", boot: boot, pid: run.pid, started: run.started.nanoseconds)
    case .exited(let exit):
      ContainerRecord.State(
        phase: "exited", boot: boot, started: exit.started?.nanoseconds, finished: exit.finished?.nanoseconds,
        exitCode: exit.code, oomKilled: exit.oomKilled, error: exit.error)
    case .removing(let code), .removed(let code):
      ContainerRecord.State(phase: "removing", boot: boot, exitCode: code)
    }
  }

  /// The state that a record tells of. `running` is what was so when it was written: recovery finds out.
  init(_ record: ContainerRecord.State) {
    let started = record.started.map(Timestamp.init(nanoseconds:))
    switch record.phase {
    case "running":
      self = .running(Run(pid: record.pid, started: started ?? Timestamp(nanoseconds: 0)))
    case "exited":
      self = .exited(
        Exit(
          code: record.exitCode, oomKilled: record.oomKilled, error: record.error, started: started,
          finished: record.finished.map(Timestamp.init(nanoseconds:))))
    case "removing":
      self = .removing(exitCode: record.exitCode)
    default:
      let failed = record.exitCode != 0 || !record.error.isEmpty
      self = .created(failed ? StartFailure(code: record.exitCode, message: record.error) : nil)
    }
  }
}
