import Foundation
import LinuxKernel
import NIOCore
import NIOPosix
import ShimProtocol
import Testing

@testable import Engine

/// Following a log as its shim writes, rotates, cuts and leaves it.
struct LogTests {
  private let directory: String
  private var path: String { "\(directory)/json.log" }
  private let end = Latch<ContainerWait.Exit>()

  init() throws {
    directory = FileManager.default.temporaryDirectory.path + "/apus-log-\(UUID().uuidString)"
    try HostFiles.makeDirectories(directory)
  }

  private func write(_ lines: String...) throws {
    let file = try HostFiles.open(path, [.writeOnly, .create, .append], permissions: 0o600)
    var records: [UInt8] = []
    for line in lines {
      JSONLogLine.append(
        Array(line.utf8)[...], endsLine: true, stream: .output, time: LogTimestamp(unixNanoseconds: 1), to: &records)
    }
    try file.writeAll(records)
  }

  private func rotate(keeping files: Int) throws {
    for number in stride(from: files - 1, to: 0, by: -1) {
      let newer = number == 1 ? path : "\(path).\(number - 1)"
      if try HostFiles.exists(newer) { try HostFiles.rename(newer, to: "\(path).\(number)") }
    }
  }

  /// Runs `body` with what a follower emits, line by line, and waits until it has ended.
  private func following(
    tail: Int? = nil, _ body: (inout AsyncStream<String>.Iterator) async throws -> Void
  ) async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let watcher = try await LogWatcher(on: MultiThreadedEventLoopGroup.singleton)
    var options = LogOptions()
    (options.follow, options.stdout, options.tail) = (true, true, tail)
    let reader = ContainerLogReader(path: path, options: options, threads: .singleton)
    let (lines, sink) = AsyncStream<String>.makeStream()
    let end = self.end
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { sink.finish() }
        try await reader.follow(watcher, until: ContainerWait { try await end.value }) { chunk in
          sink.yield(String(buffer: chunk.bytes))
        }
      }
      var iterator = lines.makeAsyncIterator()
      try await body(&iterator)
      try await group.waitForAll()
    }
    #expect(watcher.watchCount == 0)
    try await watcher.close()
  }

  private func exit() { end.set(.success(ContainerWait.Exit(code: 0, error: nil))) }

  @Test func aFollowerIsWokenByWhatComes() async throws {
    try await following { lines in
      // Nothing is there yet, not even the file.
      for line in ["one", "two"] {
        try write(line)
        #expect(await lines.next() == line + "\n")
      }
      try write("last")
      exit()
      #expect(await lines.next() == "last\n")
      #expect(await lines.next() == nil)
    }
  }

  @Test func nothingIsLostOverRotationsNorAtTheEnd() async throws {
    try write("0")
    try await following { lines in
      #expect(await lines.next() == "0\n")
      for round in 1...20 {
        try write("\(round)")
        try rotate(keeping: 3)
        try write("\(round) new")
        #expect(await lines.next() == "\(round)\n")
        #expect(await lines.next() == "\(round) new\n")
      }
      // All at once: the follower may see none of it before the end.
      try write("a")
      try rotate(keeping: 3)
      try write("b")
      try rotate(keeping: 3)
      try write("c")
      exit()
      for line in ["a", "b", "c"] { #expect(await lines.next() == line + "\n") }
      #expect(await lines.next() == nil)
    }
  }

  @Test func aLogThatIsCutBeginsAnew() async throws {
    try write("a long line that will not be there any more", "two")
    try await following(tail: 1) { lines in
      #expect(await lines.next() == "two\n")
      try HostFiles.open(path, [.writeOnly]).truncate(to: 0)
      try write("new")
      #expect(await lines.next() == "new\n")
      exit()
      #expect(await lines.next() == nil)
    }
  }

  @Test func aRemovedLogEndsWithItsContainer() async throws {
    try write("there")
    try await following { lines in
      #expect(await lines.next() == "there\n")
      try HostFiles.removeTree(directory)
      exit()
      #expect(await lines.next() == nil)
    }
  }

  @Test func aClientThatGoesEndsTheWatch() async throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let watcher = try await LogWatcher(on: MultiThreadedEventLoopGroup.singleton)
    let reader = ContainerLogReader(path: path, options: LogOptions(), threads: .singleton)
    let end = self.end
    let follower = Task {
      try await reader.follow(watcher, until: ContainerWait { try await end.value }) { _ in }
    }
    follower.cancel()
    await #expect(throws: CancellationError.self) { try await follower.value }
    #expect(watcher.watchCount == 0)
    try await watcher.close()
  }
}
