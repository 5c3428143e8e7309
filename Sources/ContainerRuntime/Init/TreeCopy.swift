import Diagnostics
import LinuxKernel

/// Copies what a directory holds into another: for `tmpcopyup`, which fills a tmpfs with what it covers.
enum TreeCopy {
  /// Deeper trees than any image has below a mount point; guards the stack.
  private static let maximumDepth = 64

  static func copy(_ source: borrowing Directory, into target: borrowing Directory, depth: Int = 0) throws {
    guard depth < maximumDepth else {
      throw ClassifiedError(.invalid, "directories nested too deeply for tmpcopyup", object: source.path)
    }
    for entry in try source.entries() {
      let status = try source.status(entry.name)
      switch status.kind {
      case .directory:
        try target.makeDirectory(entry.name, permissions: status.permissions)
        try copy(
          try source.openDirectory(entry.name), into: try target.openDirectory(entry.name), depth: depth + 1)
      case .symbolicLink:
        try target.makeSymbolicLink(entry.name, to: try source.readLink(entry.name))
      case .regular:
        let file = try target.open(
          entry.name, [.writeOnly, .create, .exclusive], permissions: status.permissions)
        try source.open(entry.name, .readOnly).copyAll(to: file)
      default:
        try target.makeNode(
          entry.name, kind: status.kind, permissions: status.permissions, device: status.representedDevice)
      }
      try target.setOwner(entry.name, user: status.user, group: status.group)
      if status.kind != .symbolicLink { try target.setPermissions(entry.name, status.permissions) }
    }
  }
}
