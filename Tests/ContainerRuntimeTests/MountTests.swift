import LinuxKernel
import OCIRuntimeSpec
import TestSupport
import Testing

@Suite(.needs(.containers))
struct MountTests {
  private func bundle(_ script: String, _ mounts: (String) -> [SpecMount]) throws -> TestBundle {
    let bundle = try TestBundle(script)
    for name in ["data", "data/below"] { try HostFiles.makeDirectories("\(bundle.path)/\(name)") }
    try bundle.write("content", to: "data/file")
    bundle.spec.mounts += mounts("\(bundle.path)/data")
    return bundle
  }

  @Test func directoriesAndFilesAreBoundAndTheirMountPointsMade() throws {
    let bundle = try bundle("cat /new/dir/file /other/file; touch /new/dir/written") {
      [
        SpecMount(destination: "/new/dir", type: "bind", source: $0, options: ["rbind"]),
        SpecMount(destination: "/other/file", type: "bind", source: "\($0)/file", options: ["bind"]),
      ]
    }
    let result = try bundle.runContainer()
    #expect(result.output == "contentcontent", "\(result)")
    #expect(try HostFiles.exists("\(bundle.path)/data/written"))
  }

  @Test func relativeSourcesCountFromTheBundle() throws {
    let bundle = try bundle("cat /d/file") { _ in [SpecMount(destination: "/d", source: "data", options: ["bind"])] }
    #expect(try bundle.runContainer().output == "content")
  }

  @Test(arguments: [
    (["bind", "ro"], ["ro"]), (["rbind", "ro", "nosuid", "nodev", "noexec"], ["ro", "nosuid", "nodev", "noexec"]),
    (["bind", "noatime"], ["rw", "noatime"]), (["bind", "nodiratime"], ["rw", "nodiratime"]),
    (["rbind", "rro"], ["ro"]), (["bind", "ro", "rw"], ["rw"]), (["bind", "nosymfollow"], ["nosymfollow"]),
    (["rbind", "rnosuid", "rnoatime"], ["nosuid", "noatime"]),
  ])
  func optionsOfBindsAreApplied(_ options: [String], _ expected: [String]) throws {
    let bundle = try bundle("grep ' /d ' /proc/self/mountinfo") {
      [SpecMount(destination: "/d", source: $0, options: options)]
    }
    let result = try bundle.runContainer()
    let shown = result.output.split(separator: " ").dropFirst(5).first?.split(separator: ",").map(String.init) ?? []
    #expect(Set(expected).isSubset(of: shown), "\(result)")
  }

  @Test(
    arguments: [
      (["rbind", "rshared"], "shared:"), (["rbind", "rprivate"], nil), (["bind", "unbindable"], "unbindable"),
    ] as [([String], String?)])
  func propagationIsSet(_ options: [String], _ expected: String?) throws {
    let bundle = try bundle("grep ' /d ' /proc/self/mountinfo") {
      [SpecMount(destination: "/d", source: $0, options: options)]
    }
    let fields = try bundle.runContainer().output.split(separator: " ")
    let optional = fields.dropFirst(6).prefix { $0 != "-" }
    if let expected {
      #expect(optional.contains { $0.hasPrefix(expected) })
    } else {
      #expect(optional.isEmpty)
    }
  }

