import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// The files of the container's /dev: the devices that every container has, those of the configuration, and links.
struct DeviceNodes {
  /// In a user namespace mknod(2) is not allowed: the host's devices are bound instead.
  let bindsFromHost: Bool

  /// Always there, readable and writable for all (runtime-spec config-linux.md, "Default Devices").
  private static let defaults = [
    LinuxDevice(path: "/dev/null", type: .character, major: 1, minor: 3),
    LinuxDevice(path: "/dev/zero", type: .character, major: 1, minor: 5),
    LinuxDevice(path: "/dev/full", type: .character, major: 1, minor: 7),
    LinuxDevice(path: "/dev/random", type: .character, major: 1, minor: 8),
    LinuxDevice(path: "/dev/urandom", type: .character, major: 1, minor: 9),
    LinuxDevice(path: "/dev/tty", type: .character, major: 5, minor: 0),
  ]

  private static let links: [(name: String, target: String)] = [
    ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
  ]

  /// Makes them all. The umask must be 0.
  func make(_ devices: [LinuxDevice], in root: borrowing RootedDirectory) throws {
    let directory = try root.makeDirectories("/dev")
    let named = Set(devices.map(\.path))
    for device in Self.defaults where !named.contains(device.path) {
      try make(device, as: String(device.path.dropFirst("/dev/".count)), in: directory)
    }
    for device in devices {
      guard let (above, name) = MountTarget.normalised(device.path).splitLast else {
        throw ClassifiedError(.invalid, "no device can be made at \"\(device.path)\"")
      }
      if above == "/dev" {
        try make(device, as: name, in: directory)
      } else {
        try make(device, as: name, in: try root.makeDirectories(above))
      }
    }
    for (name, target) in Self.links { try link(name, to: target, in: directory) }
    if try HostFiles.exists("/proc/kcore") { try link("core", to: "/proc/kcore", in: directory) }
    try replaceMultiplexer(in: directory)
  }

  private func make(_ device: LinuxDevice, as name: String, in directory: borrowing Directory) throws {
    if bindsFromHost, device.type != .pipe {
      return try bind(device, as: name, in: directory)
    }
    let permissions = (device.fileMode ?? 0o666) & 0o7777
    do throws(SystemError) {
      try directory.makeNode(
        name, kind: device.kind, permissions: permissions, device: device.number)
    } catch {
      guard error.kind == .conflict else { throw error }
      return try checkExisting(device, as: name, in: directory)
    }
    if device.uid != 0 || device.gid != 0 {
      try directory.setOwner(name, user: device.uid, group: device.gid)
      // A change of owner clears the set-id bits.
      if permissions > 0o777 { try directory.setPermissions(name, permissions) }
    }
  }

  /// What is there already must be this very device.
  private func checkExisting(_ device: LinuxDevice, as name: String, in directory: borrowing Directory) throws {
    let status = try directory.status(name)
    guard status.kind == device.kind, device.type == .pipe || status.representedDevice == device.number else {
      throw ClassifiedError(.conflict, "another file is in the place of the device", object: device.path)
    }
  }

  private func bind(_ device: LinuxDevice, as name: String, in directory: borrowing Directory) throws {
    do throws(SystemError) {
      try directory.makeNode(name, kind: .regular, permissions: 0o666)
    } catch {
      guard error.kind == .conflict else { throw error }
    }
    let place = try directory.open(name, .pathOnly)
    let source = try MountTree(copying: device.path)
    guard try source.descriptor.status().representedDevice == device.number else {
      throw ClassifiedError(.unsupported, "the host has another device at this path", object: device.path)
    }
    try source.attach(at: place)
  }

  private func link(_ name: String, to target: String, in directory: borrowing Directory) throws {
    do throws(SystemError) {
      try directory.makeSymbolicLink(name, to: target)
    } catch {
      guard error.kind == .conflict else { throw error }
    }
  }

  /// New terminals come from the container's own devpts, not from whatever ptmx the image has.
  private func replaceMultiplexer(in directory: borrowing Directory) throws {
    do throws(SystemError) {
      try directory.makeSymbolicLink("ptmx", to: "pts/ptmx")
    } catch {
      guard error.kind == .conflict else { throw error }
      try directory.remove("ptmx")
      try directory.makeSymbolicLink("ptmx", to: "pts/ptmx")
    }
  }
}

extension LinuxDevice {
  fileprivate var kind: FileKind {
    switch type {
    case .block: .blockDevice
    case .character, .unbufferedCharacter: .characterDevice
    case .pipe: .fifo
    }
  }

  fileprivate var number: DeviceNumber {
    DeviceNumber(major: UInt32(truncatingIfNeeded: major), minor: UInt32(truncatingIfNeeded: minor))
  }
}
