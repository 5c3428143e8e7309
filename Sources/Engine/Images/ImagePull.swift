import Diagnostics
import EngineAPI
import ImageStore
import LinuxKernel
import NIOCore
import OCIImageSpec
import RegistryClient

/// One pull: manifest → configuration → layers in parallel, each unpacked as soon as it is here.
///
/// Nothing of it can be seen before `commit`. The digest that the registry answered first holds for the whole pull, so a
/// tag that moves meanwhile changes nothing. Two pulls of one image share each blob and layer: the second waits.
struct ImagePull: Sendable {
  let reference: ImageReference
  let platform: Platform
  let images: ImageStore
  let report: @Sendable (ProgressMessage) -> Void

  /// Returns whether the image is new here, and the digest that the reference means now.
  ///
  /// Throws: `notFound`, `unauthorized`, `unavailable`, `dataLoss`; `unsupported` for schema 1 and foreign platforms.
  func run(_ repository: RemoteRepository) async throws -> (isNew: Bool, digest: Digest) {
    let intake = images.beginIntake()
    let top = try await repository.resolve()
    // Not said before: until the first message an error still has an HTTP status of its own.
    report(
      ProgressMessage(id: reference.tag ?? reference.digest?.description, status: "Pulling from \(reference.path)"))
    let (manifest, descriptor, bytes) = try await chooseManifest(top, repository)
    try FailPoint.pullAfterManifest.pass()
    try await intake.store(top.bytes, as: top.descriptor.digest)
    try await intake.store(bytes, as: descriptor.digest)
    let configuration = try await self.configuration(of: manifest, repository, intake)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for layer in try layers(of: manifest, configuration) {
        group.addTask { try await pull(layer, repository, intake) }
      }
      try await group.waitForAll()
    }
    let known = images.image(manifest.configuration.digest)
    let image = try await intake.commit(
      manifest: descriptor.digest,
      references: [PulledReference(reference: reference, digest: top.descriptor.digest)])
    let isNew = known.map { $0.repoTags != image.repoTags || $0.repoDigests != image.repoDigests } ?? true
    return (isNew, top.descriptor.digest)
  }

  private func chooseManifest(
    _ top: ResolvedManifest, _ repository: RemoteRepository
  ) async throws -> (Manifest, OCIImageSpec.Descriptor, [UInt8]) {
    switch top.document {
    case .manifest(let manifest): return (manifest, top.descriptor, top.bytes)
    case .index(let index):
      let chosen = try await repository.manifest(try index.choose(platform))
      guard case .manifest(let manifest) = chosen.document else {
        throw ClassifiedError(.unsupported, "\(reference.familiar): an index inside an index is not supported")
      }
      return (manifest, chosen.descriptor, chosen.bytes)
    }
  }

  private func configuration(
    of manifest: Manifest, _ repository: RemoteRepository, _ intake: ImageIntake
  ) async throws -> ImageConfiguration {
    let digest = manifest.configuration.digest
    if intake.hasBlob(digest) { return try ImageConfiguration(try await intake.readBlob(digest)) }
    let bytes = try await repository.blob(manifest.configuration)
    let configuration = try ImageConfiguration(bytes)
    try await intake.store(bytes, as: digest)
    return configuration
  }

  /// A layer with all that its place in the image says about it.
  private struct PlacedLayer: Sendable {
    let descriptor: OCIImageSpec.Descriptor
    let diffID: Digest
    let chain: ChainID
  }

  private func layers(of manifest: Manifest, _ configuration: ImageConfiguration) throws -> [PlacedLayer] {
    let chain = configuration.chain
    guard manifest.layers.count == chain.count else {
      throw ClassifiedError(
        .dataLoss,
        "the manifest names \(manifest.layers.count) layers, the configuration \(chain.count)",
        object: reference.familiar)
    }
    return zip(manifest.layers, zip(configuration.diffIDs, chain)).map {
      PlacedLayer(descriptor: $0, diffID: $1.0, chain: $1.1)
    }
  }

  private func pull(_ layer: PlacedLayer, _ repository: RemoteRepository, _ intake: ImageIntake) async throws {
    let progress = LayerProgress(
      id: String(layer.descriptor.digest.short), total: layer.descriptor.size, report: report)
    if intake.hasLayer(layer.chain) && intake.hasBlob(layer.descriptor.digest) { return progress.say("Already exists") }
    progress.say("Pulling fs layer")
    try await fetch(layer, repository, intake, progress)
    progress.say("Download complete")
    try await intake.unpack(blob: layer.descriptor.digest, diffID: layer.diffID, chain: layer.chain) { done in
      progress.advance("Extracting", to: done)
    }
    progress.say("Pull complete")
  }

  private func fetch(
    _ layer: PlacedLayer, _ repository: RemoteRepository, _ intake: ImageIntake, _ progress: LayerProgress
  ) async throws {
    guard let ingest = try await intake.ingest(layer.descriptor.digest, size: layer.descriptor.size) else { return }
    do {
      try await repository.fetchBlob(layer.descriptor, into: IngestSink(ingest, progress))
      progress.say("Verifying Checksum")
      try await ingest.commit()
    } catch {
      ingest.abort()
      throw error
    }
  }
}

