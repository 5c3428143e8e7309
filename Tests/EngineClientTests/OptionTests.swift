import Diagnostics
import EngineAPI
import EngineClient
import Testing

@Suite struct OptionTests {
  private static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/cwd/" + path }

  @Test func mounts() throws {
    let bind = try Mount(
      option: #"type=bind,"source=a,b",target=/t,readonly,bind-propagation=rslave"#, absolute: Self.absolute)
    #expect(
      bind
        == Mount(
          type: "bind", source: "/cwd/a,b", target: "/t", readOnly: true,
          bindOptions: BindOptions(propagation: "rslave")))
    let tmpfs = try Mount(option: "type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=0700", absolute: Self.absolute)
    #expect(tmpfs.tmpfsOptions == TmpfsOptions(sizeBytes: 1 << 20, mode: 0o700))
    let volume = try Mount(
      option: "src=v,dst=/t,ro=false,volume-nocopy,volume-opt=a=b,volume-opt=c=d", absolute: Self.absolute)
    #expect(volume.type == "volume" && volume.source == "v" && volume.readOnly == false)
    #expect(
      volume.volumeOptions?.driverConfig?.options == ["a": "b", "c": "d"] && volume.volumeOptions?.noCopy == true)
  }

  @Test(arguments: [
    ("foo", "invalid field 'foo' must be a key=value pair"), ("type=bind,target=/x", "source is required"),
    ("type=bind,source=/x", "target is required"), ("type=tmpfs,target=/x,foo=1", "unexpected key 'foo' in 'foo=1'"),
    ("type=tmpfs,target=/x,bind-propagation=shared", "cannot mix 'bind-*' options with mount type 'tmpfs'"),
    ("type=tmpfs,target=/x,tmpfs-size=z", "invalid value for tmpfs-size: z"),
    ("type=bind,src=/x,dst=/y,readonly=maybe", "invalid value for readonly: maybe"),
    ("type=\"bind", "a quote without an end in 'type=\"bind'"),
  ])
  func noMounts(text: String, message: String) {
    let error = #expect(throws: ClassifiedError.self) { _ = try Mount(option: text, absolute: Self.absolute) }
    #expect(error?.message == message)
  }

  @Test func volumes() throws {
    #expect(try VolumeOption("/a:/b:ro", absolute: Self.absolute) == .bind("/a:/b:ro"))
    #expect(try VolumeOption("./a:/b", absolute: Self.absolute) == .bind("/cwd/./a:/b"))
    #expect(try VolumeOption("name:/b", absolute: Self.absolute) == .bind("name:/b"))
    #expect(try VolumeOption("/b", absolute: Self.absolute) == .anonymous("/b"))
    for text in ["", ":::", "a:", "a:b:c:d"] {
      #expect(throws: ClassifiedError.self) { _ = try VolumeOption(text, absolute: Self.absolute) }
    }
  }

  @Test func environment() throws {
    let ours = ["HOME": "/root"]
    #expect(try EnvironmentOption.variable("A=b=c") { ours[$0] } == "A=b=c")
    #expect(try EnvironmentOption.variable("HOME") { ours[$0] } == "HOME=/root")
    #expect(try EnvironmentOption.variable("NONE") { ours[$0] } == "NONE")
    #expect(throws: ClassifiedError.self) { try EnvironmentOption.variable("=x") { ours[$0] } }
    let file = "\u{feff}A=1\n\n  # comment\n\tB=x # kept\nHOME\nNONE\nC=\r\n"
    #expect(try EnvironmentOption.file(file) { ours[$0] } == ["A=1", "B=x # kept", "HOME=/root", "C="])
    #expect(throws: ClassifiedError.self) { try EnvironmentOption.file("A B=1") { ours[$0] } }
    #expect(throws: ClassifiedError.self) { try EnvironmentOption.file("=1") { ours[$0] } }
  }

  @Test func limits() throws {
    #expect(try Ulimit(option: "nofile=1:2") == Ulimit(name: "nofile", soft: 1, hard: 2))
    #expect(try Ulimit(option: "core=-1") == Ulimit(name: "core", soft: -1, hard: -1))
    for text in ["x", "nope=1", "nofile=2:1", "nofile=1:2:3", "nofile=x", "nofile=-1:5"] {
      #expect(throws: ClassifiedError.self) { _ = try Ulimit(option: text) }
    }
    #expect(try RestartPolicy(option: "on-failure:3") == RestartPolicy(name: "on-failure", maximumRetryCount: 3))
    #expect(throws: ClassifiedError.self) { _ = try RestartPolicy(option: "on-failure:x") }
    #expect(
      try ThrottleDevice(option: "/dev/sda:1mb", countsBytes: true) == ThrottleDevice(path: "/dev/sda", rate: 1 << 20))
    #expect(throws: ClassifiedError.self) { _ = try ThrottleDevice(option: "/dev/sda:1mb", countsBytes: false) }
    #expect(throws: ClassifiedError.self) { _ = try WeightDevice(option: "/dev/sda:5") }
  }

  @Test(arguments: [
    ("/dev/a", "/dev/a /dev/a rwm"), ("/dev/a:/dev/b", "/dev/a /dev/b rwm"), ("/dev/a:r", "/dev/a /dev/a r"),
    ("/dev/a:/dev/b:rw", "/dev/a /dev/b rw"),
  ])
  func devices(text: String, expected: String) throws {
    let device = try DeviceMapping(option: text)
    #expect("\(device.pathOnHost) \(device.pathInContainer) \(device.cgroupPermissions)" == expected)
  }

  @Test func security() throws {
    #expect(SecurityOptions.capabilities(["net_admin", "CAP_CHOWN", "NET_ADMIN"]) == ["CAP_CHOWN", "CAP_NET_ADMIN"])
    #expect(SecurityOptions.capabilities(["chown", "all"]) == ["ALL"] && SecurityOptions.capabilities([]) == nil)
    let reading = try SecurityOptions.read(
      ["no-new-privileges", "seccomp=unconfined", "seccomp=/p.json", "label:disable", "systempaths=unconfined"]
    ) { "<\($0)>" }
    #expect(reading.options == ["no-new-privileges", "seccomp=unconfined", "seccomp=</p.json>", "label=disable"])
    #expect(reading.unmasksSystemPaths)
    #expect(throws: ClassifiedError.self) { _ = try SecurityOptions.read(["x"]) { $0 } }
  }
}
