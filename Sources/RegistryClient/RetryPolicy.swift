/// How often and after which pauses a request is made again that failed for a reason that may pass.
public struct RetryPolicy: Sendable, Hashable {
  /// How many failures in a row are too many.
  public var attempts = 5
  /// The pause after the first failure; each further one is twice as long.
  public var firstDelay: Duration = .milliseconds(500)
  public var longestDelay: Duration = .seconds(15)

  public init() {}

  /// The pause before the next attempt. What the registry asks for (`Retry-After`) is respected up to a minute.
  func delay(afterFailures failures: Int, asked: Duration?) -> Duration {
    let doubled = firstDelay * Double(1 << min(failures - 1, 16))
    // Spread out, lest all clients of a registry that comes back come back at the same instant.
    let own = min(doubled, longestDelay) * Double.random(in: 0.8...1.2)
    return max(own, min(asked ?? .zero, .seconds(60)))
  }

  /// Makes a request until it succeeds, fails for good, or has failed too often.
  nonisolated(nonsending) func run<Value: Sendable>(_ request: () async throws -> Value) async throws -> Value {
    var failures = 0
    while true {
      do {
        return try await request()
      } catch let failure as RegistryFailure where failure.isTransient {
        failures += 1
        guard failures < attempts else { throw failure }
        try await Task.sleep(for: delay(afterFailures: failures, asked: failure.retryAfter))
      }
    }
  }
}
