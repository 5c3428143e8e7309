import Glibc
import LinuxKernel
import Synchronization

/// Runs `body` on a new thread and waits for it: what a thread does to itself, as with namespaces, ends with it.
public func onThreadOfItsOwn<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
  let result = Mutex<Result<Value, any Error>?>(nil)
  let work = Work { result.withLock { $0 = Result(catching: body) } }
  var thread = pthread_t()
  let number = unsafe pthread_create(
    &thread, nil,
    { argument in
      if let argument = unsafe argument { unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
      return nil
    }, Unmanaged.passRetained(work).toOpaque())
  guard number == 0 else { throw SystemError(errno: number, call: "pthread_create") }
  pthread_join(thread, nil)
  guard let result = result.withLock({ $0 }) else { throw SystemError(errno: ESRCH, call: "pthread_join") }
  return try result.get()
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) {
    self.run = run
  }
}
