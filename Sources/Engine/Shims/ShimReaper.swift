import Diagnostics
import LinuxKernel
import NIOCore
import Synchronization

/// Takes the exit status of shims, which are this process's children, so that none stays as a zombie.
final class ShimReaper: Sendable {
  private let loop: any EventLoop
  private let children = Mutex<Set<Int32>>([])

  /// A shim ends within milliseconds after its container; looking costs a system call for each that lives.
  private static let interval = TimeAmount.milliseconds(250)

  init(on loop: any EventLoop) {
    self.loop = loop
  }

  /// Starts to look after a child.
  func watch(_ child: Int32) {
    children.withLock { children in _ = children.insert(child) }
  }

  /// Has the children that have ended, or are about to, looked at: at once, and again soon.
  func sweep() {
    reap()
    loop.scheduleTask(in: Self.interval) { [weak self] in self?.reap() }
    loop.scheduleTask(in: .seconds(3)) { [weak self] in self?.reap() }
  }

  private func reap() {
    children.withLock { children in
      children = children.filter { child in
        do {
          return try Children.reap(child) == nil
        } catch {
          // ECHILD: somebody else has taken the status.
          return false
        }
      }
    }
  }

  /// Kills a shim that did not end by itself. Its number cannot be another process's: its status is not taken yet.
  func kill(_ child: Int32) {
    let isOurs = children.withLock { $0.contains(child) }
    if isOurs { try? Signal.kill.send(to: child) }
  }
}
