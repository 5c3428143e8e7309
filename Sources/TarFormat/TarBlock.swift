import Diagnostics

/// The 512-byte header block and its fields (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar
/// Format").
struct TarBlock {
  static let size = 512

  /// A field: where it begins and how many bytes it has.
  struct Field {
    let offset: Int
    let length: Int

    static let name = Field(offset: 0, length: 100)
    static let mode = Field(offset: 100, length: 8)
    static let owner = Field(offset: 108, length: 8)
    static let group = Field(offset: 116, length: 8)
    static let size = Field(offset: 124, length: 12)
    static let modified = Field(offset: 136, length: 12)
    static let checksum = Field(offset: 148, length: 8)
    static let linkName = Field(offset: 157, length: 100)
    static let deviceMajor = Field(offset: 329, length: 8)
    static let deviceMinor = Field(offset: 337, length: 8)
    static let prefix = Field(offset: 345, length: 155)
    /// Old star archives end the prefix earlier, and have `tar` at the block's end.
    static let starPrefix = Field(offset: 345, length: 131)
    static let realSize = Field(offset: 483, length: 12)
  }

  static let typeOffset = 156
  private static let magicOffset = 257
  private static let starTrailerOffset = 508
  /// GNU's old sparse format: four segments of 24 bytes in the header, twenty-one in each block that extends it.
  private static let headerSegments = (offset: 386, count: 4, more: 482)
  private static let extensionSegments = (offset: 0, count: 21, more: 504)

  let bytes: [UInt8]

  var type: UInt8 { bytes[Self.typeOffset] }
  var isZero: Bool { bytes.allSatisfy { $0 == 0 } }
  /// `ustar\0`: fields for devices and a prefix of the path.
  var isPOSIX: Bool { has("ustar\0", at: Self.magicOffset) }
  /// `ustar  \0`: fields for devices, but other things where the prefix would be.
  var isGNU: Bool { has("ustar  \0", at: Self.magicOffset) }

  private func has(_ text: StaticString, at offset: Int) -> Bool {
    "\(text)".utf8.elementsEqual(bytes[offset..<offset + text.utf8CodeUnitCount])
  }

  /// The path, with the prefix of POSIX archives in front.
  var path: [UInt8] {
    let name = text(.name)
    guard isPOSIX else { return name }
    let prefix = text(has("tar\0", at: Self.starTrailerOffset) ? .starPrefix : .prefix)
    return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
  }

  /// A field's text up to the first NUL.
  func text(_ field: Field) -> [UInt8] {
    Array(bytes[field.offset..<field.offset + field.length].prefix { $0 != 0 })
  }

  /// A number, octal or in GNU's base 256; an empty field is 0.
  func number(_ field: Field) throws -> Int64 {
    try TarNumber.parse(bytes[field.offset..<field.offset + field.length])
  }

  /// Old tars summed signed bytes; both sums are good.
  func checkSum() throws {
    let stored = try number(.checksum)
    let sums = Self.checksums(of: bytes)
    guard stored == sums.unsigned || stored == sums.signed else {
      throw ClassifiedError(.invalid, "header with a wrong checksum: not a tar archive, or a damaged one")
    }
  }

  /// The sums of a header in which the checksum field itself counts as blanks.
  static func checksums(of bytes: [UInt8]) -> (unsigned: Int64, signed: Int64) {
    var unsigned: Int64 = 0
    var signed: Int64 = 0
    for byte in bytes {
      unsigned += Int64(byte)
      signed += Int64(Int8(bitPattern: byte))
    }
    for byte in bytes[Field.checksum.offset..<Field.checksum.offset + Field.checksum.length] {
      unsigned += Int64(UInt8(ascii: " ")) - Int64(byte)
      signed += Int64(UInt8(ascii: " ")) - Int64(Int8(bitPattern: byte))
    }
    return (unsigned, signed)
  }

  /// The sparse segments of a GNU header or of a block that extends one, and whether another such block follows.
  func oldSparseSegments(inHeader: Bool) throws -> (segments: [TarSparseSegment], more: Bool) {
    let layout = inHeader ? Self.headerSegments : Self.extensionSegments
    var segments: [TarSparseSegment] = []
    for index in 0..<layout.count {
      let start = layout.offset + index * 24
      // A segment whose fields are empty ends the list.
      guard bytes[start] != 0 else { break }
      let offset = try number(Field(offset: start, length: 12))
      let length = try number(Field(offset: start + 12, length: 12))
      segments.append(TarSparseSegment(offset: offset, length: length))
    }
    return (segments, bytes[layout.more] != 0)
  }
}

/// Numbers in header fields.
enum TarNumber {
  static func parse(_ field: ArraySlice<UInt8>) throws -> Int64 {
    if let first = field.first, first & 0x80 != 0 { return try parseBase256(field) }
    let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == 0 }
    let digits = field.drop(while: isBlank).prefix { !isBlank($0) }
    var value: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit), value >> 60 == 0 else {
        throw ClassifiedError(.invalid, "header with a malformed number \(String(decoding: digits, as: UTF8.self))")
      }
      value = value << 3 | Int64(digit - UInt8(ascii: "0"))
    }
    return value
  }

  /// Two's complement, big-endian, in all bits but the first, which marks the format.
  private static func parseBase256(_ field: ArraySlice<UInt8>) throws -> Int64 {
    let isNegative = field[field.startIndex] & 0x40 != 0
    var value: Int64 = isNegative ? -1 : 0
    for (index, byte) in field.enumerated() {
      let digit = index == 0 ? (isNegative ? byte | 0x80 : byte & 0x7f) : byte
      let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
      guard !overflow else { throw ClassifiedError(.invalid, "header with a number of more than 63 bits") }
      value = shifted | Int64(digit)
    }
    return value
  }

  /// Octal with a NUL at its end, or nil when it does not fit.
  static func octal(_ value: Int64, length: Int) -> [UInt8]? {
    guard value >= 0 else { return nil }
    let digits = Array(String(value, radix: 8).utf8)
    guard digits.count < length else { return nil }
    return Array(repeating: UInt8(ascii: "0"), count: length - 1 - digits.count) + digits + [0]
  }
}
