import Diagnostics
import Foundation
import LayerArchive
import LinuxKernel
import OCIImageSpec
import TarFormat
import TestSupport
import Testing

/// What is in the archive is in the layer. These tests make device nodes and owners, so they run as root.
struct LayerUnpackerTests {
  @Test func everyKindWithItsMetadata() throws {
    let scratch = try Scratch()
    let plain = try archive([
      member(.directory, "./", mode: 0o755),
      member(.directory, "bin/", mode: 0o2755) { $0.group = 50 },
      member(.regular, "bin/su", mode: 0o4755, "program") { $0.owner = 12 },
      member(.hardLink, "bin/sudo", to: "bin/su"),
      member(.symbolicLink, "sbin", to: "/bin", mode: 0o777) { $0.owner = 3 },
      member(.characterDevice, "dev/null", mode: 0o666) { ($0.deviceMajor, $0.deviceMinor) = (1, 3) },
      member(.fifo, "run/pipe", mode: 0o600),
      member(.directory, "tmp/", mode: 0o1777),
    ])
    let result = try unpack(plain, in: scratch)
    #expect(
      try listing(scratch, "layer") == [
        "d 755 0:0", "bin d 2755 0:50", "bin/su f 4755 12:0", "bin/sudo f 4755 12:0", "dev d 755 0:0",
        "dev/null c 666 0:0", "run d 755 0:0", "run/pipe p 600 0:0", "sbin l 777 3:0 /bin", "tmp d 1777 0:0",
      ])
    #expect(result.size == 7 + 4)
    #expect(result.needs.directories.map(\.description).sorted() == ["dev", "run"])
    let su = try HostFiles.status("\(scratch.path)/layer/bin/su")
    #expect(su.modified == FileTime(seconds: 1_000_000_000, nanoseconds: 42) && su.links == 2)
    // Making what is in a directory must not leave its own time behind.
    #expect(try HostFiles.status("\(scratch.path)/layer/bin").modified == su.modified)
    #expect(try HostFiles.status("\(scratch.path)/layer").modified == su.modified)
    #expect(
      try HostFiles.status("\(scratch.path)/layer/dev/null").representedDevice == DeviceNumber(major: 1, minor: 3))
  }

  @Test func attributesSurviveOwnersAndPermissions() throws {
    let scratch = try Scratch()
    let capability: [UInt8] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    try unpack(
      try archive([
        member(.regular, "ping", mode: 0o755) { header in
          header.owner = 1
          header.extendedAttributes = [
            TarExtendedAttribute(name: "security.capability", value: capability),
            TarExtendedAttribute(name: "trusted.overlay.redirect", value: Array("/etc".utf8)),
          ]
        }
      ]), in: scratch)
    let layer = try Directory("\(scratch.path)/layer")
    #expect(try layer.extendedAttribute("ping", "security.capability") == capability)
    // What overlayfs would take as an order is none of an archive's business.
    #expect(try layer.extendedAttribute("ping", "trusted.overlay.redirect") == nil)
  }

  @Test func whiteouts() throws {
    let scratch = try Scratch()
    try unpack(
      try archive([
        member(.regular, "etc/.wh.passwd"),
        member(.regular, "var/.wh..wh..opq"),
        member(.regular, "var/new", "x"),
        member(.regular, ".wh.gone"),
        member(.directory, "gone/"),
        member(.directory, "kept/"),
        member(.regular, ".wh.kept"),
        member(.regular, ".wh.file"),
        member(.regular, "file", "again"),
        member(.regular, ".wh.way"),
        member(.regular, "way/through", "x"),
        member(.regular, ".wh..wh.plnk/1.2", "old union file system"),
      ]), in: scratch)
    let layer = try RootedDirectory("\(scratch.path)/layer")
    let passwd = try layer.status("etc/passwd")
    #expect(passwd.kind == .characterDevice && passwd.representedDevice == DeviceNumber(major: 0, minor: 0))
    for opaque in ["var", "gone", "kept", "way"] {
      #expect(try layer.root.extendedAttribute(opaque, "trusted.overlay.opaque") == [UInt8(ascii: "y")], "\(opaque)")
    }
    #expect(try layer.read("file") == Array("again".utf8))
    #expect(try layer.entries().map(\.name.description).sorted() == ["etc", "file", "gone", "kept", "var", "way"])
  }

  @Test func theLastMemberOfANameWins() throws {
    let scratch = try Scratch()
    try unpack(
      try archive([
        member(.regular, "a", "1"), member(.regular, "a", "2"),
        member(.regular, "b", "file"), member(.directory, "b/"), member(.regular, "b/in", "x"),
        member(.directory, "c/"), member(.regular, "c/in", "x"), member(.regular, "c", "file"),
        member(.symbolicLink, "d", to: "c"), member(.directory, "d/"), member(.regular, "d/in", "y"),
        member(.directory, "e/", mode: 0o700), member(.directory, "e", mode: 0o711),
        member(.regular, "f", "old"), member(.hardLink, "f", to: "a"),
      ]), in: scratch)
    let text = try scratch.run("cd layer; cat a b/in c d/in f; stat -c %a e; stat -c %h a")
    #expect(text == "2xfiley2711\n2\n")
  }

  @Test func pathsAreCleanedInsideTheLayer() throws {
    let scratch = try Scratch()
    try unpack(
      try archive([
        member(.regular, "/absolute", "x"), member(.regular, "./a//b/../c", "x"),
        member(.regular, "/../above", "x"), member(.directory, "real/"),
        member(.symbolicLink, "link", to: "/real"), member(.regular, "link/through", "x"),
      ]), in: scratch)
    #expect(
      try listing(scratch, "layer").map { $0.split(separator: " ")[0] } == [
        "d", "a", "a/c", "above", "absolute", "link", "real", "real/through",
      ])
  }

  @Test func namesThatAreNotUTF8() throws {
    let scratch = try Scratch()
    let name: [UInt8] = [UInt8(ascii: "n"), 0xe4, 0xff]
    try unpack(try archive([member(.regular, "x", "x") { $0.path = name }]), in: scratch)
    let names = try RootedDirectory("\(scratch.path)/layer").entries().map { Array($0.name.bytes) }
    #expect(names == [name])
  }

  /// GNU tar, each compression, several gzip members, a large file and many small ones.
  @Test(arguments: ["cat", "gzip -1", "zstd -q", "sh -c 'head -c 700000 x.tar | gzip; tail -c +700001 x.tar | gzip'"])
  func realArchives(compression: String) throws {
    let scratch = try Scratch()
    try scratch.run(
      """
      mkdir -p in/d; head -c 3000000 /dev/urandom > in/big; ln in/big in/hard; ln -s big in/soft
      for i in $(seq 300); do echo $i > in/d/$i; done; truncate -s 5M in/sparse; echo end >> in/sparse
      touch -d '2001-02-03 04:05:06.123456789' in/d/7; chmod 4711 in/d/8; chown 5:6 in/d/9
      python3 -c 'import os; os.setxattr("in/d/10", "user.note", b"hello")'
      tar --sparse --xattrs --format=posix -C in -cf x.tar .; \(compression) < x.tar > x.blob
      """)
    let plain = try HostFiles.read("\(scratch.path)/x.tar")
    let result = try unpack(plain, as: try HostFiles.read("\(scratch.path)/x.blob"), in: scratch)
    #expect(result.diffID == Digest.of(plain))
    /// All names with their metadata, and a hash of the files; without the sizes of directories, which depend on their
    /// history.
    func facts(_ directory: String) throws -> [String] {
      try scratch.run(
        """
        cd \(directory); find . -printf '%p %y %m %U:%G %s %T@ %n %l\\n' | LC_ALL=C sort; cat big sparse d/* | sha256sum
        """
      ).split(separator: "\n").map { String($0).replacing(#/^(\S+ d \S+ \S+) \d+ /#) { "\($0.1) - " } }
    }
    #expect(try facts("layer") == facts("in"))
    #expect(try Directory("\(scratch.path)/layer/d").extendedAttribute("10", "user.note") == Array("hello".utf8))
    // Holes stay holes.
    #expect(try HostFiles.status("\(scratch.path)/layer/sparse").blocks < 1000)
  }

  @Test func whatLowerLayersHaveIsTakenFromThem() throws {
    let scratch = try Scratch()
    try unpack(
      try archive([
        member(.directory, "etc/", mode: 0o750) { $0.group = 9 },
        member(.regular, "etc/lower", mode: 0o604, "lower") { $0.owner = 4 },
      ]), in: scratch, layer: "bottom")
    let upper = try unpack(
      try archive([
        member(.hardLink, "usr/copy", to: "etc/lower"), member(.hardLink, "usr/again", to: "/etc/lower"),
      ]), in: scratch, layer: "top")
    #expect(upper.needs.links.count == 2)
    try upper.needs.complete(layer: "\(scratch.path)/top", lowers: ["\(scratch.path)/bottom"])
    #expect(
      try listing(scratch, "top") == [
        "d 755 0:0", "etc d 750 0:9", "etc/lower f 604 4:0", "usr d 755 0:0", "usr/again f 604 4:0",
        "usr/copy f 604 4:0",
      ])
    #expect(try HostFiles.status("\(scratch.path)/top/usr/copy").links == 3)

    let astray = try unpack(try archive([member(.hardLink, "a", to: "nowhere")]), in: scratch, layer: "astray")
    #expect(throws: ClassifiedError.self) {
      try astray.needs.complete(layer: "\(scratch.path)/astray", lowers: ["\(scratch.path)/bottom"])
    }
  }
}
