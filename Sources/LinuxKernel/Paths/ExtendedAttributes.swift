import CLinux
import Glibc

/// Extended attributes: names and bytes that belong to a file. xattr(7).
extension Directory {
  /// Sets an attribute of `name` itself. setxattr(2).
  public func setExtendedAttribute(_ name: some KernelPath, _ attribute: some KernelPath, _ value: [UInt8])
    throws(SystemError)
  {
    try unsafe actByPath("set attribute \(attribute) of", name) { file in
      unsafe attribute.withKernelString { attribute in
        unsafe value.withUnsafeBytes { unsafe clinux_lsetxattr(file, attribute, $0.baseAddress, $0.count, 0) }
      }
    }
  }

  /// An attribute of `name` itself, or nil when it has none of that name. getxattr(2).
  public func extendedAttribute(_ name: some KernelPath, _ attribute: some KernelPath) throws(SystemError) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: 256)
    while true {
      do {
        let count = try unsafe actByPath("get attribute \(attribute) of", name) { file in
          unsafe attribute.withKernelString { attribute in
            unsafe buffer.withUnsafeMutableBytes {
              unsafe clinux_lgetxattr(file, attribute, $0.baseAddress, $0.count)
            }
          }
        }
        return Array(buffer[..<count])
      } catch {
        if error.errno == ENODATA || error.errno == EOPNOTSUPP { return nil }
        // 65,536 bytes are the most that the kernel keeps in one attribute.
        guard error.errno == ERANGE, buffer.count < 65_536 else { throw error }
        buffer = [UInt8](repeating: 0, count: 65_536)
      }
    }
  }

  /// The names of the attributes of `name` itself; none where the file system has no attributes. listxattr(2).
  public func extendedAttributeNames(_ name: some KernelPath) throws(SystemError) -> [RawPath] {
    var buffer = [UInt8](repeating: 0, count: 1024)
    while true {
      do {
        let count = try unsafe actByPath("list attributes of", name) { file in
          unsafe buffer.withUnsafeMutableBytes {
            unsafe clinux_llistxattr(file, $0.baseAddress, $0.count)
          }
        }
        return buffer[..<count].split(separator: 0).map { RawPath($0) }
      } catch {
        if error.errno == EOPNOTSUPP { return [] }
        guard error.errno == ERANGE, buffer.count < 65_536 else { throw error }
        buffer = [UInt8](repeating: 0, count: 65_536)
      }
    }
  }

  /// Removes an attribute of `name` itself. removexattr(2). Throws: ENODATA when there is none.
  public func removeExtendedAttribute(_ name: some KernelPath, _ attribute: some KernelPath) throws(SystemError) {
    try unsafe actByPath("remove attribute \(attribute) of", name) { file in
      unsafe attribute.withKernelString { unsafe clinux_lremovexattr(file, $0) }
    }
  }

  /// There is no setxattrat(2) before Linux 6.13. The path through /proc leads to this very directory, and the l…xattr
  /// family does not follow the last component.
  @discardableResult
  private func actByPath<Result: SignedInteger>(
    _ call: @autoclosure () -> String, _ name: some KernelPath, _ body: (UnsafePointer<CChar>) -> Result
  ) throws(SystemError) -> Result {
    do {
      return try unsafe act("", name) { directory, name in
        let bytes = unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
        return unsafe RawPath(Array("/proc/self/fd/\(directory)/".utf8) + bytes).withKernelString(body)
      }
    } catch {
      throw SystemError(errno: error.errno, call: call(), object: label(name))
    }
  }
}

extension Descriptor {
  /// Sets an attribute of the file behind this descriptor. fsetxattr(2).
  public func setExtendedAttribute(_ attribute: some KernelPath, _ value: [UInt8]) throws(SystemError) {
    try systemCall("set attribute of", "\(place), \(attribute)") {
      unsafe attribute.withKernelString { attribute in
        unsafe value.withUnsafeBytes { unsafe clinux_fsetxattr(rawValue, attribute, $0.baseAddress, $0.count, 0) }
      }
    }
  }
}
