/// Tasks that wait until the socket takes more. It lives on the event loop.
struct WriteWaiters {
  typealias Waiter = CheckedContinuation<Void, any Error>

  private var waiters: [Waiter] = []

  mutating func wait(_ waiter: Waiter, isWritable: Bool) {
    if isWritable { waiter.resume() } else { waiters.append(waiter) }
  }

  mutating func release() {
    for waiter in takeAll() { waiter.resume() }
  }

  mutating func fail(_ error: any Error) {
    for waiter in takeAll() { waiter.resume(throwing: error) }
  }

  private mutating func takeAll() -> [Waiter] {
    let all = waiters
    waiters = []
    return all
  }
}
