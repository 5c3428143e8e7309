import Glibc
import Synchronization
import Testing

/// Runs `body` on a new thread and waits for it: what a thread does to itself, as with namespaces, ends with it.
func onThreadOfItsOwn<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
  let result = Mutex<Result<Value, any Error>?>(nil)
  let work = Work { result.withLock { $0 = Result(catching: body) } }
  var thread = pthread_t()
  let started = unsafe pthread_create(
    &thread, nil,
    { argument in
      if let argument = unsafe argument { unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run() }
      return nil
    }, Unmanaged.passRetained(work).toOpaque())
  try #require(started == 0)
  pthread_join(thread, nil)
  return try #require(result.withLock { $0 }).get()
}

private final class Work {
  let run: () -> Void

  init(_ run: @escaping () -> Void) {
    self.run = run
  }
}
