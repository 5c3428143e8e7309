import Diagnostics

/// GNU's three ways to describe a sparse file in pax records (GNU tar manual, "Storing Sparse Files").
struct PaxSparseRecords: Equatable {
  static let prefix = "GNU.sparse."

  private var major: Int64?
  private var minor: Int64?
  private var name: [UInt8]?
  private var realSize: Int64?
  /// Format 0.0 repeats a pair of records; format 0.1 puts all numbers into one.
  private var numbers: [Int64] = []

  /// Format 1.0 puts the segments in front of the data.
  var hasMapInData: Bool { major == 1 && minor == 0 }
  var isPresent: Bool { hasMapInData || !numbers.isEmpty || realSize != nil }

  mutating func apply(key: String, value: ArraySlice<UInt8>) throws {
    switch key.dropFirst(Self.prefix.count) {
    case "major": major = try PaxRecords.integer(value, key)
    case "minor": minor = try PaxRecords.integer(value, key)
    case "name": name = try PaxRecords.name(value, key)
    case "size", "realsize": realSize = try PaxRecords.integer(value, key)
    case "offset", "numbytes": numbers.append(try PaxRecords.integer(value, key))
    case "map":
      numbers = try value.split(separator: UInt8(ascii: ",")).map { try PaxRecords.integer($0, key) }
    case "numblocks": break  // the numbers themselves say how many there are
    default: throw ClassifiedError(.unsupported, "pax header with the unknown record \(key)")
    }
  }

  /// Puts the real name and size of the file into its header, and the segments when they are known by now.
  func apply(to header: inout TarHeader) throws {
    if let name { header.path = name }
    if let realSize { header.size = realSize }
    guard !hasMapInData else { return }
    header.sparseSegments = try Self.segments(from: numbers[...], fileSize: header.size)
  }

  static func segments(from numbers: ArraySlice<Int64>, fileSize: Int64) throws -> [TarSparseSegment] {
    guard numbers.count.isMultiple(of: 2) else {
      throw ClassifiedError(.invalid, "sparse file with an odd number of offsets and lengths")
    }
    let pairs = stride(from: numbers.startIndex, to: numbers.endIndex, by: 2)
    let segments = pairs.map { TarSparseSegment(offset: numbers[$0], length: numbers[$0 + 1]) }
    try check(segments, fileSize: fileSize)
    return segments
  }

  /// Segments must ascend and stay inside the file.
  static func check(_ segments: [TarSparseSegment], fileSize: Int64) throws {
    var end: Int64 = 0
    for segment in segments {
      guard segment.offset >= end, segment.length >= 0, segment.length <= fileSize,
        segment.offset <= fileSize - segment.length
      else { throw ClassifiedError(.invalid, "sparse file with segments outside the file or out of order") }
      end = segment.end
    }
  }
}
