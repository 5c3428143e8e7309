import Diagnostics
import EngineAPI
import Synchronization

/// The last events, and everyone who listens to new ones.
final class EventHistory: Sendable {
  /// How many past events are kept, as in dockerd.
  static let capacity = 256
  /// How far a listener may be behind before it is cut off: a client that never reads must not fill the memory.
  private static let backlog = 1024

  private struct Contents {
    var past: [EventMessage] = []
    /// Where the next event goes once `past` is full.
    var oldest = 0
    var listeners: [Int: AsyncThrowingStream<EventMessage, any Error>.Continuation] = [:]
    var nextListener = 0

    mutating func keep(_ event: EventMessage) {
      if past.count < EventHistory.capacity {
        past.append(event)
      } else {
        past[oldest] = event
        oldest = (oldest + 1) % EventHistory.capacity
      }
    }

    var inOrder: [EventMessage] { Array(past[oldest...] + past[..<oldest]) }
  }

  private let contents = Mutex(Contents())

  var listenerCount: Int { contents.withLock { $0.listeners.count } }

  /// Keeps an event and passes it on.
  func publish(_ event: EventMessage) {
    let slow = contents.withLock { contents in
      contents.keep(event)
      let slow = contents.listeners.filter { _, listener in
        if case .dropped = listener.yield(event) { true } else { false }
      }
      for number in slow.keys { contents.listeners[number] = nil }
      return slow.values
    }
    // Outside the lock, which the end of a stream takes.
    for listener in slow {
      listener.finish(throwing: ClassifiedError(.unavailable, "events were not read fast enough"))
    }
  }

  /// Past events that fit, then new ones. With `since` nil no past ones; the stream ends when its reader goes.
  func subscribe(
    since: Int64?, filter: EventFilter
  ) -> (past: [EventMessage], live: AsyncThrowingStream<EventMessage, any Error>) {
    let (live, continuation) = AsyncThrowingStream<EventMessage, any Error>.makeStream(
      bufferingPolicy: .bufferingOldest(EventHistory.backlog))
    let (past, number) = contents.withLock { contents in
      let number = contents.nextListener
      contents.nextListener += 1
      contents.listeners[number] = continuation
      let past = since.map { since in contents.inOrder.filter { $0.timeNano >= since && filter.matches($0) } }
      return (past ?? [], number)
    }
    continuation.onTermination = { [weak self] _ in
      self?.contents.withLock { $0.listeners[number] = nil }
    }
    return (past, live)
  }

  /// Emits what `subscribe` gives, until `until` (Unix time in nanoseconds), or for ever.
  func stream(
    since: Int64?, until: Int64?, filter: EventFilter,
    emit: @Sendable @escaping (EventMessage) async throws -> Void
  ) async throws {
    let (past, live) = subscribe(since: since, filter: filter)
    for event in past where event.timeNano <= until ?? .max { try await emit(event) }
    let remaining = until.map { $0 - Timestamp.now.nanoseconds }
    if let remaining, remaining <= 0 { return }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for try await event in live where filter.matches(event) { try await emit(event) }
      }
      if let remaining {
        group.addTask { try await Task.sleep(for: .nanoseconds(remaining)) }
      }
      // Whichever ends first ends both.
      try await group.next()
      group.cancelAll()
    }
  }
}

extension EventHistory {
  /// Publishes what happened to a container: its labels, name and image go along.
  func publish(_ action: String, _ container: Container, _ extra: [String: String] = [:]) {
    var attributes = container.configuration.request.config.labels ?? [:]
    attributes["name"] = container.name
    attributes["image"] = container.configuration.request.config.image
    attributes.merge(extra) { $1 }
    publish(type: "container", action, id: container.id.text, attributes)
  }

  /// Publishes what happened to any object, now.
  func publish(type: String, _ action: String, id: String, _ attributes: [String: String]) {
    let now = Timestamp.now
    let isContainer = type == "container"
    publish(
      EventMessage(
        type: type, action: action, actor: EventActor(id: id, attributes: attributes), time: now.seconds,
        timeNano: now.nanoseconds, status: isContainer || type == "image" ? action : nil,
        id: isContainer || type == "image" ? id : nil, from: isContainer ? attributes["image"] : nil))
  }
}
