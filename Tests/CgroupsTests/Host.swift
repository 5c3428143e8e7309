import Cgroups
import Glibc
import LinuxKernel
import TestSupport
import Testing

/// One way in which cgroups can be mounted, and what the tests do with it.
struct Host: Sendable, CustomTestStringConvertible {
  let name: String
  let hierarchy: CgroupHierarchy

  var testDescription: String { name }

  static let all: [Host] = {
    guard let real = try? CgroupHierarchy.current() else { return [] }
    var hosts = [Host(name: real.mode.rawValue, hierarchy: real)]
    if real.mode == .hybrid {
      hosts.append(Host(name: "v1", hierarchy: CgroupHierarchy(version1: real.version1, unified: nil)))
      hosts.append(Host(name: "v2", hierarchy: CgroupHierarchy(version1: [], unified: real.unified)))
    }
    return hosts
  }()

  /// Whether version 2 has the controllers; so it is on the emulated machine.
  static var isVersion2: Bool { all.first?.hierarchy.mode == .v2 }

  /// Whether there is a hierarchy of version 1; the emulated machine has none.
  static var hasVersion1: Bool { all.first?.hierarchy.mode != .v2 }

  /// Runs `body` with a cgroup that does not exist yet, below a parent of its own, and takes both away.
  func withCgroup(_ body: (any Cgroup) throws -> Void) throws {
    let parent = try CgroupPath("/apus-test-\(ProcessControl.currentID)-\(try randomHexadecimal(bytes: 3))")
    let cgroup = hierarchy.cgroup(try parent.appending("c1"))
    defer {
      #expect(throws: Never.self) {
        try cgroup.killAll()
        try hierarchy.cgroup(parent).delete()
      }
    }
    try body(cgroup)
  }

  /// Starts a process in the cgroup that waits, or does `work` once it is there and exits with what that returns. The
  /// child makes no call that could need a lock which another thread held.
  func startChild(in cgroup: any Cgroup, _ work: (() -> Int32)? = nil) throws -> PidFD {
    let gate = try Pipe()
    let side: Clone.Side
    if let directory = try cgroup.openForClone() {
      side = try Clone.clone(Clone.Options(), cgroup: directory)
    } else {
      side = try Clone.clone()
    }
    switch consume side {
    case .child:
      var byte: UInt8 = 0
      _ = unsafe read(gate.readEnd.rawValue, &byte, 1)
      guard let work else {
        pause()
        _exit(0)
      }
      _exit(work())
    case .parent(let child):
      do {
        for version1 in hierarchy.version1 {
          try HostFiles.write("\(child.pid)", toExisting: "\(version1.mountPoint)\(cgroup.path)/cgroup.procs")
        }
      } catch {
        try child.send(.kill)
        throw error
      }
      try gate.writeEnd.writeAll([1])
      return child
    }
  }

  /// The text of a control file of version 1, without its last newline.
  func value(_ file: String, of cgroup: any Cgroup, _ controller: String) throws -> String? {
    guard let version1 = hierarchy.version1.first(where: { $0.controllers.contains(controller) }) else { return nil }
    guard let bytes = try HostFiles.readIfPresent("\(version1.mountPoint)\(cgroup.path)/\(file)") else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: "\n")
  }
}

extension Need {
  static let mountedCgroups = Need("needs mounted cgroups below /sys/fs/cgroup") { !Host.all.isEmpty }
}
