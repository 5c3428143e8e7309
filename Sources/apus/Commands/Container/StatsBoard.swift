import Diagnostics
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// The readings of several containers, kept up to date: of those that were named, or of all that come and go.
final class StatsBoard {
  private struct Entry {
    var row: StatsRow
    /// Nil when it has ended, or never was.
    var stream: JSONStream?
    /// When the last reading came; CLOCK_MONOTONIC, nanoseconds.
    var time: UInt64
  }

  private let client: EngineClient
  private let streams: Bool
  private let all: Bool
  /// What happens to containers, where none were named.
  private var events: JSONStream?
  private let epoll: Epoll
  /// By their numbers, in the order in which they came.
  private var entries: [UInt64: Entry] = [:]
  private var next: UInt64 = 1

  private static let eventToken: UInt64 = 0
  /// So long after the last reading its numbers count no more.
  private static let patience: UInt64 = 2_000_000_000
  private static let redraw: UInt64 = 500_000_000

  /// Asks for the containers' readings.
  ///
  /// Throws: what is wrong with the containers that were named, all in one.
  init(_ client: EngineClient, names: [String], all: Bool, streams: Bool) throws {
    (self.client, self.streams, self.all) = (client, streams, all)
    epoll = try Epoll()
    guard names.isEmpty else {
      try add(names, complains: true)
      return
    }
    // First, so that none that starts meanwhile is missed.
    if streams { events = try client.eventStream(filters: Self.containerEvents) }
    try events?.withSocket { try epoll.add($0, .readable, token: Self.eventToken) }
    let listed = try client.listContainers(all: all, limit: nil, size: false, filters: Filters())
    try add(listed.map(\.id.shortID), complains: false)
    for event in events?.takeEarly() ?? [] { try note(event) }
  }

  private static var containerEvents: Filters {
    var filters = Filters()
    filters.add("type", "container")
    return filters
  }

  var rows: [StatsRow] { entries.sorted { $0.key < $1.key }.map(\.value.row) }

  /// Waits for one reading of each.
  func readOnce() throws {
    for number in entries.keys {
      while let stream = entries[number]?.stream, !stream.hasEnded {
        let objects = read(stream, number)
        if objects == nil || entries[number]?.row.reading != nil { break }
      }
    }
  }

  /// Shows the rows every half second, until there is nothing that could change any more.
  func follow(show: ([StatsRow]) throws -> Void) throws {
    // The first time with a reading of each.
    for number in entries.keys where entries[number]?.row.reading == nil {
      if let stream = entries[number]?.stream { _ = read(stream, number) }
    }
    var due = monotonicNanoseconds()
    while true {
      let now = monotonicNanoseconds()
      if now >= due {
        for (number, entry) in entries where now > entry.time + Self.patience { entries[number]?.row.isValid = false }
        try show(rows)
        due = now + Self.redraw
        if events == nil, !entries.values.contains(where: { $0.stream != nil }) { return }
      }
      let left = due > now ? (due - now) / 1_000_000 + 1 : 0
      for ready in try epoll.wait(milliseconds: Int32(left)) {
        if ready.token == Self.eventToken {
          guard let events else { continue }
          for event in try events.receive() { try note(event) }
          // The server has gone.
          if events.hasEnded { return }
        } else if let stream = entries[ready.token]?.stream {
          _ = read(stream, ready.token)
        }
      }
    }
  }

  // MARK: - Containers that come and go

  private func add(_ names: [String], complains: Bool) throws {
    var known = Set(entries.values.map(\.row.container))
    let fresh = names.filter { known.insert($0).inserted }
    var complaints: [String] = []
    for (name, result) in zip(fresh, try client.containerStatistics(fresh, streams: streams)) {
      var entry = Entry(row: StatsRow(container: name), time: monotonicNanoseconds())
      let number = next
      next += 1
      do {
        let stream = try result.get()
        entry.stream = stream
        try stream.withSocket { try epoll.add($0, .readable, token: number) }
      } catch {
        complaints.append(explanation(of: error))
      }
      entries[number] = entry
      for object in entry.stream?.takeEarly() ?? [] { take(object, number) }
    }
    if complains, !complaints.isEmpty {
      throw ExitRequest(status: 1, message: complaints.joined(separator: "\n"))
    }
  }

  private func note(_ object: [UInt8]) throws {
    let event = try EngineJSON.decode(EventMessage.self, from: object)
    let name = event.actor.id.shortID
    switch event.action {
    case "start": try add([name], complains: false)
    case "create" where all: try add([name], complains: false)
    case "die" where !all, "destroy":
      for (number, entry) in entries where entry.row.container == name {
        end(number)
        entries[number] = nil
      }
    default: break
    }
  }

  // MARK: - Readings

  /// Reads once from a stream; nil when that failed.
  @discardableResult
  private func read(_ stream: JSONStream, _ number: UInt64) -> [[UInt8]]? {
    let objects: [[UInt8]]?
    do {
      objects = try stream.receive()
      for object in objects ?? [] { take(object, number) }
    } catch {
      objects = nil
    }
    if objects == nil || stream.hasEnded { end(number) }
    return objects
  }

  private func take(_ object: [UInt8], _ number: UInt64) {
    guard let reading = try? EngineJSON.decode(ContainerStatistics.self, from: object) else { return }
    entries[number]?.row.reading = reading
    entries[number]?.row.isValid = true
    entries[number]?.time = monotonicNanoseconds()
  }

  private func end(_ number: UInt64) {
    guard let stream = entries[number]?.stream else { return }
    try? stream.withSocket { try epoll.remove($0) }
    entries[number]?.stream = nil
    if streams { entries[number]?.row.isValid = false }
  }
}
