/// One member of a tar archive as the reader should see it: extended headers are already applied.
///
/// Names are bytes, since Linux gives file names no encoding and an archive must not change them.
public struct TarHeader: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case regular, hardLink, symbolicLink, characterDevice, blockDevice, directory, fifo
  }

  public var kind: Kind
  /// The member's path as stored: it may be absolute, hold `..` or end in `/`; whoever unpacks decides about that.
  public var path: [UInt8]
  /// The target of a hard or symbolic link, as stored.
  public var linkTarget: [UInt8] = []
  /// Permission bits, with setuid, setgid and sticky (0o7777).
  public var mode: UInt32
  public var owner: UInt32 = 0
  public var group: UInt32 = 0
  /// Length of the file in bytes, holes of a sparse file included.
  public var size: Int64 = 0
  public var modified = TarTime(seconds: 0)
  public var deviceMajor: UInt32 = 0
  public var deviceMinor: UInt32 = 0
  /// From `SCHILY.xattr.*` records, in the order of the archive.
  public var extendedAttributes: [TarExtendedAttribute] = []
  /// Where the stored data of a sparse file belongs, in ascending order; nil when the file has no holes.
  public var sparseSegments: [TarSparseSegment]?

  public init(_ kind: Kind, path: [UInt8], mode: UInt32) {
    self.kind = kind
    self.path = path
    self.mode = mode
  }

  public init(_ kind: Kind, path: String, mode: UInt32) {
    self.init(kind, path: Array(path.utf8), mode: mode)
  }

  /// The path for a message; bytes that are not UTF-8 are replaced.
  public var displayPath: String { String(decoding: path, as: UTF8.self) }
  /// The link's target for a message; bytes that are not UTF-8 are replaced.
  public var displayLinkTarget: String { String(decoding: linkTarget, as: UTF8.self) }
}

/// A point in time since 1970, as `timespec` counts it: the nanoseconds are never negative.
public struct TarTime: Sendable, Equatable {
  public var seconds: Int64
  /// 0 … 999 999 999.
  public var nanoseconds: UInt32

  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }
}

public struct TarExtendedAttribute: Sendable, Equatable {
  /// With its namespace: `security.capability`.
  public var name: String
  public var value: [UInt8]

  public init(name: String, value: [UInt8]) {
    self.name = name
    self.value = value
  }
}

/// A run of stored data in a sparse file.
public struct TarSparseSegment: Sendable, Equatable {
  public var offset: Int64
  public var length: Int64

  public init(offset: Int64, length: Int64) {
    self.offset = offset
    self.length = length
  }

  var end: Int64 { offset + length }
}
