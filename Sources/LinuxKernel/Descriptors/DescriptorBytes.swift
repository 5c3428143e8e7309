import CLinux
import Glibc

/// What one attempt to read gave.
public enum ReadOutcome: Sendable, Equatable {
  /// That many bytes, at least one.
  case bytes(Int)
  /// The end of the file; the other side has closed.
  case end
  /// Nothing yet, on a non-blocking descriptor.
  case wouldBlock
}

extension Descriptor {
  // MARK: Reading

  /// Reads once into `buffer`, at most its size. 0 is the end of the file. read(2).
  public func read(into buffer: inout MutableSpan<UInt8>) throws(SystemError) -> Int {
    try systemCall("read", place) {
      unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
    }
  }

  /// Reads once into `buffer`, at most its size. 0 is the end of the file.
  public func read(into buffer: inout [UInt8]) throws(SystemError) -> Int {
    try systemCall("read", place) {
      unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(rawValue, $0.baseAddress, $0.count) }
    }
  }

  /// Reads once into `buffer`, behind its first `offset` bytes; a non-blocking descriptor without data is no error.
  public func tryRead(into buffer: inout [UInt8], from offset: Int = 0) throws(SystemError) -> ReadOutcome {
    do {
      let count = try systemCall("read", place) {
        unsafe buffer.withUnsafeMutableBytes {
          let room = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[offset...])
          return unsafe Glibc.read(rawValue, room.baseAddress, room.count)
        }
      }
      return count == 0 ? .end : .bytes(count)
    } catch {
      if error.errno == EAGAIN { return .wouldBlock }
      // The master of a pty reports that its last slave was closed as EIO. pty(7).
      if error.errno == EIO { return .end }
      throw error
    }
  }

  /// Reads once, at most `count` bytes; empty is the end of the file.
  public func read(upTo count: Int) throws(SystemError) -> [UInt8] {
    // What the kernel does not fill is never touched: a large buffer costs no memory for a small message.
    var failure: SystemError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(SystemError) {
        filled = try systemCall("read", place) { unsafe Glibc.read(rawValue, buffer.baseAddress, buffer.count) }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Reads at `offset` without moving the file's own; 0 is the end of the file. pread(2).
  public func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(SystemError) -> Int {
    try systemCall("read", place) {
      unsafe buffer.withUnsafeMutableBytes { unsafe pread(rawValue, $0.baseAddress, $0.count, off_t(offset)) }
    }
  }

  /// Reads to the end of the file. More than `limit` bytes fail with EFBIG.
  public func readAll(limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
    // One byte beyond the size tells the end from more to come in the same read.
    let size = (try? status().size) ?? 0
    var bytes = [UInt8](repeating: 0, count: min(max(Int(size), 4095), limit) + 1)
    var filled = 0
    while true {
      if filled == bytes.count { bytes.append(contentsOf: repeatElement(0, count: bytes.count)) }
      let got = try systemCall("read", place) {
        unsafe bytes.withUnsafeMutableBytes {
          let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: $0[filled...])
          return unsafe Glibc.read(rawValue, rest.baseAddress, rest.count)
        }
      }
      filled += got
      if filled > limit { throw SystemError(errno: EFBIG, call: "read", object: place) }
      if got == 0 {
        bytes.removeSubrange(filled...)
        return bytes
      }
    }
  }

  // MARK: Writing

  /// Writes once and says how many bytes were taken. write(2).
  public func write(_ bytes: Span<UInt8>) throws(SystemError) -> Int {
    try systemCall("write", place) {
      unsafe bytes.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
    }
  }

  /// Writes once and says how many bytes were taken.
  public func write(_ bytes: ArraySlice<UInt8>) throws(SystemError) -> Int {
    try write(bytes.span)
  }

  /// Writes once; nil when a non-blocking descriptor has no room now.
  public func tryWrite(_ bytes: Span<UInt8>) throws(SystemError) -> Int? {
    do {
      return try write(bytes)
    } catch {
      if error.errno == EAGAIN { return nil }
      throw error
    }
  }

  /// Writes all bytes, waiting on a blocking descriptor as long as it takes.
  public func writeAll(_ bytes: Span<UInt8>) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      written += try write(bytes.extracting(written...))
    }
  }

  /// Writes all bytes.
  public func writeAll(_ bytes: [UInt8]) throws(SystemError) {
    try writeAll(bytes.span)
  }

  /// Writes all of a text.
  public func writeAll(_ text: String) throws(SystemError) {
    try writeAll(Array(text.utf8))
  }

  /// Writes all bytes at `offset` without moving the file's own. pwrite(2).
  public func writeAll(_ bytes: Span<UInt8>, at offset: Int64) throws(SystemError) {
    var written = 0
    while written < bytes.count {
      let rest = bytes.extracting(written...)
      written += try systemCall("write", place) {
        unsafe rest.withUnsafeBytes { unsafe pwrite(rawValue, $0.baseAddress, $0.count, off_t(offset) + written) }
      }
    }
  }

  /// Gives the file, which is open for reading and writing, other content; on failure the old one stays. For files of a size
  /// that fits into memory.
  public func overwrite(with bytes: [UInt8]) throws(SystemError) {
    let size = try status().size
    // What the new bytes are written over: the rest is cut off last, when nothing can fail for want of room.
    var old: [UInt8] = []
    while old.count < min(Int(size), bytes.count) {
      let part = try read(upTo: min(Int(size), bytes.count) - old.count)
      if part.isEmpty { break }
      old += part
    }
    do throws(SystemError) {
      // All of it, since a file may have holes. An empty one has nothing to lose.
      if size > 0, !bytes.isEmpty { try reserveIfAble(Int64(bytes.count)) }
      try writeAll(bytes.span, at: 0)
      try truncate(to: Int64(bytes.count))
    } catch {
      try? writeAll(old.span, at: 0)
      try? truncate(to: size)
      throw error
    }
  }

  private func reserveIfAble(_ size: Int64) throws(SystemError) {
    do {
      try reserve(size)
    } catch {
      guard error.errno == EOPNOTSUPP || error.errno == ENOSYS else { throw error }
    }
  }

  /// Copies from here to the end of the file into `destination`, inside the kernel. copy_file_range(2), and
  /// sendfile(2) between file systems that cannot. Returns the number of bytes.
  @discardableResult
  public func copyAll(to destination: borrowing Descriptor) throws(SystemError) -> Int64 {
    let chunk = 1 << 30
    let (from, to) = (rawValue, destination.rawValue)
    var total: Int64 = 0
    var useSendfile = false
    while true {
      do {
        let copied = try systemCall("copy", place) {
          useSendfile ? clinux_sendfile(to, from, chunk) : clinux_copy_file_range(from, to, chunk)
        }
        if copied == 0 && total == 0 && !useSendfile {
          // Files of /proc have no size, and copy_file_range takes them for empty.
          useSendfile = true
          continue
        }
        if copied == 0 { return total }
        total += Int64(copied)
      } catch {
        guard !useSendfile, [EXDEV, EINVAL, EOPNOTSUPP, ENOSYS, EBADF].contains(error.errno) else { throw error }
        useSendfile = true
      }
    }
  }

  // MARK: The file behind it

  /// Moves the file's offset; returns it, counted from the start. lseek(2).
  @discardableResult
  public func seek(to offset: Int64) throws(SystemError) -> Int64 {
    Int64(try systemCall("seek", place) { lseek(rawValue, off_t(offset), SEEK_SET) })
  }

  /// Moves the file's offset to its end; returns it.
  @discardableResult
  public func seekToEnd() throws(SystemError) -> Int64 {
    Int64(try systemCall("seek", place) { lseek(rawValue, 0, SEEK_END) })
  }

  /// The file's offset, counted from the start.
  public func offset() throws(SystemError) -> Int64 {
    Int64(try systemCall("seek", place) { lseek(rawValue, 0, SEEK_CUR) })
  }

  /// Cuts or extends the file to `size` bytes. ftruncate(2).
  public func truncate(to size: Int64) throws(SystemError) {
    try systemCall("truncate", place) { ftruncate(rawValue, off_t(size)) }
  }

  /// Reserves room for `size` bytes, without changing the file's size. fallocate(2).
  public func reserve(_ size: Int64) throws(SystemError) {
    let keepSize: Int32 = 1
    try systemCall("reserve room for", place) { clinux_fallocate(rawValue, keepSize, 0, off_t(size)) }
  }

  /// Waits until the file's data is on the disk, and its metadata unless `dataOnly`. fsync(2), fdatasync(2).
  public func synchronise(dataOnly: Bool = false) throws(SystemError) {
    try systemCall("sync", place) { dataOnly ? fdatasync(rawValue) : fsync(rawValue) }
  }

  /// Waits until the whole file system that this file is on is on the disk. syncfs(2).
  public func synchroniseFileSystem() throws(SystemError) {
    try systemCall("sync file system of", place) { clinux_syncfs(rawValue) }
  }

  /// What error messages call this descriptor: its name where /proc tells it.
  var place: String { (try? target()) ?? "descriptor \(rawValue)" }
}
