import Diagnostics
import ImageStore
import LinuxKernel
import OCIImageSpec
import TestSupport
import Testing

/// `save`, `load` and `import`.
struct ArchiveTests {
  @Test(arguments: ["cat", "gzip", "zstd -q"])
  func whatIsSavedIsLoaded(compression: String) async throws {
    let (source, target) = (try Scratch(), try Scratch())
    let from = try await source.open()
    let (one, two) = (try TestImage([("base", "0"), ("a", "1")]), try TestImage([("base", "0"), ("b", "2")]))
    try await one.pull(into: from, as: "app:1", "host.io/other")
    try await two.pull(into: from, as: "app:2")
    let archive = try await saved(["app", two.id.short, "host.io/other"], from: from)
    try HostFiles.replace("\(source.path)/plain", with: archive)
    try source.run("\(compression) < plain > packed")

    let to = try await target.open()
    let loaded = try await to.load(from: stream(try HostFiles.read("\(source.path)/packed"), pieces: 1000))
    #expect(loaded.map(\.names) == [["app:1", "host.io/other:latest"], ["app:2"]])
    #expect(to.images().map(\.id) == [one.id, two.id])
    #expect(to.images().map(\.manifest) == [one.manifestDigest, two.manifestDigest])
    #expect(to.images().flatMap(\.repoDigests).isEmpty)
    #expect(try to.layerDirectories(of: try to.resolve("app:2")).count == 2)
    // Loading again changes nothing.
    _ = try await to.load(from: stream(archive))
    #expect(to.images().count == 2)
  }