  @Test func tmpfsTakesItsDataAndTheModeOfWhatItCovers() throws {
    let bundle = try TestBundle("stat -c %a /covered /given; touch /sealed/x || echo refused; cat /copied/file")
    for name in ["covered", "copied"] { try HostFiles.makeDirectories("\(bundle.rootfs)/\(name)") }
    try HostFiles.setPermissions("\(bundle.rootfs)/covered", 0o1771)
    try bundle.write("kept\n", to: "rootfs/copied/file")
    bundle.spec.mounts += [
      SpecMount(destination: "/covered", type: "tmpfs", source: "tmpfs", options: ["size=1m"]),
      SpecMount(destination: "/given", type: "tmpfs", source: "tmpfs", options: ["mode=711"]),
      SpecMount(destination: "/sealed", type: "tmpfs", source: "tmpfs", options: ["ro"]),
      SpecMount(destination: "/copied", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]),
    ]
    let result = try bundle.runContainer()
    #expect(result.lines == ["1771", "711", "refused", "kept"], "\(result)")
  }

  @Test func linksInTheImageDoNotLeadMountsToTheHost() throws {
    let bundle = try TestBundle("cat /link/file")
    let outside = "\(bundle.path)/outside"
    for path in [outside, "\(bundle.path)/data", "\(bundle.rootfs)\(bundle.path)"] {
      try HostFiles.makeDirectories(path)
    }
    try bundle.write("content", to: "data/file")
    try HostFiles.makeSymbolicLink("\(bundle.rootfs)/link", to: outside)
    try HostFiles.makeSymbolicLink("\(bundle.rootfs)/up", to: "../../../../../../../../../..\(outside)")
    bundle.spec.mounts += [
      SpecMount(destination: "/link/file", type: "bind", source: "\(bundle.path)/data/file", options: ["bind"]),
      SpecMount(destination: "/up/new", type: "tmpfs", source: "tmpfs"),
    ]
    // The links lead to the same names inside the root, where they may not exist.
    try HostFiles.makeDirectories("\(bundle.rootfs)\(outside)")
    let result = try bundle.runContainer()
    #expect(result.output == "content", "\(result)")
    #expect(try HostFiles.list(outside).isEmpty)
  }

  @Test(arguments: [("dev", true), ("proc", false), ("sys", false)])
  func aLinkInThePlaceOfAKernelsDirectoryReachesNoHostFile(_ name: String, _ isMadeElsewhere: Bool) throws {
    let bundle = try TestBundle("true")
    let outside = "\(bundle.path)/outside"
    try HostFiles.makeDirectories(outside)
    try HostFiles.removeDirectory("\(bundle.rootfs)/\(name)")
    try HostFiles.makeSymbolicLink("\(bundle.rootfs)/\(name)", to: outside)
    if name == "dev" { bundle.spec.mounts.removeAll { $0.destination.hasPrefix("/dev") } }
    #expect(try bundle.runContainer().code != 0)
    #expect(try HostFiles.list(outside).isEmpty)
  }

  @Test(arguments: ["/proc/sys", "/proc/self/attr", "/proc/../proc/1"])
  func nothingIsMountedInsideProc(_ destination: String) throws {
    let bundle = try bundle("true") { [SpecMount(destination: destination, source: $0, options: ["bind"])] }
    let result = try bundle.runContainer()
    #expect(result.code == 1)
    #expect(result.errors.contains("inside /proc") || result.errors.contains("mount \(destination)"), "\(result)")
  }

  @Test func harmlessFilesOfProcMayBeCovered() throws {
    let bundle = try bundle("cat /proc/uptime") {
      [SpecMount(destination: "/proc/uptime", source: "\($0)/file", options: ["bind"])]
    }
    #expect(try bundle.runContainer().output == "content")
  }

  @Test func maskingWithALinkInThePlaceOfTheNullDeviceIsRefused() throws {
    let bundle = try TestBundle("true")
    bundle.spec.mounts.removeAll { $0.destination == "/dev" || $0.destination.hasPrefix("/dev/") }
    try HostFiles.makeSymbolicLink("\(bundle.rootfs)/dev/null", to: "/proc/sysrq-trigger")
    let result = try bundle.runContainer()
    #expect(result.code == 1)
    #expect(result.errors.contains("/dev/null"), "\(result)")
  }

  @Test func idMappedBindsShowOtherOwners() throws {
    let bundle = try bundle("stat -c %u:%g /d/file") {
      [
        SpecMount(
          destination: "/d", source: $0, options: ["bind", "idmap"],
          uidMappings: [IDMapping(containerID: 0, hostID: 5000, size: 10)],
          gidMappings: [IDMapping(containerID: 0, hostID: 6000, size: 10)])
      ]
    }
    let result = try bundle.runContainer()
    // File systems that cannot map owners say so.
    #expect(result.output == "5000:6000\n" || result.errors.contains("map owners"), "\(result)")
  }

  @Test func theHostSeesNoMount() throws {
    let before = try MountInfo.read().count
    let bundle = try bundle("sleep 100") { [SpecMount(destination: "/d", source: $0, options: ["rbind", "rshared"])] }
    #expect(try bundle.runContainer("--detach").code == 0)
    #expect(try MountInfo.read().filter { $0.mountPoint.hasPrefix(bundle.path) }.isEmpty)
    #expect(before > 0)
  }
}
