import TarFormat
import Testing

/// What is written is read again, however the archive is cut into pieces.
struct TarRoundTripTests {
  static let headers: [TarHeader] = {
    var file = TarHeader(.regular, path: "etc/passwd", mode: 0o644)
    file.size = 1000
    file.modified = TarTime(seconds: 1_700_000_000, nanoseconds: 123_456_789)

    var old = TarHeader(.regular, path: "before/1970", mode: 0o4755)
    old.modified = TarTime(seconds: -2, nanoseconds: 750_000_000)

    var split = TarHeader(.directory, path: String(repeating: "d/", count: 60) + "name/", mode: 0o1777)
    split.owner = 1000

    var long = TarHeader(.symbolicLink, path: String(repeating: "n", count: 250), mode: 0o777)
    long.linkTarget = Array(String(repeating: "../t", count: 100).utf8)

    var big = TarHeader(.hardLink, path: [0xff, 0xfe, UInt8(ascii: "x")], mode: 0o600)
    big.linkTarget = [0xc3]
    big.owner = 0xffff_fffe
    big.group = 3_000_000

    var device = TarHeader(.characterDevice, path: "dev/null", mode: 0o666)
    (device.deviceMajor, device.deviceMinor) = (1, 3)

    var attributes = TarHeader(.regular, path: "bin/ping", mode: 0o755)
    attributes.size = 513
    attributes.extendedAttributes = [
      TarExtendedAttribute(name: "security.capability", value: [1, 0, 0, 2, 0, 32, 0, 10, 61, 0]),
      TarExtendedAttribute(name: "user.text", value: Array("a=b\nc".utf8)),
    ]
    return [file, old, split, long, big, device, attributes, TarHeader(.fifo, path: "run/pipe", mode: 0)]
  }()

  @Test(arguments: [1, 7, 511, 512, 513, 100_000])
  func everyKindOfHeader(pieces: Int) throws {
    let members = Self.headers.map { header in
      ReadMember(header: header, content: (0..<Int(header.size)).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    }
    #expect(try read(try write(members), pieces: pieces) == members)
  }

  @Test func gnuTarReadsWhatIsWritten() throws {
    let names = Self.headers.filter { $0.kind != .hardLink }.map(\.displayPath)
    let archive = try write(
      Self.headers.filter { $0.kind != .hardLink }.map { header in
        ReadMember(header: header, content: Array(repeating: 65, count: Int(header.size)))
      })
    let escaped = archive.map { String($0, radix: 16).count == 1 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
    let listing = try output(
      of: """
        python3 -c 'import sys; open("a.tar","wb").write(bytes.fromhex(sys.stdin.read()))' <<'END'
        \(escaped.joined())
        END
        tar --quoting-style=literal -tf a.tar > out
        """)
    #expect(String(decoding: listing, as: UTF8.self).split(separator: "\n").map(String.init) == names)
  }

  @Test func sparseFilesAreNotWrittenAsIfTheyWereWhole() {
    var header = TarHeader(.regular, path: "sparse", mode: 0)
    header.sparseSegments = []
    #expect(throws: (any Error).self) { try TarWriter.header(header) }
  }
}
