import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// What a container runs: the program, as whom, where, with which environment and limits.
struct ProcessPlan: Sendable, Equatable {
  var arguments: [String]
  /// Whether an init of the engine's runs the program, passes signals on and reaps zombies.
  var hasInit: Bool
  /// The whole environment but `HOME`, which comes from the user's entry in the image.
  var environment: [String]
  var workingDirectory: String
  /// As the user wrote it: `name`, `1000`, `name:group`; empty: root.
  var user: String
  var additionalGroups: [String]
  var hasTerminal: Bool
  var opensStdin: Bool
  var stdinOnce: Bool
  var consoleSize: ConsoleSize?
  var limits: [POSIXRlimit]
  var oomScoreAdjustment: Int?
  var stopSignal: Signal
  /// Seconds; nil: never escalate.
  var stopTimeout: Int?
  var annotations: [String: String]

  /// How long a container has to stop when nothing else is said, in seconds.
  static let defaultStopTimeout = 10

  /// Where the engine's init appears in a container, by the name that images know.
  static let initPath = "/sbin/docker-init"

  /// Throws: `invalid` for an empty command and malformed values, `unsupported` for what is not there.
  static func plan(_ config: ContainerConfig, _ host: HostConfig, hostname: String) throws(ClassifiedError)
    -> ProcessPlan
  {
    try checkLife(config, host)
    let arguments = (config.entrypoint ?? []) + (config.cmd ?? [])
    try require(!arguments.isEmpty && arguments != [""], "no command specified")
    try require(!(arguments + (config.env ?? [])).contains { $0.utf8.contains(0) }, "NUL byte in the command or Env")
    let signalName = config.stopSignal.flatMap { $0.isEmpty ? nil : $0 } ?? "SIGTERM"
    guard let signal = Signal(signalName) else {
      throw ClassifiedError(.invalid, "Invalid signal: \(signalName)")
    }
    let directory = config.workingDir.isEmpty ? "/" : config.workingDir
    try require(
      directory.hasPrefix("/"), "the working directory '\(directory)' is invalid, it needs to be an absolute path")
    let timeout = config.stopTimeout ?? defaultStopTimeout
    try require(
      (-1000...1000).contains(host.oomScoreAdj),
      "invalid value \(host.oomScoreAdj), range for oom score adj is [-1000, 1000]")
    let size = host.consoleSize
    return ProcessPlan(
      arguments: arguments, hasInit: host.runInit == true && host.pidMode != "host",
      environment: environment(config.env ?? [], hostname: hostname, hasTerminal: config.tty),
      workingDirectory: directory, user: config.user, additionalGroups: host.groupAdd ?? [],
      hasTerminal: config.tty, opensStdin: config.openStdin, stdinOnce: config.stdinOnce,
      consoleSize: size.count == 2 && size[0] > 0 && size[1] > 0
        ? ConsoleSize(height: UInt32(clamping: size[0]), width: UInt32(clamping: size[1])) : nil,
      limits: try (host.ulimits ?? []).map(limit), oomScoreAdjustment: host.oomScoreAdj == 0 ? nil : host.oomScoreAdj,
      stopSignal: signal, stopTimeout: timeout < 0 ? nil : timeout, annotations: host.annotations ?? [:])
  }

  private static func checkLife(_ config: ContainerConfig, _ host: HostConfig) throws(ClassifiedError) {
    let policy = host.restartPolicy.name
    try require(
      ["", "no", "always", "unless-stopped", "on-failure"].contains(policy),
      "invalid restart policy: unknown policy '\(policy)'; use one of 'no', 'always', 'on-failure', or "
        + "'unless-stopped'")
    try require(
      !host.autoRemove || policy.isEmpty || policy == "no",
      "can't create 'AutoRemove' container with restart policy")
    try refuse("restart policy \(policy)", if: !policy.isEmpty && policy != "no")
    try refuse("Isolation \(host.isolation)", if: !["", "default"].contains(host.isolation))
    let runtime = host.runtime ?? ""
    try require(
      ["", "apus-runtime", "runc"].contains(runtime), "unknown or invalid runtime name: \(runtime)")
    var check = config.healthcheck ?? HealthConfig()
    if check.test == ["NONE"] || check.test == [] { check.test = nil }
    let isBare = [check.interval, check.timeout, check.startPeriod, check.startInterval].allSatisfy { $0 ?? 0 == 0 }
    try refuse(
      "Healthcheck", if: check.test != nil || !isBare || check.retries ?? 0 != 0, advice: "use --no-healthcheck")
  }

  /// The defaults, which the container's own settings replace where they stand; then the rest of those in order.
  static func environment(_ settings: [String], hostname: String, hasTerminal: Bool) -> [String] {
    var result = [
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\(hostname)",
    ]
    if hasTerminal { result.append("TERM=xterm") }
    for setting in settings {
      let name = setting.prefix { $0 != "=" }
      let present = result.firstIndex { $0.prefix { $0 != "=" } == name }
      switch (present, name.count < setting.count) {
      case (let index?, true): result[index] = setting
      case (let index?, false): result.remove(at: index)
      case (nil, true): result.append(setting)
      case (nil, false): break
      }
    }
    return result
  }

  private static let limitNames: Set<String> = [
    "as", "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
  ]

  private static func limit(_ ulimit: Ulimit) throws(ClassifiedError) -> POSIXRlimit {
    try require(limitNames.contains(ulimit.name), "invalid ulimit type: \(ulimit.name)")
    try require(
      ulimit.hard == -1 || (ulimit.soft != -1 && ulimit.soft <= ulimit.hard),
      "ulimit soft limit must be less than or equal to hard limit: \(ulimit.soft) > \(ulimit.hard)")
    // -1 is RLIM_INFINITY, all bits set.
    return POSIXRlimit(
      type: "RLIMIT_" + ulimit.name.uppercased(), soft: UInt64(bitPattern: ulimit.soft),
      hard: UInt64(bitPattern: ulimit.hard))
  }
}

extension ProcessPlan {
  /// `user` is what `self.user` came to in the container's own passwd and group files.
  func spec(_ user: ContainerUser, _ security: SecurityPlan, linkVariables: [String] = []) -> Process {
    func name(_ setting: String) -> Substring { setting.prefix { $0 != "=" } }
    let own = Set(environment.map(name))
    var environment = environment + linkVariables.filter { !own.contains(name($0)) }
    if !environment.contains(where: { $0.hasPrefix("HOME=") }) { environment.append("HOME=\(user.home)") }
    return Process(
      args: hasInit ? [Self.initPath, "--"] + arguments : arguments, env: environment, cwd: workingDirectory,
      user: User(uid: user.uid, gid: user.gid, additionalGids: user.groups), terminal: hasTerminal,
      consoleSize: hasTerminal ? consoleSize : nil, capabilities: security.capabilities(uid: user.uid),
      rlimits: limits, oomScoreAdj: oomScoreAdjustment)
  }

  func view(_ inspect: inout ContainerInspect) {
    inspect.path = arguments.first ?? ""
    inspect.args = Array(arguments.dropFirst())
    if inspect.hostConfig.runtime?.isEmpty != false { inspect.hostConfig.runtime = "apus-runtime" }
    if inspect.hostConfig.restartPolicy.name.isEmpty { inspect.hostConfig.restartPolicy.name = "no" }
  }
}
