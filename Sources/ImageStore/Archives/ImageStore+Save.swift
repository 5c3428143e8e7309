import Diagnostics
import LinuxKernel
import OCIImageSpec
import StateStore
import TarFormat

extension ImageStore {
  /// Writes images as one archive that is both what `docker load` reads and an OCI image layout, as Docker's own has
  /// been since version 25. Layers are written as they are stored, compressed.
  ///
  /// A name without a tag stands for all tags of its repository.
  ///
  /// - Parameter emit: Is given the archive in pieces, and waited for.
  ///
  /// Throws: `notFound` before anything is emitted; what `emit` throws.
  public func save(_ names: [String], emit: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
    let contents = try await savedContents(names)
    for directory in ["blobs", "blobs/sha256"] {
      try await emit(try TarWriter.header(TarHeader(.directory, path: directory + "/", mode: 0o755)))
    }
    for digest in contents.blobs { try await emitBlob(digest, emit) }
    for (name, bytes) in try contents.documents() {
      var header = TarHeader(.regular, path: name, mode: 0o644)
      header.size = Int64(bytes.count)
      try await emit(try TarWriter.header(header) + bytes + TarWriter.padding(after: header.size))
    }
    try await emit(TarWriter.trailer)
  }

  private func emitBlob(_ digest: Digest, _ emit: @Sendable ([UInt8]) async throws -> Void) async throws {
    let chunk = 256 << 10
    let (file, size) = try await transfers.run {
      let file = SharedDescriptor(try self.table.open(digest))
      return (file, try file.descriptor.status().size)
    }
    var header = TarHeader(.regular, path: ImageArchive.path(of: digest), mode: 0o644)
    header.size = size
    try await emit(try TarWriter.header(header))
    var left = size
    while left > 0 {
      let bytes = try await transfers.run { try file.descriptor.read(upTo: chunk) }
      left -= Int64(bytes.count)
      guard !bytes.isEmpty, left >= 0 else {
        throw ClassifiedError(.dataLoss, "the blob changed while it was read", object: digest.description)
      }
      try await emit(bytes)
    }
    let padding = TarWriter.padding(after: size)
    if !padding.isEmpty { try await emit(padding) }
  }

  private func savedContents(_ names: [String]) async throws -> SavedContents {
    var contents = SavedContents()
    for (id, tags) in try savedImages(names) {
      guard let image = image(id) else { throw ClassifiedError(.notFound, "No such image: \(id)") }
      let bytes = try await readBlob(image.manifest)
      guard case .manifest(let manifest) = try ManifestDocument(bytes) else {
        throw ClassifiedError(.dataLoss, "the stored manifest is an index", object: image.manifest.description)
      }
      let descriptor = ContentDescriptor(
        mediaType: manifest.mediaType ?? .ociManifest, digest: image.manifest, size: Int64(bytes.count),
        platform: try await configuration(of: image).platform)
      contents.add(manifest, descriptor, tags)
    }
    return contents
  }

  /// The images that are asked for, in that order, each with the names that are asked for.
  private func savedImages(_ names: [String]) throws -> [(Digest, [ImageReference])] {
    let state = catalogue.current
    var order: [Digest] = []
    var tags: [Digest: [ImageReference]] = [:]
    func add(_ id: Digest, _ reference: ImageReference?) {
      if tags[id] == nil { order.append(id) }
      tags[id, default: []] += reference.flatMap { tags[id]?.contains($0) == true ? nil : [$0] } ?? []
    }
    for name in names {
      if let reference = try? ImageReference(name), reference.tag == nil, reference.digest == nil {
        let tagged = state.references.values.filter {
          $0.reference.name == reference.name && $0.reference.digest == nil
        }
        for entry in tagged.sorted(by: { $0.record.name < $1.record.name }) { add(entry.image, entry.reference) }
        if !tagged.isEmpty { continue }
      }
      switch try state.find(name) {
      case .byName(let image, let entry): add(image.id, entry.reference.digest == nil ? entry.reference : nil)
      case .byID(let image): add(image.id, nil)
      }
    }
    return order.map { ($0, tags[$0] ?? []) }
  }
}

/// What goes into an archive.
private struct SavedContents {
  private struct Entry: Encodable {
    let configuration: String
    let names: [String]
    let layers: [String]

    private enum CodingKeys: String, CodingKey {
      case configuration = "Config"
      case names = "RepoTags"
      case layers = "Layers"
    }
  }

  private struct LayoutVersion: Encodable {
    let imageLayoutVersion = "1.0.0"
  }

  /// Each once.
  private(set) var blobs: [Digest] = []
  private var entries: [Entry] = []
  private var descriptors: [ContentDescriptor] = []
  /// For readers of before 2016: repository, tag, id.
  private var repositories: [String: [String: String]] = [:]

  mutating func add(_ manifest: Manifest, _ descriptor: ContentDescriptor, _ tags: [ImageReference]) {
    let id = manifest.configuration.digest
    for digest in [descriptor.digest, id] + manifest.layers.map(\.digest) where !blobs.contains(digest) {
      blobs.append(digest)
    }
    entries.append(
      Entry(
        configuration: ImageArchive.path(of: id), names: tags.map(\.familiar),
        layers: manifest.layers.map { ImageArchive.path(of: $0.digest) }))
    for tag in tags {
      var named = descriptor
      named.annotations = [
        "io.containerd.image.name": tag.canonical,
        "org.opencontainers.image.ref.name": tag.tag ?? ImageReference.defaultTag,
      ]
      descriptors.append(named)
      repositories[tag.familiarName, default: [:]][tag.tag ?? ImageReference.defaultTag] = id.hex
    }
    if tags.isEmpty { descriptors.append(descriptor) }
  }

  func documents() throws -> [(String, [UInt8])] {
    var documents = [
      ("index.json", try JSONDocument.encode(ImageIndex(manifests: descriptors))),
      ("manifest.json", try JSONDocument.encode(entries)),
      ("oci-layout", try JSONDocument.encode(LayoutVersion())),
    ]
    if !repositories.isEmpty { documents.append(("repositories", try JSONDocument.encode(repositories))) }
    return documents
  }
}
