import Diagnostics

/// Reads a tar archive that comes in pieces of any size: ustar, pax, GNU and v7, sparse files included.
///
/// The parser keeps no file content. It is handed a piece and answers with events, of which `data` names a range of
/// that very piece:
///
///     var position = 0
///     while let event = try parser.next(in: piece.span, at: &position) { … }
///     // the piece is used up; after the last one:
///     try parser.finish()
///
/// Input is hostile until shown otherwise: headers are bounded, numbers are checked, and every fault is thrown as a
/// `ClassifiedError` of kind `invalid`, or `unsupported` for the types of members that no layer may have.
public struct TarParser: Sendable {
  public enum Event: Sendable, Equatable {
    /// A member begins. Its data follow, then `endOfMember`.
    case member(TarHeader)
    /// Bytes of the member, at this range of the piece, that belong at `offset` of the file.
    case data(Range<Int>, offset: Int64)
    case endOfMember
    /// Two zero blocks: the archive ends. What follows is padding and is passed over.
    case endOfArchive
  }

  /// The most bytes that one extended header, long name or sparse map may have.
  public static let extendedHeaderLimit = 1 << 20

  private enum State {
    case header
    /// The body of a header that describes the next member: how many bytes are missing.
    case extendedHeader(type: UInt8, missing: Int)
    /// A block that continues a GNU header's list of segments.
    case segmentBlock(TarHeader)
    /// The list of segments at the beginning of a pax sparse file's data.
    case segmentText(TarHeader)
    case data
    case padding
    case ended
  }

  private var state = State.header
  /// Bytes of a block or an extended header whose rest has not come yet.
  private var collected: [UInt8] = []
  private var sawZeroBlock = false
  private var global = PaxRecords()
  private var local: PaxRecords?
  private var longName: [UInt8]?
  private var longLink: [UInt8]?
  /// Stored bytes of the member that have not come yet, and the zeros behind them.
  private var missing: Int64 = 0
  private var padding = 0
  /// Where the next stored byte belongs.
  private var offset: Int64 = 0
  /// Segments of a sparse file that are not complete, the current one first.
  private var segments: ArraySlice<TarSparseSegment> = []

  public init() {}

  /// The next event, or nil when the piece is used up.
  ///
  /// - Parameters:
  ///   - piece: The bytes that follow those of the piece before.
  ///   - position: Where to go on in the piece; 0 at first.
  public mutating func next(in piece: borrowing Span<UInt8>, at position: inout Int) throws -> Event? {
    while true {
      switch state {
      case .header:
        guard let block = collectBlock(piece, &position) else { return nil }
        if let event = try takeHeader(block) { return event }
      case .extendedHeader(let type, let missing):
        guard let bytes = collect(missing, piece, &position) else { return nil }
        try takeExtendedHeader(type, bytes)
      case .segmentBlock(let header):
        guard let block = collectBlock(piece, &position) else { return nil }
        if let event = try takeSegmentBlock(block, header) { return event }
      case .segmentText(let header):
        guard let block = collectBlock(piece, &position) else { return nil }
        if let event = try takeSegmentText(block, header) { return event }
      case .data:
        if missing == 0 {
          state = .padding
          return .endOfMember
        }
        guard position < piece.count else { return nil }
        return takeData(piece.count, &position)
      case .padding:
        let skipped = min(padding, piece.count - position)
        position += skipped
        padding -= skipped
        guard padding == 0 else { return nil }
        state = .header
      case .ended:
        position = piece.count
        return nil
      }
    }
  }

  /// Says that no piece follows. An archive may lack its two zero blocks.
  ///
  /// Throws: `invalid` when it ends inside a member.
  public func finish() throws {
    switch state {
    case .ended: return
    case .header where collected.isEmpty && local == nil && longName == nil && longLink == nil: return
    case .padding: return
    default: throw ClassifiedError(.invalid, "the archive ends in the middle of a member: it is truncated")
    }
  }

  // MARK: Collecting

  private mutating func collectBlock(_ piece: borrowing Span<UInt8>, _ position: inout Int) -> TarBlock? {
    collect(TarBlock.size, piece, &position).map { TarBlock(bytes: $0) }
  }

  /// Takes bytes until there are `count` of them, over several pieces if need be.
  private mutating func collect(_ count: Int, _ piece: borrowing Span<UInt8>, _ position: inout Int) -> [UInt8]? {
    let taken = min(count - collected.count, piece.count - position)
    collected.reserveCapacity(count)
    for index in position..<position + taken { collected.append(piece[index]) }
    position += taken
    guard collected.count == count else { return nil }
    defer { collected = [] }
    return collected
  }

  // MARK: Headers

  private mutating func takeHeader(_ block: TarBlock) throws -> Event? {
    if block.isZero {
      if sawZeroBlock {
        state = .ended
        return .endOfArchive
      }
      sawZeroBlock = true
      return nil
    }
    guard !sawZeroBlock else {
      throw ClassifiedError(.invalid, "a lone zero block between members: the archive is damaged")
    }
    try block.checkSum()
    switch block.type {
    case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
      let size = try block.number(.size)
      guard (0...Int64(Self.extendedHeaderLimit)).contains(size) else {
        throw ClassifiedError(.invalid, "an extended header of \(size) bytes is too large")
      }
      padding = Self.paddingLength(size)
      state = .extendedHeader(type: block.type, missing: Int(size))
      return nil
    default:
      return try beginMember(block)
    }
  }

