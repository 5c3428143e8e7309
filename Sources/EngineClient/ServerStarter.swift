import Diagnostics
import LinuxKernel

/// Starts the server when none runs. Two clients that try at once start one: they meet at a lock.
public struct ServerStarter: Sendable {
  private let program: String
  private let environment: [String]
  private let logPath: String
  private let lockPath: String
  /// How long the server may take until it answers.
  private static let patience: UInt64 = 10_000_000_000

  /// `program` is the path of `apusd`, `environment` what it gets.
  public init(
    program: String, environment: [String], logPath: String = "/var/log/apus/apusd.log",
    lockPath: String = "/run/apus/start.lock"
  ) {
    self.program = program
    self.environment = environment
    self.logPath = logPath
    self.lockPath = lockPath
  }

  /// Whether the error means that nobody listens, rather than that we may not connect.
  func isWorthTrying(after error: SystemError) -> Bool {
    error.kind == .notFound || error.kind == .unavailable
  }

  /// Starts the server and waits until it answers.
  ///
  /// Throws: kind `unavailable` with the end of its log when it ends or does not answer in time; kind `forbidden` when
  /// this user may not start it.
  func start(listeningAt path: String) throws -> Descriptor {
    guard Credentials.effectiveUser == 0 else {
      throw ClassifiedError(
        .forbidden, "no server runs at \(path), and only root may start one",
        advice: "run the command with sudo, or start apusd first")
    }
    try makeDirectory(of: lockPath)
    let lock = try FileLock(waitingFor: lockPath)
    defer { withExtendedLifetime(lock) {} }
    // Whoever held the lock before us may have started it.
    if let connection = try connect(path) { return connection }
    try makeDirectory(of: logPath)
    let log = try HostFiles.open(logPath, [.writeOnly, .create, .append], permissions: 0o640)
    let logStart = try log.seekToEnd()
    let pid = try launch(log: log)
    let deadline = monotonicNanoseconds() + ServerStarter.patience
    let timer = try TimerSource()
    while monotonicNanoseconds() < deadline {
      if let connection = try connect(path) { return connection }
      if let end = try Children.reap(pid) {
        throw failure("\(program) ended with status \(end.shellCode)", logStart)
      }
      try timer.arm(after: 2_000_000)
      _ = try timer.descriptor.poll(.readable)
      try timer.acknowledge()
    }
    throw failure("\(program) has been started, but does not answer at \(path)", logStart)
  }

  private func launch(log: borrowing Descriptor) throws(SystemError) -> Int32 {
    let nowhere = try HostFiles.open("/dev/null", .readWrite)
    var spawn = Spawn(program: program, arguments: [program], environment: environment)
    spawn.workingDirectory = "/"
    spawn.newSession = true
    spawn.pass(nowhere, as: 0)
    spawn.pass(nowhere, as: 1)
    spawn.pass(log, as: 2)
    return try spawn.start()
  }

  private func connect(_ path: String) throws(SystemError) -> Descriptor? {
    do {
      return try UnixSocket.connect(to: path)
    } catch {
      if isWorthTrying(after: error) { return nil }
      throw error
    }
  }

  private func makeDirectory(of path: String) throws(SystemError) {
    guard let (directory, _) = path.splitLast else { return }
    try HostFiles.makeDirectories(directory)
  }

  private func failure(_ what: String, _ logStart: Int64) -> ClassifiedError {
    // The log is only there to explain: without it the error says less.
    let log = (try? HostFiles.read(logPath)) ?? []
    let written = String(decoding: log.dropFirst(Int(logStart)), as: UTF8.self)
    let lines = written.split(separator: "\n").suffix(8).map { "\n  \($0)" }.joined()
    return ClassifiedError(
      .unavailable, "cannot start the server: \(what)\(lines)", advice: "the log is \(logPath)")
  }
}
