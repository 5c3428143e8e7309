import Glibc
import LinuxKernel
import TestSupport
import Testing

@Suite struct MountInfoTests {
  @Test func aLineIsRead() throws {
    let line = "36 35 98:0 /mnt1 /mnt\\0402\\134x rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue"
    let mount = try #require(MountInfo(line: line[...]))
    #expect(mount.id == 36 && mount.parentID == 35 && mount.device == DeviceNumber(major: 98, minor: 0))
    #expect(mount.root == "/mnt1" && mount.mountPoint == "/mnt 2\\x")
    #expect(mount.options == ["rw", "noatime"] && mount.propagation == ["shared:1", "master:2"])
    #expect(mount.type == "ext3" && mount.source == "/dev/root" && mount.superOptions == ["rw", "errors=continue"])
  }

  @Test(arguments: ["", "36 35", "36 35 98:0 / /mnt rw shared:1 ext3 x rw", "x 35 98:0 / /m rw - t s o"])
  func othersAreNone(line: String) {
    #expect(MountInfo(line: line[...]) == nil)
  }

  @Test func ourOwnMountsAreRead() throws {
    let text = try HostFiles.readText("/proc/self/mountinfo")
    #expect(try MountInfo.read().count == text.split(separator: "\n").count)
  }
}

@Suite(.needs(.root)) struct MountTests {
  @Test func layersAreStackedWithTheTopmostFirst() throws {
    try inMountNamespace { scratch in
      for layer in ["l1", "l2", "upper", "work", "target"] { try HostFiles.makeDirectory("\(scratch)/\(layer)") }
      try HostFiles.replace("\(scratch)/l1/both", with: [1])
      try HostFiles.replace("\(scratch)/l2/both", with: [2])
      try HostFiles.replace("\(scratch)/l1/below", with: [3])
      try OverlayMount(
        layersDirectory: scratch, lowers: ["l2", "l1"], upper: "\(scratch)/upper", work: "\(scratch)/work"
      ).mount(at: "\(scratch)/target")
      #expect(try HostFiles.read("\(scratch)/target/both") == [2])
      #expect(try HostFiles.read("\(scratch)/target/below") == [3])
      try HostFiles.replace("\(scratch)/target/new", with: [4])
      #expect(try HostFiles.read("\(scratch)/upper/new") == [4])
    }
  }

  @Test func aDetachedCopyCanBeReadOnly() throws {
    try inMountNamespace { scratch in
      try HostFiles.makeDirectory("\(scratch)/from")
      try HostFiles.makeDirectory("\(scratch)/to")
      let tree = try MountTree(copying: "\(scratch)/from")
      try tree.setAttributes([.readOnly, .noExecution])
      try tree.attach(at: HostFiles.open("\(scratch)/to", [.pathOnly, .directory]))
      #expect(errorNumber { try HostFiles.replace("\(scratch)/to/f", with: []) } == EROFS)
      try HostFiles.replace("\(scratch)/from/f", with: [])
      #expect(try HostFiles.exists("\(scratch)/to/f"))
    }
  }

  @Test func aFileSystemSaysWhatItDoesNotLike() throws {
    try inMountNamespace { scratch in
      let context = try FilesystemContext("tmpfs")
      try context.set("size", "1m")
      try context.makeMount([.noDevices]).attach(at: scratch)
      let mount = try MountInfo.read(process: "thread-self").last
      #expect(mount?.type == "tmpfs" && mount?.options.contains("nodev") == true)
      #expect(errorNumber { try FilesystemContext("tmpfs").set("nonsense", "1") } == EINVAL)
      #expect(errorNumber { _ = try FilesystemContext("no-such-type") } == ENODEV)
      try Mounts.unmount(scratch)
    }
  }

  /// Runs `body` with a directory in a mount namespace of its own, on a thread that ends with it.
  private func inMountNamespace(_ body: @escaping @Sendable (String) throws -> Void) throws {
    try withScratch { scratch in
      try onThreadOfItsOwn {
        // A thread leaves the others' file system attributes with its mount namespace.
        try Namespace.unshare(.mount)
        try Mounts.setPropagation("/", [.private, .recursive])
        try body(scratch)
      }
    }
  }
}
