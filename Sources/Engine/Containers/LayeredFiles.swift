import Diagnostics
import LinuxKernel

/// Reads small files of a container that is not mounted here: its writable layer first, then the layers below, as
/// overlayfs would (kernel documentation, overlayfs.rst). Each layer is its own root: no symbolic link in it leads
/// outside, and one that leads into another layer finds nothing there.
struct LayeredFiles: Sendable {
  /// Directories of the layers, the uppermost first.
  private let roots: [String]

  init(upper: String, layers: String, lower: [String]) {
    roots = [upper] + lower.map { "\(layers)/\($0)" }
  }

  /// The users and groups. A container without the files has none.
  func accounts() throws -> AccountFiles {
    let passwd = try read("etc", "passwd") ?? []
    let group = try read("etc", "group") ?? []
    return AccountFiles(passwd: String(decoding: passwd, as: UTF8.self), group: String(decoding: group, as: UTF8.self))
  }

  /// The content of a file in a directory of the root; nil when there is none.
  ///
  /// Throws: `invalid` for a file of absurd size, `system` when a layer cannot be read.
  func read(_ directory: String, _ name: String) throws -> [UInt8]? {
    for path in roots {
      do throws(SystemError) {
        let root = try RootedDirectory(path)
        if try isWhiteout(root, directory) { return nil }
        if try isWhiteout(root, "\(directory)/\(name)") { return nil }
        if let file = try open(root, "\(directory)/\(name)") {
          return try file.readAll(limit: 4 << 20)
        }
        if try isOpaque(root, directory) { return nil }
      } catch {
        throw ClassifiedError(.system, "cannot read /\(directory)/\(name) of the image: \(error)", object: path)
      }
    }
    return nil
  }

  /// Only a regular file counts: opening a fifo of the image would wait for ever.
  private func open(_ root: borrowing RootedDirectory, _ path: String) throws(SystemError) -> LinuxKernel.Descriptor? {
    do throws(SystemError) {
      guard try root.status(path).kind == .regular else { return nil }
      return try root.open(path, [.readOnly, .nonblocking])
    } catch {
      if isMissing(error) { return nil }
      throw error
    }
  }

  private func isWhiteout(_ root: borrowing RootedDirectory, _ path: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      let status = try root.status(path, followingLink: false)
      return status.kind == .characterDevice && status.representedDevice == DeviceNumber(major: 0, minor: 0)
    } catch {
      if isMissing(error) { return false }
      throw error
    }
  }

  private func isOpaque(_ root: borrowing RootedDirectory, _ directory: String) throws(SystemError) -> Bool {
    do throws(SystemError) {
      return try root.root.extendedAttribute(directory, "trusted.overlay.opaque") == [UInt8(ascii: "y")]
    } catch {
      if isMissing(error) { return false }
      throw error
    }
  }

  /// ENOENT, ENOTDIR, ELOOP, ENODATA: there is no such thing in this layer.
  private func isMissing(_ error: SystemError) -> Bool { [2, 20, 40, 61].contains(error.errno) }
}
