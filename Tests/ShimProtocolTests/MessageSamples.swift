import Diagnostics
import ShimProtocol

/// One or more of each message, with fields that differ from each other and from their defaults.
enum Samples {
  static let launch: ShimLaunch = {
    var launch = ShimLaunch(
      id: "c0ffee", bundle: "/run/apus/bundles/c0ffee", runtimeRoot: "/run/apus/runtime",
      rootfs: ShimRootfs(
        mountPoint: "/run/apus/bundles/c0ffee/rootfs", layers: "/var/lib/apus/layers", lower: ["b", "a"],
        upper: "/var/lib/apus/containers/c0ffee/upper", work: "/var/lib/apus/containers/c0ffee/work"),
      exitRecord: "/var/lib/apus/containers/c0ffee/exit", socket: "/run/apus/shims/c0ffee.sock")
    launch.runtimeOptions = ["--systemd-cgroup"]
    launch.stdio.terminal = true
    launch.stdio.openStdin = true
    launch.stdio.stdinOnce = true
    launch.stdio.rows = 24
    launch.stdio.columns = 80
    launch.log = ShimLog(path: "/log/로그", maxBytes: 1 << 40, maxFiles: 3)
    launch.oomCounter = "/sys/fs/cgroup/memory/apus/c0ffee/memory.oom_control"
    return launch
  }()

  static let exec: ShimExec = {
    var exec = ShimExec(id: "e1", process: [0x7B, 0x7D])
    exec.attachStdout = true
    exec.columns = 65_535
    return exec
  }()

  static let exit = ExitRecord(
    code: 137, signal: 9, oomKilled: true, finished: 1_700_000_000_123_456_789, reason: "shim lost")

  static let requests: [ShimRequest] = [
    .launch(launch), .launch(ShimLaunch(minimal: "x")), .control, .start,
    .signal(number: 15, wholeContainer: false), .signal(number: 9, wholeContainer: true),
    .resize(exec: nil, rows: 1, columns: 2), .resize(exec: "e1", rows: 300, columns: 500), .acknowledge,
    .attach(ShimAttach(stdin: true, stdout: false, stderr: true)), .exec(exec), .input([]), .input([0, 255, 10]),
    .inputEnd,
  ]

  static let events: [ShimEvent] = [
    .created(
      pid: 4711, steps: [StepTrace.Step(name: "mount rootfs", began: .max), StepTrace.Step(name: "", began: 0)]),
    .started, .done,
    .failed(ShimFailure(kind: .unsupported, message: "no such thing", step: "create")),
    .status(ShimStatus(phase: .created, pid: 1, startedAt: 0, execs: [], exit: nil)),
    .status(
      ShimStatus(
        phase: .exited, pid: 2, startedAt: -1, execs: [ShimStatus.RunningExec(id: "e", pid: 3)], exit: exit)),
    .output(stream: .output, bytes: [1, 2, 3]), .output(stream: .error, bytes: []), .outputEnd,
    .execStarted(pid: .max), .exited(exit), .exited(ExitRecord(code: 0, finished: .min)),
  ]
}

extension ShimLaunch {
  init(minimal id: String) {
    self.init(
      id: id, bundle: "", runtimeRoot: "",
      rootfs: ShimRootfs(mountPoint: "", layers: "", lower: [], upper: "", work: ""), exitRecord: "", socket: "")
  }
}
