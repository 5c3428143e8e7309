#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Monotonic time stamps of the steps of one operation, and the step at which it failed.
///
/// It is the source of error messages ("start: mount rootfs: …") and of the bench's breakdown.
public struct StepTrace: Sendable {
  public struct Step: Sendable, Equatable {
    public let name: String
    /// Nanoseconds of CLOCK_MONOTONIC when the step began.
    public let began: UInt64

    public init(name: String, began: UInt64) {
      self.name = name
      self.began = began
    }
  }

  public private(set) var steps: [Step] = []
  public private(set) var ended: UInt64?

  public init() {}

  /// The step under way, or the last one.
  public var current: String? { steps.last?.name }

  /// Begins a step; the one before it ends here.
  public mutating func begin(_ name: String) {
    steps.append(Step(name: name, began: monotonicNanoseconds()))
  }

  /// Ends the last step.
  public mutating func end() {
    ended = monotonicNanoseconds()
  }

  /// Takes over the steps that another process recorded on the same clock.
  public mutating func adopt(_ other: [Step]) {
    steps.append(contentsOf: other)
    steps.sort { $0.began < $1.began }
  }

  /// Each step with its length in nanoseconds, in the order they began.
  public var durations: [(name: String, nanoseconds: UInt64)] {
    let ends = steps.dropFirst().map(\.began) + [ended ?? monotonicNanoseconds()]
    return zip(steps, ends).map { ($0.name, $1 >= $0.began ? $1 - $0.began : 0) }
  }
}

extension StepTrace: CustomStringConvertible {
  /// `clone 312 µs, mounts 540 µs`.
  public var description: String {
    durations.map { "\($0.name) \($0.nanoseconds / 1000) µs" }.joined(separator: ", ")
  }
}

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of a machine share.
public func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
