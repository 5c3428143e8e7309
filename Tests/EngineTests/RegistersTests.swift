import Diagnostics
import EngineAPI
import OCIImageSpec
import Testing

@testable import Engine

private func container(_ id: String, _ name: String, state: EngineState = .created(nil)) throws -> Container {
  var request = ContainerCreateRequest()
  request.config.cmd = ["true"]
  request.config.image = "busybox"
  request.config.labels = ["tier": "web"]
  let configuration = StoredConfiguration(
    merging: request, into: ImageConfiguration.Config(), layers: [], platform: "linux/amd64")
  return Container(
    id: try #require(ContainerID(id)), name: name, image: "sha256:0", created: Timestamp(nanoseconds: 1),
    configuration: configuration, state: state)
}

private let first = "ab" + String(repeating: "0", count: 62)
private let second = "ac" + String(repeating: "0", count: 62)

struct RegistersTests {
  @Test func aContainerIsFoundByIdNameAndPrefix() throws {
    let table = ContainerTable()
    table.add(try container(first, "one"))
    table.add(try container(second, "ab"))
    #expect(try table.find(first).name == "one")
    #expect(try table.find("/one").name == "one")
    // A name wins over the beginning of an id.
    #expect(try table.find("ab").name == "ab")
    #expect(try table.find("ab0").name == "one")
    let several = #expect(throws: ClassifiedError.self) { try table.find("a") }
    #expect(several?.kind == .invalid)
    let none = #expect(throws: ClassifiedError.self) { try table.find("zz") }
    #expect(none?.description == "No such container: zz")
  }

  @Test func aNameIsTakenOnce() throws {
    let table = ContainerTable()
    let one = try container(first, "one")
    try table.reserve("one", for: one.id)
    table.add(one)
    let error = #expect(throws: ClassifiedError.self) {
      try table.reserve("one", for: try #require(ContainerID(second)))
    }
    #expect(error?.kind == .conflict)
    table.remove(one)
    try table.reserve("one", for: try #require(ContainerID(second)))
  }

  @Test(arguments: ["", "a", "-x", "x/y", "x y", "ä1", "../x"]) func namesThatAreNone(_ name: String) {
    #expect(throws: ClassifiedError.self) { try ContainerName.parse(name) }
  }

  @Test(arguments: ["../x", ".", String(repeating: "a", count: 300), "ab\0", first.uppercased()])
  func idsThatAreNone(_ id: String) {
    #expect(ContainerID(id) == nil)
  }

  @Test(arguments: [
    ("status", "running", true), ("status", "exited", false), ("name", "^/on", true), ("name", "two", false),
    ("label", "tier", true), ("label", "tier=db", false), ("ancestor", "busybox", true), ("ancestor", "other", false),
    ("id", "ab", true), ("network", "bridge", true), ("network", "host", false),
  ]) func containerFilters(_ key: String, _ value: String, _ fits: Bool) throws {
    let running = try container(first, "one", state: .running(.init(pid: 1, started: Timestamp(nanoseconds: 1))))
    let filter = try ContainerFilter(Filters([key: [value]]), ContainerTable())
    #expect(filter.matches(running, ancestors: ["busybox"], networks: ["bridge": "1f2e"]) == fits)
  }

  @Test func unknownFiltersAreRefused() {
    #expect(throws: ClassifiedError.self) { try ContainerFilter(Filters(["colour": ["red"]]), ContainerTable()) }
    #expect(throws: ClassifiedError.self) { try ContainerFilter(Filters(["status": ["gone"]]), ContainerTable()) }
    #expect(throws: ClassifiedError.self) { try EventFilter(Filters(["colour": ["red"]])) }
  }

  @Test(arguments: [
    ("event", "exec_start", true), ("event", "start", false), ("type", "container", true), ("container", "one", true),
    ("container", "abc", true), ("container", "two", false), ("image", "busybox", true), ("label", "tier=web", true),
  ]) func eventFilters(_ key: String, _ value: String, _ fits: Bool) throws {
    let event = EventMessage(
      type: "container", action: "exec_start: sh",
      actor: EventActor(id: "abcdef", attributes: ["name": "one", "image": "busybox:latest", "tier": "web"]))
    #expect(try EventFilter(Filters([key: [value]])).matches(event) == fits)
  }

  @Test func theHistoryIsBoundedAndInOrder() throws {
    let history = EventHistory()
    for number in 0..<(EventHistory.capacity + 10) {
      history.publish(EventMessage(type: "container", action: "\(number)", timeNano: Int64(number)))
    }
    let (past, _) = history.subscribe(since: 0, filter: try EventFilter(Filters()))
    #expect(past.map(\.action) == (10..<(EventHistory.capacity + 10)).map(String.init))
  }

  @Test func aListenerMissesNothing() async throws {
    let history = EventHistory()
    let (past, live) = history.subscribe(since: nil, filter: try EventFilter(Filters()))
    #expect(past.isEmpty)
    history.publish(EventMessage(type: "container", action: "a"))
    history.publish(EventMessage(type: "container", action: "b"))
    var seen: [String] = []
    for try await event in live {
      seen.append(event.action)
      if seen.count == 2 { break }
    }
    #expect(seen == ["a", "b"])
  }

  @Test func waitsAreRegisteredAtOnce() async throws {
    let running = try container(first, "one", state: .running(.init(pid: 1, started: Timestamp(nanoseconds: 1))))
    let waits = [running.wait(.nextExit), running.wait(.notRunning)]
    running.wakeWaiters(ContainerWait.Exit(code: 7, error: nil))
    for wait in waits { #expect(try await wait.value.code == 7) }
    let stopped = try container(second, "two", state: .exited(.init(code: 4)))
    #expect(try await stopped.wait(.notRunning).value.code == 4)
  }

  @Test func aRemovalThatFailsEndsTheWaitsForIt() async throws {
    let container = try container(first, "one", state: .exited(.init(code: 4)))
    let wait = container.wait(.removed)
    container.wakeRemovalWaiters(error: "disk")
    #expect(try await wait.value.error == "disk")
    let again = container.wait(.removed)
    container.wakeRemovalWaiters(error: nil)
    let exit = try await again.value
    #expect(exit.error == nil && exit.code == 4)
  }

  @Test func aWaitEndsWithItsTask() async {
    let latch = Latch<Int>()
    let task = Task { try await latch.value }
    task.cancel()
    let result = await task.result
    #expect(throws: ClassifiedError.self) { try result.get() }
  }

  @Test(
    arguments: [
      ("2026-01-02T03:04:05.6Z", 1_767_323_045_600_000_000), ("1970-01-01T00:00:00Z", 0),
      ("2024-02-29T23:59:59.123456789Z", 1_709_251_199_123_456_789),
    ] as [(String, Int64)])
  func timestamps(_ text: String, _ nanoseconds: Int64) {
    #expect(Timestamp(nanoseconds: nanoseconds).rfc3339 == text)
    #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
  }

  @Test func timestampsWithOffsets() {
    #expect(Timestamp(rfc3339: "2026-01-02T04:04:05+01:00") == Timestamp(rfc3339: "2026-01-02T03:04:05Z"))
    for text in ["2026-01-02", "2026-13-02T00:00:00Z", "2026-01-02T00:00:00", "2026-01-02T00:00:00.Z"] {
      #expect(Timestamp(rfc3339: text) == nil)
    }
  }
}
