import LinuxKernel

/// The processes whose parent the shim is: the runtimes that it runs, init and execs, which come to it when the
/// runtime that made them ends, and strangers that lost their parent.
final class ChildProcesses: LoopSource {
  private let signals: SignalSource
  private var expected: [Int32: (ExitStatus) -> Void] = [:]
  /// Ends that nobody had asked for while runtimes were running: one of them may be that of the very init or exec
  /// which a runtime has just made.
  private var unclaimed: [(pid: Int32, status: ExitStatus)] = []
  private var startsUnderWay = 0

  /// So many strangers do not end during one start, unless the host is being flooded with them.
  private static let mostUnclaimed = 1024

  /// SIGCHLD must be blocked.
  init(loop: EventLoop) throws(SystemError) {
    signals = try SignalSource(SignalSet([.child]))
    _ = loop.watch(SharedDescriptor(try signals.descriptor.duplicate()), for: .readable, source: self)
  }

  /// A process is about to be made: ends of unknown processes are kept until `endStart`.
  func beginStart() {
    startsUnderWay += 1
  }

  func endStart() {
    startsUnderWay -= 1
    if startsUnderWay == 0 { unclaimed = [] }
  }

  /// Calls `action` when the process ends, once; now, if it already has.
  func whenEnded(_ pid: Int32, _ action: @escaping (ExitStatus) -> Void) {
    if let index = unclaimed.lastIndex(where: { $0.pid == pid }) {
      action(unclaimed.remove(at: index).status)
    } else {
      expected[pid] = action
    }
  }

  func ready(_ events: Epoll.Events) {
    do {
      // Signals of the same kind are merged, so their number says nothing about how many children have ended.
      while try signals.next() != nil {}
      while let (pid, status) = try Children.reapAny() { ended(pid, status) }
    } catch {
      complain("wait for children: \(error.explanation)")
    }
  }

  private func ended(_ pid: Int32, _ status: ExitStatus) {
    if let action = expected.removeValue(forKey: pid) {
      action(status)
    } else if startsUnderWay > 0 {
      if unclaimed.count == Self.mostUnclaimed { unclaimed.removeFirst() }
      unclaimed.append((pid, status))
    }
  }
}
