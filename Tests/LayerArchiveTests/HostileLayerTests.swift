import Diagnostics
import Foundation
import LayerArchive
import LinuxKernel
import OCIImageSpec
import TarFormat
import TestSupport
import Testing

/// Layers that attack the host: whatever comes of them, nothing outside their directory changes.
struct HostileLayerTests {
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let members: @Sendable () -> [(TarHeader, [UInt8])]
  }

  /// Beside the layer lie `victim` (a file) and `outside` (a directory with a file in it).
  static let attacks: [Attack] = [
    Attack(testDescription: "climb") { [member(.regular, "../victim", "owned")] },
    Attack(testDescription: "climb from below") { [member(.regular, "a/../../victim", "owned")] },
    Attack(testDescription: "climb from the root") { [member(.regular, "/../victim", "owned")] },
    Attack(testDescription: "relative link, then write through it") {
      [member(.symbolicLink, "l", to: "../victim"), member(.regular, "l", "owned")]
    },
    Attack(testDescription: "link to the parent, then write below it") {
      [member(.symbolicLink, "l", to: ".."), member(.regular, "l/victim", "owned")]
    },
    Attack(testDescription: "link to a directory, then write below it") {
      [member(.symbolicLink, "l", to: "../outside"), member(.regular, "l/file", "owned")]
    },
    Attack(testDescription: "chain of links") {
      [
        member(.directory, "d/"), member(.symbolicLink, "d/up", to: ".."), member(.symbolicLink, "e", to: "d/up/.."),
        member(.regular, "e/victim", "owned"), member(.directory, "e/outside", mode: 0o777),
      ]
    },
    Attack(testDescription: "directory entry through a link") {
      [member(.symbolicLink, "l", to: "../outside"), member(.directory, "l", mode: 0o777)]
    },
    Attack(testDescription: "hard link to outside") {
      [member(.hardLink, "h", to: "../victim"), member(.regular, "h", "owned")]
    },
    Attack(testDescription: "hard link through a link, then write") {
      [
        member(.symbolicLink, "l", to: "../"), member(.hardLink, "h", to: "l/victim"), member(.regular, "h", "owned"),
        member(.hardLink, "h2", to: "l/../victim"),
      ]
    },
    Attack(testDescription: "hard link to a symbolic link, then write") {
      [
        member(.symbolicLink, "l", to: "../victim"), member(.hardLink, "h", to: "l"), member(.regular, "h", "owned"),
      ]
    },
    Attack(testDescription: "whiteout of the parent") { [member(.regular, ".wh...")] },
    Attack(testDescription: "whiteout of the layer") { [member(.regular, ".wh..")] },
    Attack(testDescription: "whiteout of nothing") { [member(.regular, ".wh.")] },
    Attack(testDescription: "whiteout through a link") {
      [
        member(.symbolicLink, "l", to: "../outside"), member(.regular, "l/.wh.file"),
        member(.regular, "l/.wh..wh..opq"),
      ]
    },
    Attack(testDescription: "link replaced by a directory while its place is remembered") {
      [
        member(.directory, "d/"), member(.regular, "d/a", "x"), member(.symbolicLink, "d", to: "../outside"),
        member(.regular, "d/file", "owned"),
      ]
    },
    Attack(testDescription: "magic link") {
      [member(.symbolicLink, "l", to: "/proc/self/cwd"), member(.regular, "l/victim", "owned")]
    },
    Attack(testDescription: "file where a directory must be") {
      [member(.regular, "f", "x"), member(.regular, "f/victim", "owned")]
    },
    Attack(testDescription: "root that is a link") { [member(.symbolicLink, "./", to: "../outside")] },
    Attack(testDescription: "deep climb") {
      [member(.regular, String(repeating: "d/", count: 60) + String(repeating: "../", count: 61) + "victim", "owned")]
    },
  ]

  @Test(arguments: attacks)
  func staysInside(_ attack: Attack) throws {
    let scratch = try Scratch()
    try scratch.run("echo intact > victim; mkdir outside; echo intact > outside/file; chmod 700 outside")
    let before = try scratch.run(
      "find victim outside -printf '%p %m %s %T@ %C@ %n\\n' -exec cat {} + 2>/dev/null || true")
    do {
      try unpack(try archive(attack.members()), in: scratch)
    } catch {
      #expect(errorKind(of: error) != .system, "\(error)")
    }
    let after = try scratch.run(
      "find victim outside -printf '%p %m %s %T@ %C@ %n\\n' -exec cat {} + 2>/dev/null || true")
    #expect(after == before)
    #expect(try scratch.run("ls -A") == "layer\nlayer.blob\noutside\nvictim\n")
  }

  struct Excess: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let limits: UnpackLimits
    let members: @Sendable () -> [(TarHeader, [UInt8])]

    init(
      _ description: String, _ limit: (inout UnpackLimits) -> Void,
      members: @escaping @Sendable () -> [(TarHeader, [UInt8])]
    ) {
      testDescription = description
      var limits = UnpackLimits()
      limit(&limits)
      self.limits = limits
      self.members = members
    }
  }

  @Test(arguments: [
    Excess("members", { $0.members = 10 }) { (0..<11).map { member(.regular, "\($0)") } },
    Excess("device nodes", { $0.deviceNodes = 3 }) { (0..<4).map { member(.blockDevice, "\($0)") } },
    Excess("directories", { $0.directories = 3 }) { (0..<4).map { member(.directory, "\($0)") } },
    Excess("bytes", { $0.bytes = 4096 }) { [member(.regular, "f", String(repeating: "x", count: 8192))] },
  ])
  func limitsHold(_ excess: Excess) throws {
    var options = UnpackOptions()
    options.limits = excess.limits
    let plain = try archive(excess.members())
    #expect { try unpack(plain, in: try Scratch(), options: options) } throws: { errorKind(of: $0) == .invalid }
  }

  @Test(arguments: ["gzip", "zstd -q"])
  func bombOfZeros(compression: String) throws {
    let scratch = try Scratch()
    try scratch.run("truncate -s 64M zeros; tar -cf x.tar zeros; \(compression) < x.tar > x.blob")
    var options = UnpackOptions()
    options.limits.bytesAtAnyRatio = 1 << 20
    let plain = try HostFiles.read("\(scratch.path)/x.tar", limit: 1 << 30)
    #expect {
      try unpack(plain, as: try HostFiles.read("\(scratch.path)/x.blob"), in: scratch, options: options)
    } throws: { error in
      errorKind(of: error) == .invalid && "\(error)".contains("bomb")
    }
  }

  /// CVE-2026-95838: each must cost the same, however many came before.
  @Test func manyOpaqueWhiteouts() throws {
    let scratch = try Scratch()
    let result = try unpack(
      try archive((0..<5_000).map { _ in member(.regular, "d/.wh..wh..opq") }), in: scratch)
    #expect(result.members == 5_000)
  }

  @Test(arguments: ["gzip", "zstd -q", "cat"])
  func damagedAndTruncatedBlobs(compression: String) throws {
    let scratch = try Scratch()
    try scratch.run("head -c 300000 /dev/urandom > f; tar -cf x.tar f; \(compression) < x.tar > x.blob")
    let plain = try HostFiles.read("\(scratch.path)/x.tar")
    let blob = try HostFiles.read("\(scratch.path)/x.blob")
    var damaged = blob
    damaged[blob.count / 2] ^= 0x10
    let cases = [damaged, Array(blob.prefix(blob.count / 2)), Array(blob.dropLast(4)), []]
    for (index, bad) in cases.enumerated() {
      #expect(throws: (any Error).self, "case \(index)") {
        try unpack(plain, as: bad, in: scratch, layer: "layer\(index)")
      }
    }
  }

  @Test func anotherContentThanTheImageSays() throws {
    let scratch = try Scratch()
    let (one, other) = (try archive([member(.regular, "a")]), try archive([member(.regular, "b")]))
    #expect { try unpack(one, as: other, in: scratch) } throws: { errorKind(of: $0) == .dataLoss }
  }

  @Test func compressionsThatCannotBeRead() throws {
    let xz: [UInt8] = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]
    #expect { try unpack(xz, in: try Scratch()) } throws: { errorKind(of: $0) == .unsupported }
  }

  @Test func cancelledWorkStops() throws {
    let cancellation = Cancellation()
    cancellation.cancel()
    #expect {
      try unpack(try archive([member(.regular, "a")]), in: try Scratch(), cancellation: cancellation)
    } throws: { errorKind(of: $0) == .cancelled }
  }
}
