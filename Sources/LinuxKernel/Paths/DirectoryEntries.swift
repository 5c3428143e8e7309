import CLinux
import Glibc

/// One name in a directory.
public struct DirectoryEntry: Sendable {
  public let name: RawPath
  /// As the directory tells it; some file systems leave it `unknown`.
  public let kind: FileKind
}

extension Descriptor {
  /// Calls `body` for each name in this directory except "." and "..", in no order, until it returns false.
  ///
  /// Reads from where the descriptor stands and leaves it after the last batch. getdents64(2). Names removed meanwhile
  /// do no harm; names added may be missed.
  public func forEachEntry(_ body: (DirectoryEntry) throws(SystemError) -> Bool) throws(SystemError) {
    // struct linux_dirent64: inode 8, offset 8, length 2, type 1, then the name and a NUL.
    let (lengthOffset, typeOffset, nameOffset) = (16, 18, 19)
    var buffer = [UInt8](repeating: 0, count: 32 << 10)
    while true {
      let filled = try systemCall("list", place) {
        unsafe buffer.withUnsafeMutableBytes { unsafe clinux_getdents64(rawValue, $0.baseAddress, $0.count) }
      }
      if filled == 0 { return }
      var start = 0
      while start < filled {
        let length = Int(buffer[start + lengthOffset]) | Int(buffer[start + lengthOffset + 1]) << 8
        let name = buffer[(start + nameOffset)..<(start + length)].prefix { $0 != 0 }
        let type = buffer[start + typeOffset]
        start += length
        if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
        // d_type is the type part of a mode, shifted down.
        let entry = DirectoryEntry(name: RawPath(name), kind: FileKind(mode: UInt32(type) << 12))
        guard try body(entry) else { return }
      }
    }
  }
}
