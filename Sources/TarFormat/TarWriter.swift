import Diagnostics

/// Writes the headers and padding of a tar archive; the content in between is the caller's to write.
///
/// A member is ustar where it fits, and has a pax header in front where it does not: long names, large sizes and ids,
/// fractions of seconds, extended attributes.
public enum TarWriter {
  /// What ends an archive: two zero blocks.
  public static let trailer = [UInt8](repeating: 0, count: 2 * TarBlock.size)

  /// The zeros that follow `size` bytes of content.
  public static func padding(after size: Int64) -> [UInt8] {
    let rest = Int(size % Int64(TarBlock.size))
    return [UInt8](repeating: 0, count: rest == 0 ? 0 : TarBlock.size - rest)
  }

  /// The bytes in front of a member's content, which must be `header.size` bytes of a regular file, else none.
  ///
  /// Throws: `unsupported` for a sparse file, `invalid` for a name with a NUL in it.
  public static func header(_ header: TarHeader) throws -> [UInt8] {
    guard header.sparseSegments == nil else {
      throw ClassifiedError(.unsupported, "sparse files cannot be written", object: header.displayPath)
    }
    guard !header.path.isEmpty, !header.path.contains(0), !header.linkTarget.contains(0) else {
      throw ClassifiedError(.invalid, "a name that no archive can hold", object: header.displayPath)
    }
    var records = Records()
    let block = try block(header, &records)
    guard !records.bytes.isEmpty else { return block }
    var extended = TarHeader(.regular, path: "PaxHeaders/member", mode: 0o644)
    extended.size = Int64(records.bytes.count)
    var unused = Records()
    let extendedBlock = try self.block(extended, type: UInt8(ascii: "x"), &unused)
    return extendedBlock + records.bytes + padding(after: extended.size) + block
  }

  /// Pax records, for what the block has no room for.
  private struct Records {
    var bytes: [UInt8] = []

    mutating func add(_ key: String, _ value: some Collection<UInt8>) {
      let body = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
      // The length counts its own digits.
      var length = body.count + 1
      while String(length).utf8.count + body.count != length { length = String(length).utf8.count + body.count }
      bytes += Array(String(length).utf8) + body
    }

    mutating func add(_ key: String, _ value: some BinaryInteger) {
      add(key, Array(String(value).utf8))
    }
  }

  private static func block(
    _ header: TarHeader, type: UInt8? = nil, _ records: inout Records
  ) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: TarBlock.size)
    func put(_ value: some Collection<UInt8>, _ field: TarBlock.Field) {
      bytes.replaceSubrange(
        field.offset..<field.offset + min(value.count, field.length), with: value.prefix(field.length))
    }
    func put(_ value: Int64, _ field: TarBlock.Field, _ key: String) {
      if let octal = TarNumber.octal(value, length: field.length) {
        put(octal, field)
      } else {
        put(TarNumber.octal(0, length: field.length) ?? [], field)
        records.add(key, value)
      }
    }
    putPath(header.path, &bytes, &records)
    if header.linkTarget.count > TarBlock.Field.linkName.length { records.add("linkpath", header.linkTarget) }
    put(header.linkTarget, .linkName)
    put(Int64(header.mode), .mode, "mode")
    put(Int64(header.owner), .owner, "uid")
    put(Int64(header.group), .group, "gid")
    put(header.kind == .regular ? header.size : 0, .size, "size")
    putTime(header.modified, &bytes, &records)
    put(Int64(header.deviceMajor), .deviceMajor, "SCHILY.devmajor")
    put(Int64(header.deviceMinor), .deviceMinor, "SCHILY.devminor")
    for attribute in header.extendedAttributes {
      records.add(PaxRecords.attributePrefix + attribute.name, attribute.value)
    }
    bytes[TarBlock.typeOffset] = type ?? self.type(of: header.kind)
    bytes.replaceSubrange(257..<265, with: "ustar\u{0}00".utf8)
    let sum = TarBlock.checksums(of: bytes).unsigned
    put((TarNumber.octal(sum, length: 7) ?? []) + [UInt8(ascii: " ")], .checksum)
    return bytes
  }

  /// A path of more than 100 bytes is split at a slash between prefix and name, or else goes into a record.
  private static func putPath(_ path: [UInt8], _ bytes: inout [UInt8], _ records: inout Records) {
    let name = TarBlock.Field.name
    let prefix = TarBlock.Field.prefix
    if path.count <= name.length {
      bytes.replaceSubrange(name.offset..<name.offset + path.count, with: path)
      return
    }
    let cut = path.indices.dropFirst().first {
      path[$0] == UInt8(ascii: "/") && path.count - $0 - 1 <= name.length && $0 <= prefix.length
        && $0 + 1 < path.count
    }
    if let cut {
      bytes.replaceSubrange(prefix.offset..<prefix.offset + cut, with: path[..<cut])
      bytes.replaceSubrange(name.offset..<name.offset + path.count - cut - 1, with: path[(cut + 1)...])
    } else {
      records.add("path", path)
      bytes.replaceSubrange(name.offset..<name.offset + name.length, with: path.prefix(name.length))
    }
  }

  private static func putTime(_ time: TarTime, _ bytes: inout [UInt8], _ records: inout Records) {
    let field = TarBlock.Field.modified
    let octal = TarNumber.octal(time.seconds, length: field.length)
    let stored = octal ?? TarNumber.octal(0, length: field.length) ?? []
    bytes.replaceSubrange(field.offset..<field.offset + stored.count, with: stored)
    guard octal == nil || time.nanoseconds != 0 else { return }
    records.add("mtime", Array(text(time).utf8))
  }

  /// Seconds with nine digits of fraction; before 1970 the fraction counts away from zero, as the sign says.
  private static func text(_ time: TarTime) -> String {
    var (seconds, nanoseconds) = (time.seconds, Int64(time.nanoseconds))
    let isNegative = seconds < 0
    if isNegative, nanoseconds > 0 { (seconds, nanoseconds) = (seconds + 1, 1_000_000_000 - nanoseconds) }
    let fraction = String(nanoseconds)
    let zeros = String(repeating: "0", count: 9 - fraction.count)
    return "\(isNegative ? "-" : "")\(seconds.magnitude).\(zeros)\(fraction)"
  }

  private static func type(of kind: TarHeader.Kind) -> UInt8 {
    switch kind {
    case .regular: UInt8(ascii: "0")
    case .hardLink: UInt8(ascii: "1")
    case .symbolicLink: UInt8(ascii: "2")
    case .characterDevice: UInt8(ascii: "3")
    case .blockDevice: UInt8(ascii: "4")
    case .directory: UInt8(ascii: "5")
    case .fifo: UInt8(ascii: "6")
    }
  }
}
