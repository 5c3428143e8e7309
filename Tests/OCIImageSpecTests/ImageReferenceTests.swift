import Diagnostics
import OCIImageSpec
import Testing

private let hash = String(repeating: "ab", count: 32)

@Suite struct ImageReferenceTests {
  struct Name: Sendable, CustomTestStringConvertible {
    let text: String
    let canonical: String
    let familiar: String

    init(_ text: String, _ canonical: String, _ familiar: String) {
      self.text = text
      self.canonical = canonical
      self.familiar = familiar
    }

    var testDescription: String { text }
  }

  @Test(arguments: [
    Name("ubuntu", "docker.io/library/ubuntu", "ubuntu"),
    Name("ubuntu:22.04", "docker.io/library/ubuntu:22.04", "ubuntu:22.04"),
    Name("library/ubuntu", "docker.io/library/ubuntu", "ubuntu"),
    Name("docker.io/ubuntu", "docker.io/library/ubuntu", "ubuntu"),
    Name("index.docker.io/ubuntu", "docker.io/library/ubuntu", "ubuntu"),
    Name("grafana/grafana", "docker.io/grafana/grafana", "grafana/grafana"),
    Name("a/b/c", "docker.io/a/b/c", "a/b/c"),
    Name("library/a/b", "docker.io/library/a/b", "library/a/b"),
    Name("localhost/x", "localhost/x", "localhost/x"),
    Name("localhost:5000/x:y", "localhost:5000/x:y", "localhost:5000/x:y"),
    Name("LOCALHOST/x", "LOCALHOST/x", "LOCALHOST/x"),
    Name("[::1]:5000/x/y", "[::1]:5000/x/y", "[::1]:5000/x/y"),
    Name("ghcr.io/o/r:V1.0_b", "ghcr.io/o/r:V1.0_b", "ghcr.io/o/r:V1.0_b"),
    Name("a__b/c.d-e---f", "docker.io/a__b/c.d-e---f", "a__b/c.d-e---f"),
    Name("x@sha256:\(hash)", "docker.io/library/x@sha256:\(hash)", "x@sha256:\(hash)"),
    Name("x:t@sha256:\(hash)", "docker.io/library/x:t@sha256:\(hash)", "x:t@sha256:\(hash)"),
    Name("127.0.0.1:5000/library/x", "127.0.0.1:5000/library/x", "127.0.0.1:5000/library/x"),
  ])
  func normalises(_ name: Name) throws {
    let reference = try ImageReference(name.text)
    #expect(reference.canonical == name.canonical)
    #expect(reference.familiar == name.familiar)
    #expect(try ImageReference(reference.familiar) == reference)
    #expect(try ImageReference(reference.canonical) == reference)
  }

  @Test(arguments: [
    ("Foo", "invalid reference format: repository name (library/Foo) must be lowercase"),
    ("a/Foo:x", "invalid reference format: repository name (a/Foo) must be lowercase"),
    ("", "invalid reference format"),
    (" x", "invalid reference format"),
    ("x:", "invalid reference format"),
    ("x:-a", "invalid reference format"),
    ("x:\(String(repeating: "a", count: 129))", "invalid reference format"),
    ("x@sha256:12", "invalid reference format"),
    ("a//b", "invalid reference format"),
    ("-x", "invalid reference format"),
    ("a___b", "invalid reference format"),
    ("a/../b", "invalid reference format"),
    ("a..b", "invalid reference format"),
    ("https://x/y", "invalid reference format"),
    ("a.b:port/x", "invalid reference format"),
    ("x\n", "invalid reference format"),
    ("x@sha256:\(String(repeating: "a", count: 40))", "invalid checksum digest length"),
    ("x@md5:\(String(repeating: "a", count: 32))", "unsupported digest algorithm"),
    (hash, "invalid repository name (\(hash)), cannot specify 64-byte hexadecimal strings"),
    (String(repeating: "a", count: 256), "repository name must not be more than 255 characters"),
  ])
  func refuses(_ text: String, _ message: String) {
    let error = #expect(throws: ClassifiedError.self) { try ImageReference(text) }
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test func choosesWhatToAskFor() throws {
    #expect(try ImageReference("x").identifier == "latest")
    #expect(try ImageReference("x:1").identifier == "1")
    #expect(try ImageReference("x:1@sha256:\(hash)").identifier == "sha256:\(hash)")
    #expect(try ImageReference("x").withDefaultTag.familiar == "x:latest")
    #expect(try ImageReference("x@sha256:\(hash)").withDefaultTag.tag == nil)
    #expect(try ImageReference("x:1").with(digest: Digest("sha256:\(hash)")).familiar == "x@sha256:\(hash)")
    #expect(throws: ClassifiedError.self) { try ImageReference("x").with(tag: "a b") }
  }
}

@Suite struct DigestTests {
  @Test(arguments: [
    ("sha256:" + hash, true), ("sha512:" + hash + hash, true), ("sha256:" + hash.uppercased(), false),
    ("sha256:" + hash + "a", false), ("sha512:" + hash, false), ("sha256", false), (":" + hash, false),
    ("sha256:../../" + String(hash.dropFirst(6)), false), ("md5:" + hash.prefix(32), false), ("", false),
  ])
  func parses(_ text: String, _ isValid: Bool) throws {
    #expect(((try? Digest(text)) != nil) == isValid)
    if isValid { #expect(try Digest(text).description == text) }
  }

  /// Examples of FIPS 180-2.
  @Test func hashes() {
    let abc = Array("abc".utf8)
    #expect(Digest.of(abc).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(Digest.of(abc, algorithm: .sha512).hex.hasPrefix("ddaf35a193617abacc417349ae204131"))
    var pieces = ContentHasher()
    pieces.update([UInt8](abc.prefix(1)))
    _ = pieces.finish()
    pieces.update([UInt8](abc.suffix(2)))
    #expect(pieces.finish() == Digest.of(abc))
  }

  @Test func chains() throws {
    let one = Digest.of([1])
    let two = Digest.of([2])
    let chain = ChainID.chain(of: [one, two])
    #expect(chain.first?.digest == one)
    #expect(chain.last?.digest == Digest.of(Array("\(one) \(two)".utf8)))
    #expect(ChainID.chain(of: []).isEmpty)
  }
}
