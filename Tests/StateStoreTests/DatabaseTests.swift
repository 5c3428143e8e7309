import Diagnostics
import Foundation
import StateStore
import TestSupport
import Testing

/// A database in a directory of its own, which goes with the test.
private struct Place {
  private let scratch: Scratch
  var path: String { "\(scratch.path)/apus.db" }

  init() throws { scratch = try Scratch() }
}

private func record(_ digit: Character, name: String) -> ContainerRecord {
  ContainerRecord(
    id: String(repeating: digit, count: 64), name: name, image: "sha256:1", created: 5,
    configuration: Data("{}".utf8), state: ContainerRecord.State(phase: "created", boot: "b"))
}

struct DatabaseTests {
  @Test func containersSurviveClosing() throws {
    let place = try Place()
    let database = try Database.open(at: place.path).database
    try database.insert(record("a", name: "one"))
    try database.insert(record("b", name: "two"))
    let state = ContainerRecord.State(
      phase: "exited", boot: "b", started: 7, finished: 9, exitCode: 137, oomKilled: true, error: "why")
    try database.update(state, of: record("a", name: "").id)
    try database.rename(container: record("b", name: "").id, to: "three")
    try database.close()

    let again = try Database.open(at: place.path)
    let containers = try again.database.containers()
    #expect(again.damagedCopy == nil)
    #expect(containers.map(\.name).sorted() == ["one", "three"])
    #expect(containers.first { $0.name == "one" }?.state == state)
  }

  @Test func aNameIsGivenOnce() throws {
    let place = try Place()
    let database = try Database.open(at: place.path).database
    try database.insert(record("a", name: "one"))
    let error = #expect(throws: ClassifiedError.self) { try database.insert(record("b", name: "one")) }
    #expect(error?.kind == .conflict)
    try database.remove(container: record("a", name: "").id)
    try database.insert(record("b", name: "one"))
  }

  @Test func imageChangesComeTogether() throws {
    let place = try Place()
    let database = try Database.open(at: place.path).database
    var change = ImageChange()
    change.savedLayers = [LayerRecord(chain: "c1", diff: "d1", parent: nil, directory: "l1", size: 3)]
    change.savedImages = [ImageRecord(id: "i1", manifest: "m1", topLayer: "c1", size: 3, stored: 1)]
    change.savedReferences = [ReferenceRecord(name: "r1", image: "i1", digest: "m1")]
    try database.apply(change)
    #expect(try database.layers() == change.savedLayers)
    #expect(try database.images() == change.savedImages)
    #expect(try database.references() == change.savedReferences)

    var removal = ImageChange()
    removal.removedReferences = ["r1"]
    removal.removedImages = ["i1"]
    removal.removedLayers = ["c1"]
    try database.apply(removal)
    #expect(try database.references().isEmpty && database.images().isEmpty && database.layers().isEmpty)
  }

  @Test(arguments: [
    "not a database at all, but long enough to be taken for one ......", "SQLite format 3\0 and rubbish",
  ])
  func aDamagedDatabaseIsMovedAside(_ content: String) throws {
    let place = try Place()
    let rubbish = Data(String(repeating: content, count: 200).utf8)
    try rubbish.write(to: URL(fileURLWithPath: place.path))
    let opening = try Database.open(at: place.path)
    let copy = try #require(opening.damagedCopy)
    #expect(try Data(contentsOf: URL(fileURLWithPath: copy)) == rubbish)
    #expect(try opening.database.containers().isEmpty)
    try opening.database.insert(record("a", name: "one"))
  }

  @Test func aDamagedPageIsNoticed() throws {
    let place = try Place()
    let database = try Database.open(at: place.path).database
    for digit in "0123456789abcdef" { try database.insert(record(digit, name: "n\(digit)")) }
    try database.close()
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: place.path))
    try file.seek(toOffset: 4096)
    try file.write(contentsOf: Data(repeating: 0xA5, count: 4096))
    try file.close()
    #expect(try Database.open(at: place.path).damagedCopy != nil)
  }
}
