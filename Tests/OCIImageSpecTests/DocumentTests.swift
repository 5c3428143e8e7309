import Diagnostics
import OCIImageSpec
import Testing

private let digest = Digest.of([]).description
private let entry = #"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"\#(digest)","size":3}"#

@Suite struct ManifestDocumentTests {
  @Test func readsManifestAndIndex() throws {
    let manifest = #"{"schemaVersion":2,"config":\#(entry),"layers":[\#(entry),\#(entry)],"annotations":null}"#
    guard case .manifest(let read) = try ManifestDocument(Array(manifest.utf8)) else {
      Issue.record("no manifest")
      return
    }
    #expect(read.layers.count == 2)
    #expect(read.isImage)
    #expect(throws: ClassifiedError.self) { try read.layers[0].layerCompression() }
    let index = #"{"schemaVersion":2,"manifests":null}"#
    #expect(try ManifestDocument(Array(index.utf8), announcedAs: .dockerIndex) == .index(try decode(index)))
  }

  /// CVE-2021-41190 and what else strangers may send.
  @Test(arguments: [
    (#"{"schemaVersion":2,"config":\#(entry),"layers":[],"manifests":[]}"#, nil, ErrorKind.invalid),
    (#"{"schemaVersion":2,"layers":[],"manifests":[]}"#, MediaType.ociIndex, .invalid),
    (#"{"schemaVersion":2,"manifests":[]}"#, .ociManifest, .invalid),
    (#"{"schemaVersion":2,"config":\#(entry),"layers":[]}"#, .ociIndex, .invalid),
    (#"{"schemaVersion":2,"mediaType":"\#(MediaType.ociIndex)","manifests":[]}"#, .ociManifest, .invalid),
    (#"{"schemaVersion":2,"mediaType":"\#(MediaType.dockerManifest)","config":\#(entry)}"#, .ociManifest, .invalid),
    (#"{"schemaVersion":1,"fsLayers":[]}"#, nil, .unsupported),
    (#"{"schemaVersion":2,"mediaType":"text/html"}"#, nil, .unsupported),
    (#"{"schemaVersion":3,"config":\#(entry),"layers":[]}"#, nil, .invalid),
    (#"{"schemaVersion":2,"config":null,"layers":[]}"#, .ociManifest, .invalid),
    (#"{"schemaVersion":2,"config":{"digest":"sha256:12","size":1}}"#, nil, .invalid),
    (#"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":-1}}"#, nil, .invalid),
    (#"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":1e40}}"#, nil, .invalid),
    (#"{"schemaVersion":2,"config":{"digest":"\#(digest)","size":99999999999999999999}}"#, nil, .invalid),
    (#"{"schemaVersion":2,"config":{"digest":7,"size":1}}"#, nil, .invalid),
    ("[]", nil, .invalid), ("", nil, .invalid), ("{", nil, .invalid), ("null", nil, .invalid),
    (String(repeating: "[", count: 100_000), nil, .invalid),
  ])
  func refuses(_ text: String, _ type: MediaType?, _ kind: ErrorKind) {
    let error = #expect(throws: ClassifiedError.self) { try ManifestDocument(Array(text.utf8), announcedAs: type) }
    #expect(error?.kind == kind, "\(error?.description ?? "")")
  }

  @Test func namesTheFieldAtFault() {
    let text = #"{"schemaVersion":2,"config":\#(entry),"layers":[\#(entry),{"digest":"sha256:xyz","size":1}]}"#
    let error = #expect(throws: ClassifiedError.self) { try ManifestDocument(Array(text.utf8)) }
    #expect(error?.message.contains("layers.1.digest") == true, "\(error?.message ?? "")")
  }

  @Test func writesWhatItReads() throws {
    let layer = Descriptor(mediaType: .ociLayerZstd, digest: .of([1]), size: 9, annotations: ["a": "b"])
    let manifest = Manifest(
      configuration: Descriptor(mediaType: .ociConfiguration, digest: .of([2]), size: 1), layers: [layer])
    let bytes = try JSONDocument.encode(manifest)
    #expect(try ManifestDocument(bytes, announcedAs: .ociManifest) == .manifest(manifest))
    #expect(try bytes == JSONDocument.encode(manifest))
  }

  private func decode(_ text: String) throws -> ImageIndex {
    try JSONDocument.decode(ImageIndex.self, from: Array(text.utf8), called: "index")
  }
}

@Suite struct ImageConfigurationTests {
  @Test func readsWhatDockerWrites() throws {
    let text = """
      {"architecture":"amd64","os":"linux","created":"2024-05-01T00:00:00Z","docker_version":"20.10","author":"me",
       "config":{"User":"1:2","Env":["A=b"],"Entrypoint":null,"Cmd":["sh"],"WorkingDir":"/w","Labels":null,
         "ExposedPorts":{"80/tcp":{},"443/tcp":null},"Volumes":{"/data":{}},"StopSignal":"SIGINT","StopTimeout":7,
         "Healthcheck":{"Test":["CMD","true"],"Interval":5000000000,"Retries":3},"OnBuild":null,"Tty":false},
       "rootfs":{"type":"layers","diff_ids":["\(digest)"]},
       "history":[{"created":"2024-05-01T00:00:00Z","created_by":"x"},{"created_by":"y","empty_layer":true}]}
      """
    let image = try ImageConfiguration(Array(text.utf8))
    #expect(image.platform.description == "linux/amd64")
    #expect(image.config.user == "1:2")
    #expect(image.config.environment == ["A=b"])
    #expect(image.config.entrypoint == nil)
    #expect(image.config.command == ["sh"])
    #expect(image.config.exposedPorts == ["443/tcp", "80/tcp"])
    #expect(image.config.volumes == ["/data"])
    #expect(image.config.stopTimeout == 7)
    #expect(image.config.healthcheck?.interval == 5_000_000_000)
    #expect(image.diffIDs.map(\.description) == [digest])
    #expect(image.history.map(\.isEmptyLayer) == [false, true])
    #expect(try ImageConfiguration(JSONDocument.encode(image)) == image)
  }

  @Test(arguments: [
    "{}", #"{"config":null,"rootfs":null,"history":null}"#, #"{"rootfs":{"diff_ids":null}}"#,
    #"{"config":{"Env":null,"Entrypoint":"/bin/sh","Cmd":[]}}"#,
  ])
  func toleratesWhatIsMissing(_ text: String) throws {
    let image = try ImageConfiguration(Array(text.utf8))
    #expect(image.diffIDs.isEmpty)
    #expect(image.config.environment.isEmpty)
  }

  @Test(arguments: [
    #"{"rootfs":{"type":"zip","diff_ids":[]}}"#, #"{"rootfs":{"diff_ids":["x"]}}"#, #"{"config":{"Env":"A=b"}}"#,
    #"{"config":{"StopTimeout":1e300}}"#, #"{"history":7}"#,
  ])
  func refusesWhatIsWrong(_ text: String) {
    #expect(throws: ClassifiedError.self) { try ImageConfiguration(Array(text.utf8)) }
  }
}

@Suite struct MediaTypeTests {
  @Test(arguments: [
    ("application/vnd.oci.image.layer.v1.tar+zstd", MediaType.Role.layer(.zstd, isForeign: false)),
    ("application/vnd.oci.image.layer.v1.tar", .layer(.none, isForeign: false)),
    ("application/vnd.docker.image.rootfs.diff.tar.gzip", .layer(.gzip, isForeign: false)),
    ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", .layer(.gzip, isForeign: true)),
    ("Application/vnd.OCI.image.index.v1+json ; charset=utf-8", .index),
    ("application/vnd.docker.distribution.manifest.v1+prettyjws", .schema1),
    ("text/html", .other), ("", .other),
  ])
  func knowsRoles(_ text: String, _ role: MediaType.Role) {
    #expect(MediaType(text).role == role)
  }
}

@Suite struct DistributionErrorTests {
  @Test(arguments: [
    (
      #"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}"#,
      "manifest unknown: manifest unknown"
    ),
    (#"{"errors":[{"code":"DENIED"},{"message":"b"}]}"#, "denied; b"),
    (#"{"details":"incorrect username or password"}"#, "incorrect username or password"),
    (#"{"errors":[]}"#, nil), ("<html>", nil), ("", nil), (#"{"errors":null}"#, nil),
  ])
  func reads(_ body: String, _ text: String?) {
    #expect(DistributionError(body: Array(body.utf8))?.description == text)
  }
}
