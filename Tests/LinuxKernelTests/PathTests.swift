import Glibc
import LinuxKernel
import TestSupport
import Testing

@Suite struct RootedDirectoryTests {
  /// A root with a file, a directory, and links that try to leave it; beside it a secret.
  private func withTree(_ body: (borrowing RootedDirectory, String) throws -> Void) throws {
    try withScratch { scratch in
      try HostFiles.replace("\(scratch)/secret", with: Array("outside".utf8))
      try HostFiles.makeDirectories("\(scratch)/root/etc")
      try HostFiles.replace("\(scratch)/root/secret", with: Array("inside".utf8))
      let root = try RootedDirectory("\(scratch)/root")
      try root.makeSymbolicLink("up", to: "../../secret")
      try root.makeSymbolicLink("absolute", to: "\(scratch)/secret")
      try root.makeSymbolicLink("slash", to: "/secret")
      try root.makeSymbolicLink("magic", to: "/proc/self/root")
      try root.makeSymbolicLink("dir", to: "/etc")
      try root.makeSymbolicLink("above", to: "..")
      try body(root, scratch)
    }
  }

  @Test(arguments: [
    "up", "slash", "../secret", "/../../secret", "etc/../../secret", "above/secret", "/above/above/secret",
  ])
  func everyWayStaysInside(path: String) throws {
    try withTree { root, _ in
      let bytes = try root.read(path)
      #expect(bytes == Array("inside".utf8))
    }
  }

  @Test func aLinkToAPathOfTheHostIsNothing() throws {
    try withTree { root, _ in
      #expect(errorNumber { _ = try root.read("absolute") } == ENOENT)
    }
  }

  @Test func magicLinksAreRefused() throws {
    let proc = try RootedDirectory("/proc")
    #expect(errorNumber { _ = try proc.open("self/root", .pathOnly) } == ELOOP)
  }

  @Test func makingFollowsDirectoriesButNotTheLastName() throws {
    try withTree { root, scratch in
      try root.makeDirectory("dir/new")
      #expect(try HostFiles.exists("\(scratch)/root/etc/new"))
      #expect(errorNumber { try root.makeDirectory("up") } == EEXIST)
      _ = try root.makeDirectories("above/dir/a/b/c")
      #expect(try HostFiles.exists("\(scratch)/root/etc/a/b/c"))
      #expect(errorNumber { _ = try root.makeDirectories("secret/x") } == ENOTDIR)
      #expect(try HostFiles.readText("\(scratch)/secret") == "outside")
    }
  }

  @Test func changesAreOfTheLinkNotOfItsTarget() throws {
    try withTree { root, scratch in
      let time = FileTime(seconds: 1, nanoseconds: 5)
      try root.setTimes("up", accessed: time, modified: time)
      #expect(try root.status("up", followingLink: false).modified == time)
      #expect(try root.status("up").modified != time)
      #expect(errorNumber { try root.setPermissions("up", 0o777) } == EOPNOTSUPP)
      try root.setPermissions("secret", 0o4755)
      #expect(try root.status("secret").permissions == 0o4755)
      try root.makeHardLink("etc/second", to: "slash")
      #expect(try root.readLink("etc/second") == "/secret")
      #expect(try HostFiles.readText("\(scratch)/secret") == "outside")
    }
  }

  @Test(arguments: ["a/b", "..", ".", "", "a\0b"]) func aNameIsOneComponent(name: String) throws {
    try withScratch { scratch in
      let directory = try Directory(scratch)
      #expect(errorNumber { try directory.makeDirectory(name) } == EINVAL)
      #expect(errorNumber { try directory.remove(name) } == EINVAL)
      #expect(errorNumber { _ = try directory.open(name, .readOnly) } == EINVAL)
    }
  }

  @Test func namesNeedNotBeUTF8() throws {
    try withScratch { scratch in
      let root = try RootedDirectory(scratch)
      let name = RawPath([0xe9, 0x74, 0xe9])
      try root.makeDirectory(name)
      #expect(try root.entries().map(\.name) == [name])
      try root.removeTree(name)
      #expect(try root.entries().isEmpty)
    }
  }

