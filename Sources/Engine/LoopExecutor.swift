public import NIOCore

/// Runs tasks on an event loop, where their bytes come from and go to.
///
/// A start crosses between the loop and the tasks some thirty times, and each crossing to another thread costs tens of
/// microseconds; what blocks or computes has threads of its own anyhow.
public final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  public init(_ loop: any EventLoop) {
    self.loop = loop
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
