import Diagnostics
import ImageStore
import LinuxKernel
import OCIImageSpec
import TestSupport
import Testing

/// How images come into the store.
struct IntakeTests {
  @Test func aPulledImageIsThereWithAllItNeeds() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let image = try TestImage([("bottom", "1"), ("etc/top", "22")])
    let stored = try await image.pull(into: store, as: "busybox:1.0")
    #expect(stored.id == image.id && stored.size == 3 && stored.topLayer == image.chain[1])
    #expect(stored.repoTags == ["busybox:1.0"])
    #expect(stored.repoDigests == ["busybox@\(image.manifestDigest)"])
    let layers = try store.layerDirectories(of: stored)
    #expect(layers == image.chain.reversed().map { String($0.digest.hex.prefix(12)) })
    #expect(try HostFiles.readText("\(store.layersPath)/\(layers[0])/etc/top") == "22")
    let inspection = try await store.inspect("busybox:1.0")
    #expect(inspection.layerSizes == [1, 2] && inspection.configuration.config.command == ["/bin/true"])
    let history = try await store.history(of: stored)
    #expect(history.map(\.size) == [0, 2, 1])
    #expect(history[0].image == image.id && history[0].tags == ["busybox:1.0"] && history[2].createdBy == "ADD bottom")
    #expect(try scratch.names("tmp").isEmpty)
  }

  @Test func aRestartKeepsImagesAndSweepsTheRest() async throws {
    let scratch = try Scratch()
    let image = try TestImage([("a", "1"), ("b", "2")])
    do {
      let store = try await scratch.open()
      try await image.pull(into: store, as: "kept")
      try scratch.run("mkdir tmp/layer-half; touch tmp/blob-half; mkdir layers/0123456789ab layers/of-a-container")
    }
    let store = try await scratch.open()
    #expect(try store.resolve("kept").id == image.id)
    // Which layers are nobody's is known only when the containers are.
    #expect(try scratch.names("layers").count == 4)
    let use = ImageUse(image: image.id, container: "c", isRunning: false, layers: ["of-a-container"])
    try await store.collectGarbage { [use] }
    #expect(try scratch.names("layers").contains("of-a-container"))
    #expect(try scratch.names("layers").count == 3)
    try await store.collectGarbage { [] }
    try await store.finishSweeping()
    #expect(try scratch.names("tmp").isEmpty)
    #expect(try scratch.names("layers").count == 2)
  }

  @Test func whatIsNotCommittedGoes() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let image = try TestImage([("a", "1")])
    var intake: ImageIntake? = store.beginIntake()
    try await intake?.fetch(image)
    #expect(intake?.hasBlob(image.id) == true)
    #expect(try scratch.names("blobs/sha256").isEmpty, "nothing is in its place before it is safe")
    intake = nil
    try await store.finishSweeping()
    #expect(!store.beginIntake().hasBlob(image.id))
    #expect(try scratch.names("tmp").isEmpty)
  }

  struct Transfer: Sendable {
    let bytes: [UInt8]
    let size: Int64?
  }

  @Test(arguments: [
    Transfer(bytes: [1, 2, 4], size: 3), Transfer(bytes: [1, 2], size: 3), Transfer(bytes: [1, 2, 3, 4], size: 3),
    Transfer(bytes: [], size: nil), Transfer(bytes: [1, 2, 3, 4], size: nil),
  ])
  func bytesThatDoNotMatchAreNeverSeen(_ transfer: Transfer) async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let digest = Digest.of([1, 2, 3])
    let intake = store.beginIntake()
    await #expect {
      let ingest = try #require(try await intake.ingest(digest, size: transfer.size))
      try await ingest.append(transfer.bytes)
      try await ingest.commit()
    } throws: { errorKind(of: $0) == .dataLoss }
    #expect(!intake.hasBlob(digest))
    #expect(try scratch.names("tmp").isEmpty)
    // The next one may try.
    try await intake.store([1, 2, 3], as: digest)
    #expect(intake.hasBlob(digest))
  }

  @Test func aTransferGoesOnWhereItBrokeOff() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let bytes = Array("0123456789".utf8)
    let ingest = try #require(try await store.beginIntake().ingest(Digest.of(bytes), size: 10))
    try await ingest.append(Array(bytes[..<4]))
    #expect(ingest.offset == 4 && ingest.written == Digest.of(Array(bytes[..<4])))
    try await ingest.append(Array(bytes[4...6]))
    try ingest.restart()
    #expect(ingest.offset == 0 && ingest.written == Digest.of([]))
    try await ingest.append { write in
      try write(bytes.span.extracting(..<5))
      try write(bytes.span.extracting(5...))
    }
    try await ingest.commit()
    #expect(try scratch.names("tmp").count <= 1)
  }

  @Test func twoPullsShareTheirWork() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let image = try TestImage([("a", "1"), ("b", "2")])
    try await withThrowingTaskGroup(of: Digest.self) { group in
      for name in ["one", "two", "three"] {
        group.addTask { try await image.pull(into: store, as: name).id }
      }
      for try await id in group { #expect(id == image.id) }
    }
    #expect(store.images().map(\.repoTags) == [["one:latest", "three:latest", "two:latest"]])
    #expect(try scratch.names("layers").count == 2)
    #expect(try scratch.names("tmp").isEmpty)
  }

  @Test func aPullThatGivesUpLeavesTheWorkToTheOther() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let bytes: [UInt8] = [1, 2, 3]
    let (first, second) = (store.beginIntake(), store.beginIntake())
    let ingest = try #require(try await first.ingest(Digest.of(bytes), size: 3))
    async let waiting = second.ingest(Digest.of(bytes), size: 3)
    ingest.abort()
    _ = consume ingest
    let taken = try #require(try await waiting)
    try await taken.append(bytes)
    try await taken.commit()
    #expect(second.hasBlob(Digest.of(bytes)))
    #expect(try scratch.names("tmp").count == 1)
  }

  @Test func waitingEndsWithItsTask() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let held = try #require(try await store.beginIntake().ingest(Digest.of([1]), size: 1))
    await #expect {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await store.beginIntake().ingest(Digest.of([1]), size: 1) }
        group.cancelAll()
        try await group.waitForAll()
      }
    } throws: { errorKind(of: $0) == .cancelled }
    held.abort()
    #expect(try scratch.names("tmp").isEmpty)
  }

  @Test func partsThatDoNotFitMakeNoImage() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let (one, two) = (try TestImage([("a", "1")]), try TestImage([("a", "1"), ("b", "2")]))
    let intake = store.beginIntake()
    try await one.fetch(with: intake)
    // Not unpacked.
    await #expect { try await intake.commit(manifest: one.manifestDigest, references: []) } throws: {
      errorKind(of: $0) == .invalid
    }
    // One layer, a configuration with two.
    let mixed = try JSONDocument.encode(
      Manifest(
        configuration: OCIImageSpec.Descriptor(
          mediaType: .ociConfiguration, digest: two.id, size: Int64(two.configuration.count)),
        layers: []))
    try await two.fetch(with: intake)
    try await intake.store(mixed, as: Digest.of(mixed))
    await #expect { try await intake.commit(manifest: Digest.of(mixed), references: []) } throws: {
      errorKind(of: $0) == .invalid
    }
    // A layer that is another's.
    await #expect {
      try await intake.unpack(blob: Digest.of(two.layers[1]), diffID: two.diffIDs[0], chain: two.chain[0])
    } throws: { errorKind(of: $0) == .dataLoss }
    #expect(store.images().isEmpty)
  }

  @Test func aDamagedDatabaseIsRebuilt() async throws {
    let scratch = try Scratch()
    let image = try TestImage([("a", "1"), ("b", "22")])
    let before: StoredImage
    do {
      let store = try await scratch.open()
      try await image.pull(into: store, as: "one:1")
      _ = try await store.tag("one:1", as: try ImageReference("two"))
      before = try store.resolve("two")
    }
    try scratch.run("rm -f apus.db-*; head -c 100000 /dev/urandom > apus.db; echo '{' > images/broken.json")
    let store = try await scratch.open()
    #expect(store.images() == [before])
    #expect(try store.layerDirectories(of: before).count == 2)
  }
}

extension ImageIntake {
  func fetch(_ image: TestImage) async throws { try await image.fetch(with: self) }
}
