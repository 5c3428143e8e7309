import Glibc

/// A path or name as the kernel takes it: bytes up to a NUL.
///
/// `String` is one, and so is `RawPath` for names that are not UTF-8, as an image's layers may hold.
public protocol KernelPath: Sendable, CustomStringConvertible {
  /// Runs `body` with the path as a C string.
  ///
  /// A path with a NUL inside never reaches the kernel, which would see only its beginning: the result is then -1 and
  /// `errno` EINVAL, as if the kernel had refused.
  func withKernelString<Result: SignedInteger>(_ body: (UnsafePointer<CChar>) -> Result) -> Result

  /// The directory part and the last component: "a/b/c" is ("a/b", "c"), "c" is (".", "c"), "/c" is ("/", "c").
  /// Slashes at the end do not count. nil when there is no name to act on: empty, "/", or ending in "." or "..".
  var splitLast: (directory: Self, name: Self)? { get }
}

extension String: KernelPath {
  public func withKernelString<Result: SignedInteger>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard !utf8.contains(0) else {
      errno = EINVAL
      return -1
    }
    return unsafe withCString(body)
  }

  public var splitLast: (directory: String, name: String)? {
    guard let (directory, name) = splitLastComponent(utf8) else { return nil }
    let head = directory.map { String(self[$0]) } ?? "."
    return (head, String(self[name]))
  }
}

/// A path or name by its bytes, whatever their encoding.
public struct RawPath: KernelPath, Hashable {
  /// The bytes and a NUL.
  private let terminated: [UInt8]

  /// The bytes of the path; a NUL among them makes every call with it fail with EINVAL.
  public init(_ bytes: some Sequence<UInt8>) {
    terminated = bytes + [0]
  }

  public init(_ text: String) {
    self.init(text.utf8)
  }

  /// The bytes, without a NUL at the end.
  public var bytes: ArraySlice<UInt8> { terminated.dropLast() }

  /// The text; bytes that are not UTF-8 appear as U+FFFD.
  public var description: String { String(decoding: bytes, as: UTF8.self) }

  public func withKernelString<Result: SignedInteger>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    guard !bytes.contains(0) else {
      errno = EINVAL
      return -1
    }
    return unsafe terminated.withUnsafeBytes { raw in
      // The array is never empty, so the base address is there.
      guard let base = raw.baseAddress else { return -1 }
      return unsafe body(base.assumingMemoryBound(to: CChar.self))
    }
  }

  public var splitLast: (directory: RawPath, name: RawPath)? {
    guard let (directory, name) = splitLastComponent(bytes) else { return nil }
    return (directory.map { RawPath(bytes[$0]) } ?? RawPath("."), RawPath(bytes[name]))
  }
}

extension RawPath: ExpressibleByStringLiteral {
  public init(stringLiteral text: String) {
    self.init(text)
  }
}

/// The ranges of directory (nil: the current one) and name, or nil when there is no name.
private func splitLastComponent<Bytes: BidirectionalCollection>(
  _ path: Bytes
) -> (directory: Range<Bytes.Index>?, name: Range<Bytes.Index>)? where Bytes.Element == UInt8 {
  let slash = UInt8(ascii: "/")
  guard let last = path.lastIndex(where: { $0 != slash }) else { return nil }
  let end = path.index(after: last)
  let cut = path[..<end].lastIndex(of: slash)
  let start = cut.map { path.index(after: $0) } ?? path.startIndex
  let name = path[start..<end]
  if name.allSatisfy({ $0 == UInt8(ascii: ".") }) && name.count <= 2 { return nil }
  guard let cut else { return (nil, start..<end) }
  // "/c" and "//c" keep their root.
  let head = cut == path.startIndex ? path.startIndex..<start : path.startIndex..<cut
  return (head, start..<end)
}