  @Test(.needs(.root)) func attributesAreSetReadListedAndRemoved() throws {
    try withTree { root, _ in
      let directory = try root.openDirectory("/")
      try directory.setExtendedAttribute("up", "trusted.apus", [0, 1, 255])
      #expect(try directory.extendedAttribute("up", "trusted.apus") == [0, 1, 255])
      #expect(try directory.extendedAttribute("secret", "trusted.apus") == nil)
      #expect(try directory.extendedAttributeNames("up") == ["trusted.apus"])
      try directory.removeExtendedAttribute("up", "trusted.apus")
      #expect(try directory.extendedAttributeNames("up").isEmpty)
    }
  }
}

@Suite struct TreeRemovalTests {
  @Test func linksAreRemovedAndNotFollowed() throws {
    try withScratch { scratch in
      try HostFiles.makeDirectories("\(scratch)/kept")
      try HostFiles.makeDirectories("\(scratch)/tree/a")
      try HostFiles.replace("\(scratch)/kept/file", with: [])
      try HostFiles.makeSymbolicLink("\(scratch)/tree/a/link", to: "\(scratch)/kept")
      try HostFiles.removeTree("\(scratch)/tree")
      #expect(try HostFiles.list(scratch) == ["kept"])
      #expect(try HostFiles.exists("\(scratch)/kept/file"))
      try HostFiles.removeTree("\(scratch)/tree")
    }
  }

  /// More levels than a process may have descriptors, and a path longer than any path may be.
  @Test func aTreeOfThousandsOfLevelsGoes() throws {
    try withScratch { scratch in
      var directory = try Directory(scratch)
      for level in 0..<3000 {
        let name = level % 7 == 0 ? ".removed-\(level)" : "level"
        try directory.makeDirectory(name)
        directory = try directory.openDirectory(name)
      }
      try Directory(scratch).removeContents()
      #expect(try HostFiles.list(scratch).isEmpty)
    }
  }
}

@Suite struct HostFilesTests {
  @Test func replacingLeavesNothingBeside() throws {
    try withScratch { scratch in
      try HostFiles.replace("\(scratch)/f", with: [1], permissions: 0o640, durable: true)
      try HostFiles.replace("\(scratch)/f", with: [2, 3], permissions: 0o640)
      #expect(try HostFiles.read("\(scratch)/f") == [2, 3])
      #expect(try HostFiles.status("\(scratch)/f").permissions == 0o640)
      #expect(try HostFiles.list(scratch) == ["f"])
      try HostFiles.makeDirectory("\(scratch)/d")
      #expect(errorNumber { try HostFiles.replace("\(scratch)/d", with: []) } == EISDIR)
      #expect(try HostFiles.list(scratch) == ["d", "f"])
    }
  }

  @Test func readingHasALimit() throws {
    try withScratch { scratch in
      try HostFiles.replace("\(scratch)/f", with: [UInt8](repeating: 7, count: 10_000))
      #expect(try HostFiles.read("\(scratch)/f", limit: 10_000).count == 10_000)
      #expect(errorNumber { _ = try HostFiles.read("\(scratch)/f", limit: 9999) } == EFBIG)
      #expect(try HostFiles.readIfPresent("\(scratch)/none") == nil)
      #expect(try HostFiles.readText("/proc/self/status").contains("Name:"))
    }
  }

  @Test func aFileIsLockedByOneHolder() throws {
    try withScratch { scratch in
      do {
        let lock = try FileLock(waitingFor: "\(scratch)/lock")
        let second = try FileLock.ifFree("\(scratch)/lock") == nil
        #expect(second)
        withExtendedLifetime(lock) {}
      }
      let free = try FileLock.ifFree("\(scratch)/lock") != nil
      #expect(free)
    }
  }

  @Test(arguments: [
    ("a/b/c", "a/b", "c"), ("c", ".", "c"), ("/c", "/", "c"), ("a/c//", "a", "c"), ("//a//c", "//a/", "c"),
  ])
  func pathsAreSplit(path: String, directory: String, name: String) throws {
    let split = try #require(path.splitLast)
    #expect(split.directory == directory && split.name == name)
    let raw = try #require(RawPath(path).splitLast)
    #expect(raw.directory == RawPath(directory) && raw.name == RawPath(name))
  }

  @Test(arguments: ["", "/", "a/..", "a/.", "..", "//"]) func pathsWithoutALastName(path: String) {
    #expect(path.splitLast == nil)
  }
}
