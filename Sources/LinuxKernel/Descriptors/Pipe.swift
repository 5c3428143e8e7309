import CLinux
import Glibc

/// A pipe: what is written to one end is read from the other. pipe(7).
///
/// To hand on the ends one by one, consume the fields: `let pipe = try Pipe(); let reader = pipe.readEnd`.
@frozen public struct Pipe: ~Copyable, Sendable {
  public let readEnd: Descriptor
  public let writeEnd: Descriptor

  /// Throws: EMFILE, ENFILE.
  public init() throws(SystemError) {
    var ends: [2 of Int32] = [-1, -1]
    try systemCall("make pipe") {
      var span = ends.mutableSpan
      return unsafe span.withUnsafeMutableBufferPointer { unsafe clinux_pipe2($0.baseAddress, O_CLOEXEC) }
    }
    readEnd = Descriptor(owning: ends[0])
    writeEnd = Descriptor(owning: ends[1])
  }
}

extension Descriptor {
  /// The room of the pipe behind this descriptor, in bytes, rounded up by the kernel to pages. fcntl(2), F_SETPIPE_SZ.
  public func setPipeCapacity(_ bytes: Int) throws(SystemError) {
    let setPipeSize: Int32 = 1031
    try systemCall("set pipe size of", place) { clinux_fcntl(rawValue, setPipeSize, bytes) }
  }
}
