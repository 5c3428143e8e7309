import Diagnostics
import ImageStore
import OCIImageSpec
import TestSupport
import Testing

/// Names, ids, and what goes when one of them is removed: Docker's rules.
struct NamesAndRemovalTests {
  private let scratch: Scratch
  private let store: ImageStore

  init() async throws {
    scratch = try Scratch()
    store = try await scratch.open()
  }

  private func use(_ image: StoredImage, isRunning: Bool) throws -> ImageUse {
    ImageUse(
      image: image.id, container: String(repeating: "c", count: 64), isRunning: isRunning,
      layers: try store.layerDirectories(of: image))
  }

  @Test func waysToNameAnImage() async throws {
    let image = try TestImage([("a", "1")])
    try await image.pull(into: store, as: "localhost:5000/team/app:v1")
    try await image.pull(into: store, as: "busybox")
    for name in [
      "busybox", "busybox:latest", "docker.io/library/busybox", "localhost:5000/team/app:v1", image.id.hex,
      image.id.description, image.id.short, "sha256:\(image.id.short)", "busybox@\(image.manifestDigest)",
      "busybox:other@\(image.manifestDigest)",
    ] {
      #expect(try store.resolve(name).id == image.id, "\(name)")
    }
  }

  @Test(arguments: [
    ("nope", "No such image: nope:latest"), ("nope:1", "No such image: nope:1"),
    ("Not A Name", "No such image: Not A Name"), ("host.io/x", "No such image: host.io/x:latest"),
    (String(repeating: "0", count: 64), "No such image: " + String(repeating: "0", count: 64)),
  ])
  func whatIsNotThere(name: String, message: String) {
    #expect { try store.resolve(name) } throws: { error in
      errorKind(of: error) == .notFound && explanation(of: error) == message
    }
  }

  @Test func aNameWinsOverAnID() async throws {
    let (one, two) = (try TestImage([("a", "1")]), try TestImage([("b", "2")]))
    try await one.pull(into: store, as: "one")
    try await two.pull(into: store, as: one.id.short)
    #expect(try store.resolve(one.id.short).id == two.id)
  }

  @Test func aPrefixOfTwoIDsIsAmbiguous() async throws {
    // Seventeen images: two of them begin alike.
    for index in 0..<17 { try await TestImage([("f", "\(index)")]).pull(into: store, as: "i\(index)") }
    let firsts = Dictionary(grouping: store.images().map(\.id.hex)) { $0.prefix(1) }
    let shared = try #require(firsts.first { $0.value.count > 1 }?.key)
    #expect { try store.resolve(String(shared)) } throws: { error in
      errorKind(of: error) == .invalid && explanation(of: error).hasPrefix("multiple IDs found")
    }
  }

  @Test func anImageThatLosesItsTagKeepsItsDigest() async throws {
    let (old, new) = (try TestImage([("a", "1")]), try TestImage([("a", "2")]))
    try await old.pull(into: store, as: "app")
    try await new.pull(into: store, as: "app")
    #expect(try store.resolve("app").id == new.id)
    let left = try #require(store.image(old.id))
    #expect(left.repoTags.isEmpty && left.repoDigests == ["app@\(old.manifestDigest)"])
  }

  @Test func removingNamesOneByOne() async throws {
    let image = try TestImage([("a", "1")])
    let stored = try await image.pull(into: store, as: "one")
    _ = try await store.tag("one", as: try ImageReference("two:x"))
    #expect(
      try await store.remove("one", force: false, prune: true, uses: { [] }) == [
        .untagged("one:latest", image: image.id), .untagged("one@\(image.manifestDigest)", image: image.id),
      ])
    #expect(try store.resolve("two:x").id == stored.id)
    #expect(
      try await store.remove("two:x", force: false, prune: true, uses: { [] }) == [
        .untagged("two:x", image: image.id), .deleted(image.id.description), .deleted(image.chain[0].description),
      ])
    #expect(store.images().isEmpty)
    for directory in ["layers", "blobs/sha256", "images", "tmp"] { #expect(try scratch.names(directory).isEmpty) }
  }

  @Test func imagesShareLayersUntilTheLastGoes() async throws {
    let (one, two) = (try TestImage([("base", "0"), ("a", "1")]), try TestImage([("base", "0"), ("b", "2")]))
    try await one.pull(into: store, as: "one")
    try await two.pull(into: store, as: "two")
    #expect(try scratch.names("layers").count == 3)
    let removed = try await store.remove("one", force: false, prune: true, uses: { [] })
    #expect(removed.last == .deleted(one.chain[1].description))
    #expect(try store.layerDirectories(of: try store.resolve("two")).count == 2)
    #expect(try scratch.names("layers").count == 2)
  }

  @Test func containersStandInTheWay() async throws {
    let image = try TestImage([("a", "1")])
    let stored = try await image.pull(into: store, as: "app")
    func expectConflict(_ name: String, force: Bool, running: Bool, _ text: String) async throws {
      let uses = [try use(stored, isRunning: running)]
      await #expect { try await store.remove(name, force: force, prune: true, uses: { uses }) } throws: { error in
        errorKind(of: error) == .conflict && explanation(of: error) == text
      }
    }
    let short = image.id.short
    try await expectConflict(
      "app", force: false, running: false,
      "conflict: unable to remove repository reference \"app\" (must force) - container cccccccccccc is using its "
        + "referenced image \(short)")
    try await expectConflict(
      short, force: false, running: false,
      "conflict: unable to delete \(short) (must be forced) - image is being used by stopped container cccccccccccc")
    try await expectConflict(
      short, force: true, running: true,
      "conflict: unable to delete \(short) (cannot be forced) - image is being used by running container cccccccccccc")
    _ = try await store.tag("app", as: try ImageReference("other"))
    await #expect { try await store.remove(short, force: false, prune: true, uses: { [] }) } throws: { error in
      explanation(of: error).hasSuffix("(must be forced) - image is referenced in multiple repositories")
    }
    #expect(try store.resolve("app").id == image.id)
  }

  @Test func aStoppedContainerKeepsItsLayersWhenItsImageIsForcedAway() async throws {
    let stored = try await TestImage([("a", "1"), ("b", "2")]).pull(into: store, as: "app")
    let uses = [try use(stored, isRunning: false)]
    _ = try await store.remove("app", force: true, prune: true, uses: { uses })
    #expect(store.images().isEmpty)
    #expect(try scratch.names("layers").count == 2)
    let gone = try await store.collectGarbage(uses: { [] })
    #expect(gone.count == 2)
    #expect(try scratch.names("layers").isEmpty)
  }

  @Test func aLeaseKeepsTheLayersUntilItEnds() async throws {
    let image = try TestImage([("a", "1")])
    try await image.pull(into: store, as: "app")
    do {
      let lease = try store.lease("app")
      _ = try await store.remove("app", force: true, prune: true, uses: { [] })
      #expect(try scratch.names("layers") == lease.directories)
      withExtendedLifetime(lease) {}
    }
    #expect(try await store.collectGarbage { [] } == image.chain)
    #expect(throws: ClassifiedError.self) { try store.lease("app") }
  }

  @Test func aDamagedImageCanBeRemoved() async throws {
    let (one, two) = (try TestImage([("a", "1")]), try TestImage([("b", "2")]))
    try await one.pull(into: store, as: "one")
    try await two.pull(into: store, as: "two")
    try scratch.run("echo > blobs/sha256/\(one.manifestDigest.hex)")
    _ = try await store.remove("two", force: false, prune: true, uses: { [] })
    _ = try await store.remove("one", force: false, prune: true, uses: { [] })
    for directory in ["layers", "blobs/sha256", "tmp"] { #expect(try scratch.names(directory).isEmpty) }
  }

  @Test func garbageCollectionSparesWhatIsOnItsWay() async throws {
    let image = try TestImage([("a", "1")])
    try await image.pull(into: store, as: "app")
    let intake = store.beginIntake()
    #expect(intake.hasBlob(Digest.of(image.layers[0])) && intake.hasLayer(image.chain[0]))
    _ = try await store.remove("app", force: false, prune: true, uses: { [] })
    #expect(intake.hasBlob(Digest.of(image.layers[0])) && intake.hasLayer(image.chain[0]))
    #expect(!intake.hasBlob(image.id))
    try await intake.fetch(image)
    _ = try await intake.commit(
      manifest: image.manifestDigest, references: [PulledReference(reference: try ImageReference("app"), digest: nil)])
    #expect(try store.layerDirectories(of: try store.resolve("app")).count == 1)
  }
}