  @Test func othersCanReadTheArchive() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    let image = try TestImage([("a", "1")])
    try await image.pull(into: store, as: "app:1")
    try HostFiles.replace("\(scratch.path)/saved.tar", with: try await saved(["app:1"], from: store))
    let text = try scratch.run(
      """
      mkdir x; tar -xf saved.tar -C x; cd x
      python3 - <<'END'
      import json, hashlib
      m = json.load(open("manifest.json")); i = json.load(open("index.json"))
      assert json.load(open("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
      assert json.load(open("repositories")) == {"app": {"1": m[0]["Config"].split("/")[-1]}}
      for path in [m[0]["Config"], "blobs/sha256/" + i["manifests"][0]["digest"][7:]] + m[0]["Layers"]:
          assert hashlib.sha256(open(path, "rb").read()).hexdigest() == path.split("/")[-1]
      print(m[0]["RepoTags"], i["manifests"][0]["annotations"]["io.containerd.image.name"])
      END
      """)
    #expect(text == "['app:1'] docker.io/library/app:1\n")
  }

  /// The layout of Docker before version 25, with a layer that two images share by a symbolic link; and a plain OCI
  /// layout, with nothing but a tag for a name.
  @Test(arguments: ["docker", "oci"])
  func otherLayouts(kind: String) async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    try scratch.run(
      """
      mkdir in out; echo hello > in/file; tar -C in -cf layer.tar file
      python3 - <<'END'
      import json, hashlib, os, shutil
      layer = open("layer.tar", "rb").read(); diff = hashlib.sha256(layer).hexdigest()
      config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
          "rootfs": {"type": "layers", "diff_ids": ["sha256:" + diff] * (2 if "\(kind)" == "docker" else 1)}}).encode()
      hexid = hashlib.sha256(config).hexdigest()
      def put(path, data):
          os.makedirs(os.path.dirname("out/" + path) or ".", exist_ok=True); open("out/" + path, "wb").write(data)
      if "\(kind)" == "docker":
          put(hexid + ".json", config); put("aa/layer.tar", layer); os.makedirs("out/bb")
          os.symlink("../aa/layer.tar", "out/bb/layer.tar")
          put("manifest.json", json.dumps([{"Config": hexid + ".json", "RepoTags": ["old:1"],
              "Layers": ["aa/layer.tar", "bb/layer.tar"]}]).encode())
      else:
          def blob(data):
              h = hashlib.sha256(data).hexdigest(); put("blobs/sha256/" + h, data)
              return {"digest": "sha256:" + h, "size": len(data)}
          m = blob(json.dumps({"schemaVersion": 2, "config": blob(config) | {"mediaType":
              "application/vnd.oci.image.config.v1+json"}, "layers": [blob(layer) | {"mediaType":
              "application/vnd.oci.image.layer.v1.tar"}]}).encode())
          put("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
          put("index.json", json.dumps({"schemaVersion": 2, "manifests": [m | {"mediaType":
              "application/vnd.oci.image.manifest.v1+json", "annotations":
              {"org.opencontainers.image.ref.name": "latest"}}]}).encode())
      END
      tar -C out -cf archive.tar .
      """)
    let loaded = try await store.load(from: stream(try HostFiles.read("\(scratch.path)/archive.tar")))
    #expect(loaded.map(\.names) == [kind == "docker" ? ["old:1"] : []])
    let image = try #require(loaded.first).image
    let top = try #require(try store.layerDirectories(of: image).first)
    #expect(try HostFiles.readText("\(store.layersPath)/\(top)/file") == "hello\n")
    // It can be handed on.
    #expect(try await !saved([image.id.hex], from: store).isEmpty)
  }

  @Test(arguments: [
    "echo text > a; tar -cf x a",
    "printf '[{\"Config\":\"../../etc/passwd\"}]' > manifest.json; tar -cf x manifest.json",
    "printf '[{\"Config\":\"c\",\"Layers\":[\"l\"]}]' > manifest.json; echo {} > c; tar -cf x manifest.json c",
    "ln -s /etc/passwd manifest.json; tar -cf x manifest.json", "head -c 5000 /dev/urandom > x", ": > x",
    "printf '{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\","
      + "\"size\":1,\"digest\":\"sha256:\(String(repeating: "a", count: 64))\"}]}' > index.json; mkdir -p blobs/sha256;"
      + "echo x > blobs/sha256/\(String(repeating: "a", count: 64)); tar -cf x index.json blobs",
  ])
  func archivesThatHoldNoImage(script: String) async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    try scratch.run("mkdir work; cd work; \(script)")
    await #expect {
      _ = try await store.load(from: stream(try HostFiles.read("\(scratch.path)/work/x")))
    } throws: { [.invalid, .dataLoss].contains(errorKind(of: $0)) }
    #expect(store.images().isEmpty)
  }

  @Test func saveOfWhatIsNotThere() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    await #expect { _ = try await saved(["nope"], from: store) } throws: { errorKind(of: $0) == .notFound }
    try await store.finishSweeping()
    #expect(try scratch.names("tmp").isEmpty)
  }

  @Test func anImportedRootBecomesAnImage() async throws {
    let scratch = try Scratch()
    let store = try await scratch.open()
    try scratch.run("mkdir -p root/bin; echo sh > root/bin/sh; tar -C root -czf root.tar.gz .")
    var options = ImportOptions()
    options.reference = try ImageReference("mine:1")
    options.message = "made by hand"
    options.changes = [
      "CMD [\"/bin/sh\", \"-c\", \"true\"]", "ENV A=1 B=\"two words\"", "ENV A 3", "LABEL k=v", "EXPOSE 80 53/udp",
      "USER nobody", "WORKDIR /srv", "workdir sub", "VOLUME /data", "ENTRYPOINT run it",
    ]
    let image = try await store.importImage(
      from: stream(try HostFiles.read("\(scratch.path)/root.tar.gz")), options: options)
    #expect(image.repoTags == ["mine:1"])
    let configuration = try await store.configuration(of: image)
    #expect(configuration.config.command == ["/bin/sh", "-c", "true"])
    #expect(configuration.config.environment == ["B=two words", "A=3"])
    #expect(configuration.config.exposedPorts == ["53/udp", "80/tcp"] && configuration.config.volumes == ["/data"])
    #expect(configuration.config.entrypoint == ["/bin/sh", "-c", "run it"])
    #expect(configuration.config.workingDirectory == "/srv/sub" && configuration.config.user == "nobody")
    #expect(try await store.history(of: image).map(\.comment) == ["made by hand"])
    let layer = try #require(try store.layerDirectories(of: image).first)
    #expect(try HostFiles.readText("\(store.layersPath)/\(layer)/bin/sh") == "sh\n")
    try await store.finishSweeping()
    #expect(try scratch.names("tmp").isEmpty)

    options.changes = ["RUN rm -rf /"]
    await #expect { _ = try await store.importImage(from: stream([]), options: options) } throws: {
      errorKind(of: $0) == .unsupported
    }
  }
}
