import CommandLine
import Diagnostics
import Engine
import EngineServer
import LinuxKernel
import Logging

/// One run of the server program, from the command line to the exit status.
struct Program {
  let arguments: [String]

  func run() -> Int32 {
    do throws(UsageError) {
      switch try ArgumentScanner(root: ServerCommand.spec).scan(arguments) {
      case .help(let path, let spec, _): return show(HelpText.render(path: path, spec: spec))
      case .run(let invocation): return perform(invocation.flags)
      }
    } catch {
      complain(error.description)
      return error.exitStatus
    }
  }

  private func perform(_ flags: FlagValues) -> Int32 {
    if flags.bool("version") { return show("Apus version \(Engine.version)\n") }
    if flags.bool("list-failpoints") {
      return show(FailPoint.allCases.map { $0.rawValue + "\n" }.joined())
    }
    do {
      let environment = try processEnvironment()
      let settings = try ServerSettings(flags, environment: environment)
      if flags.bool("validate") { return show("configuration OK\n") }
      guard Credentials.effectiveUser == 0 else {
        throw ClassifiedError(
          .forbidden, "apusd has to be started by root", advice: "running without root is not supported yet")
      }
      return try serve(settings, flags, supervisor: environment["NOTIFY_SOCKET"])
    } catch {
      complain("apusd: \(explanation(of: error))")
      return 1
    }
  }

  /// Runs until a signal ends it. 0 after an orderly end.
  private func serve(_ settings: ServerSettings, _ flags: FlagValues, supervisor: String?) throws -> Int32 {
    ProcessMemory.keepSmall()
    ProcessControl.setUmask(0o022)
    Signal.pipe.ignore()
    let signals = SignalSet([.terminate, .interrupt, .hangup])
    // Before the first thread: they inherit the mask, and the signals wait for us.
    _ = try signals.block()
    let source = try SignalSource(signals)
    let locks = try ServerLocks(settings)

    let threshold = LogThreshold(settings.verbosity.level)
    LoggingSystem.bootstrap { _ in ServerLog(threshold: threshold) }
    let logger = Logger(label: "apusd")
    let daemon = try Daemon(settings, supervisor: supervisor, logger: logger)
    daemon.begin()
    let forced = try wait(for: daemon, source) { reload(settings, flags, threshold, logger) }
    if let forced {
      logger.critical("ended by a second \(forced)")
      return 128 + forced.rawValue
    }
    try locks.release()
    if let error = daemon.error { throw error }
    return 0
  }

  /// Returns when the daemon has ended, or with the signal that did not want to wait for that.
  private func wait(
    for daemon: Daemon, _ source: borrowing SignalSource, onHangup reload: () -> Void
  ) throws -> Signal? {
    let (signalToken, endToken): (UInt64, UInt64) = (0, 1)
    let epoll = try Epoll()
    try epoll.add(source.descriptor, .readable, token: signalToken)
    try epoll.add(daemon.ended.descriptor, .readable, token: endToken)
    var isStopping = false
    while true {
      let ready = try epoll.wait()
      while let (signal, _) = try source.next() {
        if signal == .hangup {
          reload()
        } else if isStopping {
          return signal
        } else {
          isStopping = true
          daemon.requestStop()
        }
      }
      if ready.contains(where: { $0.token == endToken }) { return nil }
    }
  }

  /// Takes over what can change while the server runs: how much is logged.
  private func reload(
    _ settings: ServerSettings, _ flags: FlagValues, _ threshold: LogThreshold, _ logger: Logger
  ) {
    do {
      let file = try ConfigurationFile(at: settings.configurationFile, isRequired: settings.configurationIsRequired)
      try file.requireNoConflict(with: flags)
      threshold.level = try ServerSettings.verbosity(flags, file).level
      logger.notice("read the configuration again: the log level is \(threshold.level); other settings need a restart")
    } catch {
      logger.error("the configuration stays as it was: \(explanation(of: error))")
    }
  }

  private func processEnvironment() throws -> [String: String] {
    let words = try HostFiles.read("/proc/self/environ").split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    return words.reduce(into: [:]) { variables, word in
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
    }
  }

  private func show(_ text: String) -> Int32 {
    do {
      try StandardStreams.output.descriptor.writeAll(text)
      return 0
    } catch {
      return 1
    }
  }

  private func complain(_ text: String) {
    // Where standard error is closed, the exit status has to do.
    try? StandardStreams.error.descriptor.writeAll(text + "\n")
  }
}
