import CLinux
import Glibc

/// A file system that is being configured, option by option, before it is mounted. fsopen(2), Linux 5.2.
public struct FilesystemContext: ~Copyable, Sendable {
  /// The most bytes that one text value holds. fsconfig(2).
  public static let longestValue = 255

  private let descriptor: Descriptor
  private let type: String

  /// Commands of fsconfig(2).
  private enum Command {
    static let (setFlag, setString, setDescriptor): (UInt32, UInt32, UInt32) = (0, 1, 5)
    static let (create, reconfigure): (UInt32, UInt32) = (6, 7)
  }

  /// Begins a new file system. Throws: ENODEV when the kernel does not know the type, ENOSYS before Linux 5.2.
  public init(_ type: String) throws(SystemError) {
    self.type = type
    descriptor = Descriptor(
      owning: try systemCall("open file system", type) {
        unsafe type.withKernelString { unsafe clinux_fsopen($0) }
      })
  }

  /// Begins to change the file system that is mounted at a path. fspick(2).
  public init(changing path: String) throws(SystemError) {
    type = path
    descriptor = Descriptor(
      owning: try systemCall("open file system", path) {
        unsafe path.withKernelString { unsafe clinux_fspick(AT_FDCWD, $0, 0) }
      })
  }

  /// Sets an option that has no value.
  public func setFlag(_ key: String) throws(SystemError) {
    try unsafe configure(key) { unsafe clinux_fsconfig(descriptor.rawValue, Command.setFlag, $0, nil, 0) }
  }

  /// Sets an option. Throws: EINVAL when the file system does not know it or its value is too long.
  public func set(_ key: String, _ value: String) throws(SystemError) {
    try unsafe configure(key) { key in
      unsafe value.withKernelString { unsafe clinux_fsconfig(descriptor.rawValue, Command.setString, key, $0, 0) }
    }
  }

  /// Sets an option to an open descriptor. Throws: EINVAL when the option does not take one.
  public func set(_ key: String, _ value: borrowing Descriptor) throws(SystemError) {
    let number = value.rawValue
    try unsafe configure(key) { unsafe clinux_fsconfig(descriptor.rawValue, Command.setDescriptor, $0, nil, number) }
  }

  /// Makes the file system and a detached mount of it.
  public func makeMount(_ attributes: MountAttributes = []) throws(SystemError) -> MountTree {
    do {
      try systemCall("make file system", type) {
        clinux_fsconfig(descriptor.rawValue, Command.create, nil, nil, 0)
      }
    } catch {
      let messages = messages()
      let detail = messages.isEmpty ? type : "\(type) (\(messages.joined(separator: "; ")))"
      throw SystemError(errno: error.errno, call: error.call, object: detail)
    }
    return MountTree(
      owning: Descriptor(
        owning: try systemCall("mount", type) { clinux_fsmount(descriptor.rawValue, UInt32(attributes.rawValue)) }))
  }

  /// Applies the options to the file system that is mounted.
  public func reconfigure() throws(SystemError) {
    try systemCall("reconfigure", type) {
      clinux_fsconfig(descriptor.rawValue, Command.reconfigure, nil, nil, 0)
    }
  }

  /// What the file system says about its options, such as "e overlay: workdir and upperdir must reside under the same
  /// mount": each read of the context gives one line.
  private func messages() -> [String] {
    var lines: [String] = []
    while lines.count < 8, let line = try? descriptor.read(upTo: 1024), !line.isEmpty {
      lines.append(String(decoding: line.dropFirst(2), as: UTF8.self).filter { $0 != "\n" })
    }
    return lines
  }

  private func configure(_ key: String, _ call: (UnsafePointer<CChar>) -> Int32) throws(SystemError) {
    try systemCall("set option", "\(key) of \(type)") { unsafe key.withKernelString(call) }
  }
}
