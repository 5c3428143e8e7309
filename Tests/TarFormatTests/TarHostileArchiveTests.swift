import Diagnostics
import TarFormat
import Testing

/// What no archive may do to its reader.
struct TarHostileArchiveTests {
  private static func block(_ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
    var block = try TarWriter.header(TarHeader(.regular, path: "file", mode: 0o644))
    change(&block)
    // The checksum, as six octal digits, a NUL and a blank.
    block.replaceSubrange(148..<156, with: Array("        ".utf8))
    let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
    block.replaceSubrange(148..<154, with: Array((String(repeating: "0", count: 6 - digits.count) + digits).utf8))
    block[154] = 0
    return block
  }

  private static func pax(_ records: String) throws -> [UInt8] {
    let bytes = Array(records.utf8)
    let size = String(bytes.count, radix: 8)
    let field = Array((String(repeating: "0", count: 11 - size.count) + size).utf8) + [0]
    let header = try block { block in
      block[156] = UInt8(ascii: "x")
      block.replaceSubrange(124..<136, with: field)
    }
    return header + bytes + TarWriter.padding(after: Int64(bytes.count)) + (try block { _ in })
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let archive: @Sendable () throws -> [UInt8]
  }

  private static let cases: [Case] = [
    Case(testDescription: "text") { Array(repeating: UInt8(ascii: "x"), count: 512) },
    Case(testDescription: "wrong checksum") {
      var b = try block { _ in }; b[0] = 1; return b
    },
    Case(testDescription: "half a header") { Array(try block { _ in }.prefix(100)) },
    Case(testDescription: "data missing") { try block { $0.replaceSubrange(124..<135, with: "00000000100".utf8) } },
    Case(testDescription: "no name") {
      try block {
        $0[0] = 0; $0[1] = 0; $0[2] = 0; $0[3] = 0
      }
    },
    Case(testDescription: "digit 8 in a number") { try block { $0[108] = UInt8(ascii: "8") } },
    Case(testDescription: "negative size") {
      try block { $0.replaceSubrange(124..<136, with: [UInt8](repeating: 0xff, count: 12)) }
    },
    Case(testDescription: "size of more than 63 bits") {
      try block { $0.replaceSubrange(124..<136, with: [0x80] + [UInt8](repeating: 0x7f, count: 11)) }
    },
    Case(testDescription: "owner that the kernel takes for none") { try pax("18 uid=4294967295\n") },
    Case(testDescription: "negative owner") { try pax("10 uid=-1\n") },
    Case(testDescription: "unknown type") { try block { $0[156] = UInt8(ascii: "V") } },
    Case(testDescription: "pax record longer than the header") { try pax("99 path=x\n") },
    Case(testDescription: "pax record without a key") { try pax("5 =x\n") },
    Case(testDescription: "pax record of length zero") { try pax("0 a=b\n") },
    Case(testDescription: "pax path with a NUL") { try pax("11 path=a\u{0}\n") },
    Case(testDescription: "pax header of 1 GiB") {
      try block {
        $0[156] = UInt8(ascii: "x"); $0.replaceSubrange(124..<135, with: "10000000000".utf8)
      }
    },
    Case(testDescription: "lone zero block") { try [UInt8](repeating: 0, count: 512) + block { _ in } },
    Case(testDescription: "extended header for no member") { Array(try pax("10 uid=10\n").prefix(1024)) },
    Case(testDescription: "sparse segments beyond the file") {
      try pax("22 GNU.sparse.major=0\n22 GNU.sparse.minor=1\n25 GNU.sparse.realsize=10\n23 GNU.sparse.map=9,100\n")
    },
  ]

  @Test(arguments: cases)
  func isRefused(_ hostile: Case) throws {
    let archive = try hostile.archive()
    for pieces in [1, 512, 4096] {
      #expect { try read(archive, pieces: pieces) } throws: { error in
        [.invalid, .unsupported].contains(errorKind(of: error))
      }
    }
  }

  @Test func endBlocksMayBeMissing() throws {
    #expect(try read(try Self.block { _ in }, pieces: 512).count == 1)
    #expect(try read([], pieces: 512).isEmpty)
  }

  @Test func whatFollowsTheEndIsPassedOver() throws {
    let archive = try Self.block { _ in } + TarWriter.trailer + Array(repeating: 7, count: 3000)
    #expect(try read(archive, pieces: 333).count == 1)
  }

  /// Flips of single bytes must give an answer or an error, and nothing else.
  @Test func damageNeverTraps() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let archive = try write(
      TarRoundTripTests.headers.map {
        ReadMember(header: $0, content: Array(repeating: 1, count: Int($0.size)))
      })
    for _ in 0..<400 {
      var damaged = archive
      for _ in 0...next(4) { damaged[next(damaged.count)] = UInt8(next(256)) }
      var parser = TarParser()
      var position = 0
      do {
        while try parser.next(in: damaged.span, at: &position) != nil {}
        try parser.finish()
      } catch {
        #expect([.invalid, .unsupported].contains(errorKind(of: error)), "seed \(seed)")
      }
    }
  }
}
