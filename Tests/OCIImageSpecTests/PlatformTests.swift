import Diagnostics
import OCIImageSpec
import Testing

@Suite struct PlatformTests {
  @Test(arguments: [
    ("linux/amd64", "linux/amd64"), ("linux/x86_64", "linux/amd64"), ("linux/amd64/v1", "linux/amd64"),
    ("linux/arm64/v8", "linux/arm64"), ("linux/aarch64", "linux/arm64"), ("Linux/ARM64", "linux/arm64"),
    ("linux/arm", "linux/arm/v7"), ("linux/arm/6", "linux/arm/v6"), ("linux/armhf", "linux/arm/v7"),
    ("linux/i686", "linux/386"), ("arm64", "linux/arm64"), ("linux", Platform.host.description),
    ("windows/amd64", "windows/amd64"), ("linux/riscv64", "linux/riscv64"), ("linux/amd64/v3", "linux/amd64/v3"),
  ])
  func parses(_ text: String, _ normal: String) throws {
    #expect(try Platform(text).description == normal)
  }

  @Test(arguments: ["", "/", "linux/", "linux/a/b/c", "nonsense", "linux/am d64", "linux/\n"])
  func refuses(_ text: String) {
    #expect(throws: ClassifiedError.self) { try Platform(text) }
  }

  @Test(arguments: [
    ("linux/amd64", ["linux/386", "linux/arm64", "linux/amd64"], "linux/amd64"),
    ("linux/amd64", ["linux/386", "linux/arm64"], "linux/386"),
    ("linux/amd64", ["linux/amd64/v3", "windows/amd64"], nil),
    ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], "linux/amd64/v2"),
    ("linux/arm64", ["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7"),
    ("linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], "linux/arm64"),
    ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], "linux/arm/v5"),
    ("linux/s390x", ["unknown/unknown", "linux/s390x"], "linux/s390x"),
    ("linux/amd64", ["unknown/unknown"], nil),
  ])
  func choosesFromAnIndex(_ wanted: String, _ offered: [String], _ expected: String?) throws {
    let entries = offered.enumerated().map { number, text in
      let parts = text.split(separator: "/").map(String.init)
      let platform = Platform(os: parts[0], architecture: parts[1], variant: parts.count > 2 ? parts[2] : "")
      return Descriptor(mediaType: .ociManifest, digest: .of([UInt8(number)]), size: 1, platform: platform)
    }
    let index = ImageIndex(manifests: entries)
    if let expected {
      #expect(try index.choose(Platform(wanted)).platform?.description == expected)
    } else {
      let error = #expect(throws: ClassifiedError.self) { try index.choose(Platform(wanted)) }
      #expect(error?.kind == .notFound)
      #expect(error?.message == "no matching manifest for \(wanted) in the manifest list entries")
    }
  }

  @Test func takesAnEntryWithoutPlatformLast() throws {
    let unnamed = Descriptor(mediaType: .dockerManifest, digest: .of([1]), size: 1)
    let named = Descriptor(
      mediaType: .dockerManifest, digest: .of([2]), size: 1, platform: Platform(os: "linux", architecture: "amd64"))
    let picture = Descriptor(mediaType: MediaType("image/png"), digest: .of([3]), size: 1)
    let index = ImageIndex(manifests: [picture, unnamed, named])
    #expect(try index.choose(Platform("linux/amd64")) == named)
    #expect(try index.choose(Platform("linux/s390x")) == unnamed)
  }
}
