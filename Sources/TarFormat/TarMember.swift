import Diagnostics

/// How a header block and the records before it make one member.
enum TarMember {
  static let oldSparseType = UInt8(ascii: "S")

  static func header(of block: TarBlock, records: PaxRecords) throws -> TarHeader {
    let path = records.path ?? block.path
    var header = TarHeader(
      try kind(of: block, path: path), path: path, mode: UInt32(truncatingIfNeeded: try block.number(.mode)) & 0o7777)
    header.linkTarget = records.linkPath ?? block.text(.linkName)
    header.owner = try identity(records.owner ?? block.number(.owner), "owner", header)
    header.group = try identity(records.group ?? block.number(.group), "group", header)
    header.size = try records.size ?? block.number(.size)
    guard header.size >= 0, header.size <= Int64.max - Int64(TarBlock.size) else {
      throw ClassifiedError(.invalid, "a size of \(header.size) bytes makes no sense", object: header.displayPath)
    }
    header.modified = try records.modified ?? TarTime(seconds: block.number(.modified))
    header.extendedAttributes = records.extendedAttributes
    if header.kind == .characterDevice || header.kind == .blockDevice, block.isPOSIX || block.isGNU {
      header.deviceMajor = try device(block.number(.deviceMajor), header)
      header.deviceMinor = try device(block.number(.deviceMinor), header)
    }
    return header
  }

  private static func kind(of block: TarBlock, path: [UInt8]) throws -> TarHeader.Kind {
    switch block.type {
    case UInt8(ascii: "0"), 0, UInt8(ascii: "7"), oldSparseType:
      // Before ustar, a slash at the end was what made a directory.
      let isOldDirectory = block.type == 0 && path.last == UInt8(ascii: "/")
      return isOldDirectory ? .directory : .regular
    case UInt8(ascii: "1"): return .hardLink
    case UInt8(ascii: "2"): return .symbolicLink
    case UInt8(ascii: "3"): return .characterDevice
    case UInt8(ascii: "4"): return .blockDevice
    case UInt8(ascii: "5"): return .directory
    case UInt8(ascii: "6"): return .fifo
    case let other:
      throw ClassifiedError(
        .unsupported, "members of type \(Character(UnicodeScalar(other)).debugDescription) are not supported",
        object: String(decoding: path, as: UTF8.self))
    }
  }

  /// The last id, 4294967295, means "leave as it is" to the kernel and so is nobody's.
  private static func identity(_ number: Int64, _ role: String, _ header: TarHeader) throws -> UInt32 {
    guard let id = UInt32(exactly: number), id != UInt32.max else {
      throw ClassifiedError(.invalid, "\(role) \(number) is out of range", object: header.displayPath)
    }
    return id
  }

  private static func device(_ number: Int64, _ header: TarHeader) throws -> UInt32 {
    guard let device = UInt32(exactly: number) else {
      throw ClassifiedError(.invalid, "device number \(number) is out of range", object: header.displayPath)
    }
    return device
  }
}
