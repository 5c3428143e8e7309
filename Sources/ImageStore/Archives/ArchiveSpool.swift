import Diagnostics
import LayerArchive
import LinuxKernel
import OCIImageSpec
import Synchronization
import TarFormat

/// Takes an archive of images apart as it streams in: each member becomes a file with a name of our own, hashed on its
/// way. The archive's names are only keys of a table and never touch the file system.
final class ArchiveSpool: Sendable {
  /// Archives of images have a few members for each layer.
  private static let mostMembers = 100_000
  private static let bufferSize = 256 << 10

  /// A member's content.
  struct File: Sendable {
    let path: String
    let digest: Digest
    let size: Int64
  }

  private struct Member {
    let name: String
    let path: String
    let file: SharedDescriptor
    var hasher = ContentHasher()
    var size: Int64 = 0
  }

  private struct State {
    var beginning: [UInt8] = []
    var decoder: (any StreamDecoder)?
    var buffer = [UInt8](repeating: 0, count: bufferSize)
    var parser = TarParser()
    var member: Member?
    var files: [String: File] = [:]
    var links: [String: String] = [:]
    var members = 0
    var consumed: Int64 = 0
    var produced: Int64 = 0
  }

  private let state: Mutex<State>
  private let directory: String
  private let limits: UnpackLimits

  /// - Parameter directory: Exists, and is removed by the caller.
  init(directory: String, limits: UnpackLimits) {
    self.directory = directory
    self.limits = limits
    state = Mutex(State())
  }

  /// Takes the next piece of the stream. Blocks.
  ///
  /// Throws: `invalid` for a malformed archive, `dataLoss` for a damaged stream, the kernel's errors.
  func feed(_ piece: [UInt8]) throws {
    try state.withLock { state in
      guard state.decoder == nil else { return try decode(piece, &state) }
      state.beginning += piece
      guard state.beginning.count >= ArchiveCompression.probeLength else { return }
      try begin(&state)
    }
  }

  /// Says that no piece follows. Returns the members by their cleaned names.
  func finish() throws -> [String: File] {
    try state.withLock { state in
      if state.decoder == nil { try begin(&state) }
      try state.decoder?.finish()
      try state.parser.finish()
      for (name, target) in state.links where state.files[name] == nil {
        state.files[name] = state.files[target]
      }
      return state.files
    }
  }

  private func begin(_ state: inout State) throws {
    state.decoder = try ArchiveCompression(beginning: state.beginning).makeDecoder()
    let beginning = state.beginning
    state.beginning = []
    try decode(beginning, &state)
  }

  private func decode(_ piece: [UInt8], _ state: inout State) throws {
    var rest = piece.indices
    state.consumed += Int64(piece.count)
    while true {
      var filled = 0
      try state.decoder?.decode(piece, &rest, into: &state.buffer, at: &filled)
      state.produced += Int64(filled)
      try limits.check(produced: state.produced, consumed: state.consumed)
      try parse(filled, &state)
      if filled < state.buffer.count { return }
    }
  }

  private func parse(_ count: Int, _ state: inout State) throws {
    // The buffer is lent to the parser by its span, so events are applied to the rest of the state only.
    let buffer = state.buffer
    let bytes = buffer.span.extracting(0..<count)
    var position = 0
    while let event = try state.parser.next(in: bytes, at: &position) {
      switch event {
      case .member(let header): try beginMember(header, &state)
      case .data(let range, _): try write(bytes.extracting(range), &state)
      case .endOfMember: endMember(&state)
      case .endOfArchive: break
      }
    }
  }

  // MARK: Members

  private func beginMember(_ header: TarHeader, _ state: inout State) throws {
    state.members += 1
    guard state.members <= Self.mostMembers else {
      throw ClassifiedError(.invalid, "the archive has more than \(Self.mostMembers) members: it holds no images")
    }
    guard let name = Self.clean(header.displayPath, in: "") else { return }
    switch header.kind {
    case .regular:
      guard header.sparseSegments == nil else {
        throw ClassifiedError(.unsupported, "sparse members are not supported", object: name)
      }
      let path = "\(directory)/\(state.members)"
      let file = SharedDescriptor(try HostFiles.open(path, [.writeOnly, .create, .exclusive]))
      state.member = Member(name: name, path: path, file: file)
    case .symbolicLink:
      // Old archives name a layer that several images share once, and link to it.
      let parent = name.lastIndex(of: "/").map { String(name[..<$0]) } ?? ""
      state.links[name] = Self.clean(header.displayLinkTarget, in: parent)
    case .hardLink: state.links[name] = Self.clean(header.displayLinkTarget, in: "")
    case .directory, .characterDevice, .blockDevice, .fifo: break
    }
  }

  private func write(_ bytes: Span<UInt8>, _ state: inout State) throws {
    guard let member = state.member else { return }
    try member.file.descriptor.writeAll(bytes)
    // The hasher takes raw memory of a span for the length of the call.
    unsafe state.member?.hasher.update(bytes.bytes)
    state.member?.size += Int64(bytes.count)
  }

  private func endMember(_ state: inout State) {
    guard let member = state.member.take() else { return }
    state.files[member.name] = File(path: member.path, digest: member.hasher.finish(), size: member.size)
  }

  /// A name without `.`, `..` and needless slashes; nil when it leads out of the archive or to its root.
  static func clean(_ path: String, in directory: String) -> String? {
    var components: [Substring] = []
    for component in (directory + "/" + path).split(separator: "/") where component != "." {
      if component != ".." {
        components.append(component)
      } else if components.popLast() == nil {
        return nil
      }
    }
    return components.isEmpty ? nil : components.joined(separator: "/")
  }
}
