#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif
import Synchronization

/// The value of an environment variable, or nil. Read before threads start, as `getenv` demands.
func environmentValue(_ name: String) -> String? {
  guard let value = unsafe getenv(name) else { return nil }
  return unsafe String(cString: value)
}

/// A line on standard error, for faults that come before any log.
func complain(_ text: String) {
  _ = unsafe write(2, text, text.utf8.count)
}

/// How often each failpoint was passed.
final class PassCounter: Sendable {
  private let passes = Mutex<[FailPoint: Int]>([:])

  func next(_ point: FailPoint) -> Int {
    passes.withLock { counts in
      counts[point, default: 0] += 1
      return counts[point, default: 0]
    }
  }
}
