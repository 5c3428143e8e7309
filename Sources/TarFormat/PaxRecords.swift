import Diagnostics

/// The records of pax extended headers that change how a member is read (POSIX.1-2017 pax, "pax Extended Header").
struct PaxRecords: Equatable {
  var path: [UInt8]?
  var linkPath: [UInt8]?
  var size: Int64?
  var owner: Int64?
  var group: Int64?
  var modified: TarTime?
  var extendedAttributes: [TarExtendedAttribute] = []
  var sparse = PaxSparseRecords()

  static let attributePrefix = "SCHILY.xattr."

  /// Applies the records of one extended header on top of what is here already.
  mutating func apply(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let (key, value, end) = try Self.firstRecord(of: rest)
      rest = rest[end...]
      try apply(key: key, value: value)
    }
  }

  /// A record is `LENGTH KEY=VALUE\n`, where LENGTH counts the whole record.
  private static func firstRecord(
    of bytes: ArraySlice<UInt8>
  ) throws -> (key: String, value: ArraySlice<UInt8>, end: Int) {
    let digits = bytes.prefix(10).prefix { $0 != UInt8(ascii: " ") }
    let body = digits.endIndex + 1
    guard let length = Int(String(decoding: digits, as: UTF8.self)), length > 0, length <= bytes.count,
      bytes.startIndex + length > body, bytes[bytes.startIndex + length - 1] == UInt8(ascii: "\n")
    else { throw ClassifiedError(.invalid, "pax header with a malformed record") }
    let end = bytes.startIndex + length
    let record = bytes[body..<end - 1]
    guard let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex else {
      throw ClassifiedError(.invalid, "pax header with a record without a key")
    }
    return (String(decoding: record[..<equals], as: UTF8.self), record[(equals + 1)...], end)
  }

  private mutating func apply(key: String, value: ArraySlice<UInt8>) throws {
    // An empty value takes back what a global header said.
    let isSet = !value.isEmpty
    switch key {
    case "path": path = isSet ? try Self.name(value, key) : nil
    case "linkpath": linkPath = isSet ? try Self.name(value, key) : nil
    case "size": size = isSet ? try Self.integer(value, key) : nil
    case "uid": owner = isSet ? try Self.integer(value, key) : nil
    case "gid": group = isSet ? try Self.integer(value, key) : nil
    case "mtime": modified = isSet ? try Self.time(value, key) : nil
    case _ where key.hasPrefix(Self.attributePrefix):
      let name = String(key.dropFirst(Self.attributePrefix.count))
      extendedAttributes.removeAll { $0.name == name }
      if isSet { extendedAttributes.append(TarExtendedAttribute(name: name, value: Array(value))) }
    case _ where key.hasPrefix(PaxSparseRecords.prefix):
      try sparse.apply(key: key, value: value)
    default: break  // comments, names of owners, access times: nothing that a layer keeps
    }
  }

  static func integer(_ value: ArraySlice<UInt8>, _ key: String) throws -> Int64 {
    guard let number = Int64(String(decoding: value, as: UTF8.self)) else { throw malformed(key, value) }
    return number
  }

  static func name(_ value: ArraySlice<UInt8>, _ key: String) throws -> [UInt8] {
    guard !value.contains(0) else { throw malformed(key, value) }
    return Array(value)
  }

  /// Seconds with an optional fraction, perhaps negative: `-1.25` is 1.25 s before 1970.
  private static func time(_ value: ArraySlice<UInt8>, _ key: String) throws -> TarTime {
    let isNegative = value.first == UInt8(ascii: "-")
    let parts = value.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let seconds = Int64(String(decoding: parts[0], as: UTF8.self)) else { throw malformed(key, value) }
    var nanoseconds: Int64 = 0
    if parts.count == 2 {
      guard parts[1].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        throw malformed(key, value)
      }
      let digits = parts[1].prefix(9)
      nanoseconds = digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
      for _ in digits.count..<9 { nanoseconds *= 10 }
    }
    guard isNegative, nanoseconds > 0 else { return TarTime(seconds: seconds, nanoseconds: UInt32(nanoseconds)) }
    guard seconds > Int64.min else { throw malformed(key, value) }
    return TarTime(seconds: seconds - 1, nanoseconds: UInt32(1_000_000_000 - nanoseconds))
  }

  private static func malformed(_ key: String, _ value: ArraySlice<UInt8>) -> ClassifiedError {
    ClassifiedError(
      .invalid, "pax header with a malformed \(key): \(String(decoding: value.prefix(64), as: UTF8.self))")
  }
}