/// Lets a download flow into the store, and counts.
private struct IngestSink: BlobSink {
  private let ingest: BlobIngest
  private let progress: LayerProgress

  init(_ ingest: BlobIngest, _ progress: LayerProgress) {
    self.ingest = ingest
    self.progress = progress
  }

  func write(_ bytes: ByteBuffer) async throws {
    try await ingest.append { write in try write(bytes.readableBytesUInt8Span) }
    progress.advance("Downloading", to: ingest.offset)
  }

  func digest() -> Digest { ingest.written }

  func restart() async throws {
    try ingest.restart()
  }

  func willRetry(after delay: Duration, because reason: String) async {
    progress.say("Retrying in \(delay.components.seconds) seconds")
  }
}

extension Engine {
  /// Pulls `reference` (`name[:tag][@digest]`), and all tags of the repository when it has neither tag nor digest;
  /// `platform` is `os/arch[/variant]`, the host's when nil.
  ///
  /// A client that goes away cancels the pull; what another pull waits for goes on there.
  public func pullImage(
    _ reference: String, platform: String?, credentials: AuthConfig?,
    emit: @Sendable @escaping (ProgressMessage) async throws -> Void
  ) async throws {
    let wanted = try ImageReference(reference)
    let platform = try platform.map { try Platform($0) } ?? .host
    let (messages, sink) = AsyncStream<ProgressMessage>.makeStream()
    let registryCredentials = credentials.map(RegistryCredentials.init)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [registry] in
        defer { sink.finish() }
        let isNew = try await registry.withRepository(of: wanted, credentials: registryCredentials) { repository in
          try await self.pull(repository, platform) { sink.yield($0) }
        }
        self.publishImageEvent("pull", id: wanted.familiar, name: wanted.familiarName)
        let outcome = isNew ? "Downloaded newer image for" : "Image is up to date for"
        sink.yield(ProgressMessage(status: "Status: \(outcome) \(wanted.familiar)"))
      }
      for await message in messages { try await emit(message) }
      try await group.waitForAll()
    }
    ProcessMemory.release()
  }

  /// Pulls what the repository's reference names, one image after the other. Returns whether any of it is new here.
  private func pull(
    _ repository: RemoteRepository, _ platform: Platform, report: @escaping @Sendable (ProgressMessage) -> Void
  ) async throws -> Bool {
    let isWhole = repository.reference.tag == nil && repository.reference.digest == nil
    let tagged = isWhole ? try await repository.everyTag() : [repository]
    guard !tagged.isEmpty else {
      throw ClassifiedError(.notFound, "repository \(repository.reference.familiarName) has no tags")
    }
    var isNew = false
    for one in tagged {
      let pull = ImagePull(reference: one.reference, platform: platform, images: images, report: report)
      let pulled = try await pull.run(one)
      report(ProgressMessage(status: "Digest: \(pulled.digest)"))
      if pulled.isNew { isNew = true }
    }
    return isNew
  }

  /// Checks credentials against their registry (`POST /auth`).
  ///
  /// Throws: `unauthorized`, `unavailable`.
  public func authenticate(_ credentials: AuthConfig) async throws -> AuthResponse {
    let token = try await registry.logIn(RegistryCredentials(credentials))
    return AuthResponse(status: "Login Succeeded", identityToken: token ?? "")
  }
}

extension RegistryCredentials {
  init(_ config: AuthConfig) {
    self.init(
      username: config.username, password: config.password, serverAddress: config.serverAddress,
      identityToken: config.identityToken ?? "", registryToken: config.registryToken ?? "")
  }
}