  private mutating func takeExtendedHeader(_ type: UInt8, _ bytes: [UInt8]) throws {
    state = .padding
    switch type {
    case UInt8(ascii: "g"):
      try global.apply(bytes)
    case UInt8(ascii: "x"):
      var records = local ?? global
      try records.apply(bytes)
      local = records
    case UInt8(ascii: "L"): longName = Array(bytes.prefix { $0 != 0 })
    default: longLink = Array(bytes.prefix { $0 != 0 })
    }
  }

  /// Puts the header and what came before it together.
  private mutating func beginMember(_ block: TarBlock) throws -> Event? {
    let records = local ?? global
    var header = try TarMember.header(of: block, records: records)
    if records.path == nil, let longName { header.path = longName }
    if records.linkPath == nil, let longLink { header.linkTarget = longLink }
    (local, longName, longLink) = (nil, nil, nil)
    guard !header.path.isEmpty else { throw ClassifiedError(.invalid, "a member without a name") }

    let stored = header.kind == .regular ? header.size : 0
    missing = stored
    padding = Self.paddingLength(stored)
    offset = 0
    if block.type == TarMember.oldSparseType {
      return try beginOldSparse(block, header)
    }
    guard header.kind == .regular, records.sparse.isPresent else { return begin(header) }
    try records.sparse.apply(to: &header)
    if records.sparse.hasMapInData {
      state = .segmentText(header)
      return nil
    }
    return try begin(sparse: header)
  }

  private mutating func begin(_ header: TarHeader) -> Event {
    segments = []
    state = .data
    return .member(header)
  }

  private static func paddingLength(_ size: Int64) -> Int {
    Int((Int64(TarBlock.size) - size % Int64(TarBlock.size)) % Int64(TarBlock.size))
  }

  // MARK: Sparse files

  private mutating func beginOldSparse(_ block: TarBlock, _ plain: TarHeader) throws -> Event? {
    guard block.isGNU else { throw ClassifiedError(.invalid, "a GNU sparse member in an archive of another format") }
    var header = plain
    header.size = try block.number(.realSize)
    let (segments, more) = try block.oldSparseSegments(inHeader: true)
    header.sparseSegments = segments
    if more {
      state = .segmentBlock(header)
      return nil
    }
    return try begin(sparse: header)
  }

  private mutating func takeSegmentBlock(_ block: TarBlock, _ partial: TarHeader) throws -> Event? {
    var header = partial
    let (segments, more) = try block.oldSparseSegments(inHeader: false)
    header.sparseSegments = (header.sparseSegments ?? []) + segments
    try checkSegmentCount(header)
    if more {
      state = .segmentBlock(header)
      return nil
    }
    return try begin(sparse: header)
  }

  /// Decimal numbers, one a line: how many segments, then offset and length of each; padded to whole blocks.
  private mutating func takeSegmentText(_ block: TarBlock, _ partial: TarHeader) throws -> Event? {
    missing -= Int64(TarBlock.size)
    guard missing >= 0 else { throw ClassifiedError(.invalid, "sparse file whose map is longer than its data") }
    segmentText.append(contentsOf: block.bytes)
    guard segmentText.count <= Self.extendedHeaderLimit else {
      throw ClassifiedError(.invalid, "sparse file with a map of more than \(Self.extendedHeaderLimit) bytes")
    }
    let lines = segmentText.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
    guard let first = lines.first else { return nil }
    let count = try PaxRecords.integer(first, "sparse map")
    guard count >= 0, count <= Int64(Self.extendedHeaderLimit / 4) else {
      throw ClassifiedError(.invalid, "sparse file with \(count) segments")
    }
    guard lines.count > Int(count) * 2 else { return nil }
    segmentText = []
    let numbers = try lines.dropFirst().prefix(Int(count) * 2).map { try PaxRecords.integer($0, "sparse map") }
    var header = partial
    header.sparseSegments = try PaxSparseRecords.segments(from: numbers[...], fileSize: header.size)
    return try begin(sparse: header)
  }
  private var segmentText: [UInt8] = []

  private func checkSegmentCount(_ header: TarHeader) throws {
    guard (header.sparseSegments?.count ?? 0) <= Self.extendedHeaderLimit / 24 else {
      throw ClassifiedError(.invalid, "sparse file with too many segments", object: header.displayPath)
    }
  }

  private mutating func begin(sparse header: TarHeader) throws -> Event {
    let all = header.sparseSegments ?? []
    try PaxSparseRecords.check(all, fileSize: header.size)
    guard all.reduce(0, { $0 + $1.length }) == missing else {
      throw ClassifiedError(
        .invalid, "sparse file whose segments do not add up to its data", object: header.displayPath)
    }
    let event = begin(header)
    segments = all.filter { $0.length > 0 }[...]
    offset = segments.first?.offset ?? 0
    return event
  }

  // MARK: Data

  private mutating func takeData(_ end: Int, _ position: inout Int) -> Event {
    let available = Int64(end - position)
    let wanted = segments.first.map { $0.end - offset } ?? missing
    let count = min(available, wanted)
    let event = Event.data(position..<position + Int(count), offset: offset)
    position += Int(count)
    missing -= count
    offset += count
    if let current = segments.first, offset == current.end {
      segments = segments.dropFirst()
      if let following = segments.first { offset = following.offset }
    }
    return event
  }
}
