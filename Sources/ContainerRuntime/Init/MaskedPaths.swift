import Diagnostics
import LinuxKernel

/// Hides paths of the container's root and makes others read-only. Paths that do not exist are skipped: kernels differ.
struct MaskedPaths {
  private static let nullDevice = DeviceNumber(major: 1, minor: 3)

  let masked: [String]
  let readOnly: [String]

  func apply(in root: borrowing RootedDirectory) throws {
    for path in readOnly {
      guard let place = try openIfPresent(path, in: root) else { continue }
      let tree = try MountTree(copying: place, recursive: true)
      try tree.setAttributes(.readOnly, recursive: true)
      try tree.attach(at: place)
    }
    try mask(in: root)
  }

  private func mask(in root: borrowing RootedDirectory) throws {
    if masked.isEmpty { return }
    let null = try openNullDevice(in: root)
    /// Where the one empty directory is mounted that all masked directories show.
    var empty: String?
    for path in masked {
      guard let place = try openIfPresent(path, in: root) else { continue }
      if try place.status().kind != .directory {
        try MountTree(copying: null).attach(at: place)
      } else if let empty {
        try MountTree(copying: try root.open(empty, .pathOnly)).attach(at: place)
      } else {
        let context = try FilesystemContext("tmpfs")
        try context.set("source", "tmpfs")
        try context.set("size", "4096")
        try context.makeMount([.readOnly, .noSetUserID, .noDevices, .noExecution]).attach(at: place)
        empty = path
      }
    }
  }

  /// The container's /dev/null, which must be that device and no link an image put there (CVE-2025-31133).
  private func openNullDevice(in root: borrowing RootedDirectory) throws -> Descriptor {
    let null = try root.open("/dev/null", [.pathOnly, .noFollow])
    let status = try null.status()
    guard status.kind == .characterDevice, status.representedDevice == Self.nullDevice else {
      throw ClassifiedError(.forbidden, "/dev/null of the container is not the null device")
    }
    return null
  }

  private func openIfPresent(
    _ path: String, in root: borrowing RootedDirectory
  ) throws(SystemError) -> Descriptor? {
    do {
      return try root.open(path, .pathOnly)
    } catch {
      // ENOENT, ENOTDIR: nothing there to hide.
      if error.errno == 2 || error.errno == 20 { return nil }
      throw error
    }
  }
}
