import TarFormat
import Testing

/// Archives that other programs make.
struct TarForeignArchiveTests {
  @Test(arguments: ["USTAR", "GNU", "PAX"])
  func python(format: String) throws {
    let isUSTAR = format == "USTAR"
    let name =
      (isUSTAR ? String(repeating: "d", count: 80) + "/" : "") + String(repeating: "n", count: isUSTAR ? 90 : 300)
    let archive = try output(
      of: """
        python3 - <<'END'
        import tarfile, io
        t = tarfile.open("out", "w", format=tarfile.\(format)_FORMAT)
        i = tarfile.TarInfo("\(name)"); i.size = 5; i.mode = 0o640; i.uid = 7; i.gid = 8; i.mtime = 1000
        t.addfile(i, io.BytesIO(b"hello"))
        i = tarfile.TarInfo("link"); i.type = tarfile.SYMTYPE; i.linkname = "\(name.suffix(95))"
        t.addfile(i)
        t.close()
        END
        """)
    let members = try read(archive, pieces: 1000)
    #expect(members.map(\.header.displayPath) == [name, "link"])
    #expect(members[0].content == Array("hello".utf8))
    let header = members[0].header
    #expect((header.mode, header.owner, header.group) == (0o640, 7, 8))
    #expect(members[1].header.displayLinkTarget == name.suffix(95))
  }

  @Test func numbersInBase256() throws {
    let archive = try output(
      of: """
        python3 - <<'END'
        import tarfile
        t = tarfile.open("out", "w", format=tarfile.GNU_FORMAT)
        i = tarfile.TarInfo("f"); i.uid = 4000000000; i.gid = 2097152; i.mtime = -5
        t.addfile(i); t.close()
        END
        """)
    let header = try #require(try read(archive, pieces: 512).first).header
    #expect((header.owner, header.group) == (4_000_000_000, 2_097_152))
    #expect(header.modified == TarTime(seconds: -5))
  }

  @Test(arguments: [
    "--format=gnu", "--format=posix --sparse-version=0.0", "--format=posix --sparse-version=0.1",
    "--format=posix --sparse-version=1.0",
  ])
  func sparse(options: String) throws {
    // More segments than a header holds, with a hole at the end.
    let archive = try output(
      of: """
        python3 - <<'END'
        f = open("sparse", "wb")
        for i in range(40):
            f.seek(i * 65536); f.write(bytes([i + 1]) * 4096)
        f.truncate(40 * 65536)
        END
        tar --sparse \(options) -cf out sparse
        """)
    for pieces in [500, 1 << 20] {
      let members = try read(archive, pieces: pieces)
      #expect(members.map(\.header.displayPath) == ["sparse"])
      let content = try #require(members.first).content
      #expect(content.count == 40 * 65536)
      for index in 0..<40 {
        let start = index * 65536
        #expect(content[start..<start + 4096].allSatisfy { $0 == UInt8(index + 1) })
        #expect(content[start + 4096..<start + 65536].allSatisfy { $0 == 0 })
      }
    }
  }

  @Test func globalRecordsHoldUntilTakenBack() throws {
    let archive = try output(
      of: """
        python3 - <<'END'
        import tarfile
        t = tarfile.open("out", "w", format=tarfile.PAX_FORMAT, pax_headers={"uid": "77", "comment": "x"})
        t.addfile(tarfile.TarInfo("a"))
        i = tarfile.TarInfo("b"); i.pax_headers = {"uid": "5"}
        t.addfile(i); t.close()
        END
        """)
    #expect(try read(archive, pieces: 512).map(\.header.owner) == [77, 5])
  }
}
