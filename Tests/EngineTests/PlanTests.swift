import Diagnostics
import EngineAPI
import LinuxKernel
import OCIImageSpec
import OCIRuntimeSpec
import Testing

@testable import Engine

private let surroundings = ContainerPlan.Surroundings(
  facts: HostFacts(cpuCount: 2, limitsSwap: true, cgroupVersion: 1), cgroupParent: "/apus", machineName: "machine",
  knownCapabilities: Capability.all.map(\.description), initProgram: "/lib/apus/apus-runtime")

private func plan(_ change: (inout ContainerCreateRequest) -> Void) throws -> ContainerPlan {
  var request = ContainerCreateRequest()
  request.config.cmd = ["true"]
  request.config.image = "busybox"
  change(&request)
  let configuration = StoredConfiguration(
    merging: request, into: ImageConfiguration.Config(), layers: ["l1"], platform: "linux/amd64")
  return try ContainerPlan(configuration, id: ContainerID.random(), in: surroundings)
}

private func spec(_ change: (inout ContainerCreateRequest) -> Void) throws -> Spec {
  let plan = try plan(change)
  return plan.spec(id: ContainerID.random(), containerDirectory: "/c", findings: ContainerPlan.Findings())
}

struct PlanTests {
  /// What docker's client sends when nothing is asked for.
  @Test func theDefaultsOfClientsPass() throws {
    let spec = try spec { request in
      request.hostConfig.restartPolicy = RestartPolicy(name: "no")
      request.hostConfig.networkMode = "default"
      request.hostConfig.memorySwappiness = -1
      request.hostConfig.portBindings = [:]
      request.hostConfig.consoleSize = [24, 80]
      request.hostConfig.oomKillDisable = false
      request.hostConfig.logConfig = LogConfig(type: "", config: [:])
      request.networkingConfig = NetworkingConfig(endpointsConfig: ["default": EndpointSettings()])
    }
    #expect(spec.process?.args == ["true"])
    #expect(spec.process?.cwd == "/")
    #expect(spec.process?.capabilities?.bounding == SecurityPlan.defaultCapabilities)
    #expect(spec.linux?.seccomp != nil)
    #expect(Set(spec.linux?.namespaces.map(\.type) ?? []) == [.mount, .uts, .pid, .ipc, .cgroup, .network])
    #expect(spec.linux?.maskedPaths.contains("/proc/kcore") == true)
  }

  /// Nobody can join an IPC namespace yet, so one that may be joined is like one that may not.
  @Test(arguments: [("", true), ("private", true), ("shareable", true), ("none", true), ("host", false)])
  func ipcModes(_ mode: String, _ isOwn: Bool) throws {
    let spec = try spec { $0.hostConfig.ipcMode = mode }
    #expect(spec.linux?.namespaces.contains { $0.type == .ipc } == isOwn)
    #expect(spec.mounts.contains { $0.destination == "/dev/shm" } == (mode != "none"))
  }

  /// A change to a request, with the name that its refusal must give.
  struct Refusal: Sendable, CustomTestStringConvertible {
    let names: String
    var kind = ErrorKind.unsupported
    let change: @Sendable (inout ContainerCreateRequest) -> Void

    var testDescription: String { names }
  }

  static let refusals: [Refusal] = [
    Refusal(names: "invalid port specification", kind: .invalid) {
      $0.hostConfig.portBindings = ["eighty/tcp": [PortBinding()]]
    },
    Refusal(names: "invalid host IP", kind: .invalid) {
      $0.hostConfig.portBindings = ["80/tcp": [PortBinding(hostIP: "here")]]
    },
    Refusal(names: "named volume") { $0.hostConfig.binds = ["data:/data"] },
    Refusal(names: "restart policy always") { $0.hostConfig.restartPolicy = RestartPolicy(name: "always") },
    Refusal(names: "invalid container format", kind: .invalid) { $0.hostConfig.networkMode = "container:" },
    Refusal(names: "port publishing and the container type network mode", kind: .invalid) {
      $0.hostConfig.networkMode = "container:x"
      $0.hostConfig.portBindings = ["80/tcp": [PortBinding()]]
    },
    Refusal(names: "invalid nameserver address", kind: .invalid) { $0.hostConfig.dns = ["here"] },
    Refusal(names: "invalid MAC address", kind: .invalid) { $0.config.macAddress = "01:00:00:00:00:00" },
    Refusal(names: "IPC mode container:x") { $0.hostConfig.ipcMode = "container:x" },
    Refusal(names: "invalid IPC mode: shared", kind: .invalid) { $0.hostConfig.ipcMode = "shared" },
    Refusal(names: "PID mode container:x") { $0.hostConfig.pidMode = "container:x" },
    Refusal(names: "Healthcheck") { $0.config.healthcheck = HealthConfig(test: ["CMD", "true"]) },
    Refusal(names: "VolumesFrom") { $0.hostConfig.volumesFrom = ["x"] },
    Refusal(names: "StorageOpt") { $0.hostConfig.storageOpt = ["size": "1g"] },
    Refusal(names: "DeviceRequests") { $0.hostConfig.deviceRequests = [DeviceRequest(count: -1)] },
    Refusal(names: "logging driver syslog") { $0.hostConfig.logConfig = LogConfig(type: "syslog") },
    Refusal(names: "AppArmor profile mine") { $0.hostConfig.securityOpt = ["apparmor=mine"] },
    Refusal(names: "anonymous volume") { $0.config.volumes = ["/data": EmptyObject()] },
    Refusal(names: "Minimum memory limit", kind: .invalid) { $0.hostConfig.memory = 4 << 20 },
    Refusal(names: "range of CPUs", kind: .invalid) { $0.hostConfig.nanoCPUs = 3_000_000_000 },
    Refusal(names: "CAP_NOSUCH", kind: .invalid) { $0.hostConfig.capAdd = ["nosuch"] },
    Refusal(names: "Duplicate mount point", kind: .invalid) { $0.hostConfig.binds = ["/a:/x", "/b:/x/"] },
    Refusal(names: "destination can't be '/'", kind: .invalid) { $0.hostConfig.binds = ["/a:/x/.."] },
    Refusal(names: "absolute", kind: .invalid) { $0.config.workingDir = "here" },
    Refusal(names: "net.//.kernel.x", kind: .invalid) { $0.hostConfig.sysctls = ["net.//.kernel.x": "1"] },
    Refusal(names: "kernel.shm.//.sem", kind: .invalid) { $0.hostConfig.sysctls = ["kernel.shm.//.sem": "1"] },
    Refusal(names: "kernel.hostname", kind: .invalid) { $0.hostConfig.sysctls = ["kernel.hostname": "x"] },
    Refusal(names: "cgroup parent", kind: .invalid) { $0.hostConfig.cgroupParent = "/a/../../b" },
    Refusal(names: "no command", kind: .invalid) { $0.config.cmd = [] },
    Refusal(names: "Invalid signal", kind: .invalid) { $0.config.stopSignal = "SIGNOPE" },
    Refusal(names: "tmpfs option", kind: .invalid) { $0.hostConfig.tmpfs = ["/t": "nope"] },
  ]

  @Test(arguments: refusals) func whatCannotBeHadIsRefusedByName(_ refusal: Refusal) throws {
    let error = #expect(throws: ClassifiedError.self) { _ = try plan(refusal.change) }
    #expect(error?.kind == refusal.kind)
    #expect(error?.description.contains(refusal.names) == true, "\(error?.description ?? "")")
  }

  @Test func limits() throws {
    let resources = try #require(
      try spec { request in
        request.hostConfig.nanoCPUs = 500_000_000
        request.hostConfig.memory = 64 << 20
        request.hostConfig.pidsLimit = 20
        request.hostConfig.cpusetCPUs = "0-1"
        request.hostConfig.deviceCgroupRules = ["c 10:* rw"]
      }.linux?.resources)
    #expect(resources.cpu?.quota == 50_000 && resources.cpu?.period == 100_000 && resources.cpu?.cpus == "0-1")
    #expect(resources.memory?.limit == 64 << 20 && resources.memory?.swap == 128 << 20)
    #expect(resources.pids?.limit == 20)
    #expect(resources.devices.first == LinuxDeviceRule(allow: false, access: "rwm"))
    #expect(resources.devices.last == LinuxDeviceRule(allow: true, type: "c", major: 10, minor: nil, access: "rw"))
  }

  @Test(
    arguments: [
      (["ALL"], [], true, 41), ([], ["ALL"], false, 0), (["net_admin"], ["ALL"], true, 1),
      (["ALL"], ["CAP_NET_ADMIN"], false, 40), ([], ["chown"], false, 13),
    ] as [([String], [String], Bool, Int)])
  func capabilities(_ add: [String], _ drop: [String], _ hasNetAdmin: Bool, _ count: Int) throws {
    let kept = try plan {
      $0.hostConfig.capAdd = add
      $0.hostConfig.capDrop = drop
    }.security.capabilities
    #expect(kept.contains("CAP_NET_ADMIN") == hasNetAdmin)
    #expect(kept.count == count)
  }

  @Test func aPrivilegedContainerIsNotConfined() throws {
    let spec = try spec { $0.hostConfig.privileged = true }
    #expect(spec.linux?.seccomp == nil)
    #expect(spec.linux?.maskedPaths.isEmpty == true)
    #expect(spec.linux?.resources?.devices == [LinuxDeviceRule(allow: true, access: "rwm")])
    #expect(spec.mounts.first { $0.destination == "/sys" }?.options.contains("rw") == true)
  }

  @Test func mountsOfTheUserReplaceTheDefaultsAndNest() throws {
    let mounts = try spec { request in
      request.hostConfig.binds = ["/data/sub:/srv/data/sub:ro", "/data:/srv/data:shared", "/etc/hosts:/etc/hosts"]
      request.hostConfig.tmpfs = ["/run": "size=1m,exec"]
    }.mounts
    let targets = mounts.map(\.destination)
    #expect(targets.filter { $0 == "/etc/hosts" }.count == 1)
    let outer = try #require(targets.firstIndex(of: "/srv/data"))
    let inner = try #require(targets.firstIndex(of: "/srv/data/sub"))
    #expect(outer < inner)
    #expect(mounts[inner].options == ["rbind", "rprivate", "rro"])
    #expect(mounts[outer].options == ["rbind", "shared"])
    #expect(mounts.first { $0.destination == "/run" }?.options == ["nosuid", "nodev", "size=1m", "exec"])
  }

  @Test func anInitComesBeforeTheCommand() throws {
    let spec = try spec { $0.hostConfig.runInit = true }
    #expect(spec.process?.args == ["/sbin/docker-init", "--", "true"])
    #expect(spec.mounts.last?.source == "/lib/apus/apus-runtime")
  }

  @Test func environment() {
    let merged = ProcessPlan.environment(["A=1", "PATH=/p", "HOSTNAME", "A=2"], hostname: "h", hasTerminal: true)
    #expect(merged == ["PATH=/p", "TERM=xterm", "A=2"])
  }

  @Test func theImageGivesTheDefaults() {
    var image = ImageConfiguration.Config()
    image.entrypoint = ["/entry"]
    image.command = ["a"]
    image.environment = ["A=image", "B=image"]
    image.labels = ["l": "image", "m": "image"]
    var request = ContainerCreateRequest()
    request.config.env = ["A=user"]
    request.config.labels = ["l": "user"]
    let merge = { StoredConfiguration(merging: request, into: image, layers: [], platform: "").request.config }
    #expect(merge().cmd == ["a"] && merge().entrypoint == ["/entry"])
    #expect(merge().env == ["A=user", "B=image"])
    #expect(merge().labels == ["l": "user", "m": "image"])
    request.config.entrypoint = ["/mine"]
    #expect(merge().cmd == nil)
    request.config.entrypoint = [""]
    request.config.cmd = ["b"]
    #expect(merge().entrypoint == nil && merge().cmd == ["b"])
  }

  @Test(
    arguments: [
      ("", 0, 0, [0, 4], "/root"), ("www", 33, 33, [33, 4], "/var/www"), ("www:4", 33, 4, [4], "/var/www"),
      ("33", 33, 33, [33, 4], "/var/www"), ("1000", 1000, 0, [0], "/"), ("1000:adm", 1000, 4, [4], "/"),
    ] as [(String, UInt32, UInt32, [UInt32], String)])
  func users(_ user: String, _ uid: UInt32, _ gid: UInt32, _ groups: [UInt32], _ home: String) throws {
    let files = AccountFiles(
      passwd: "root:x:0:0:root:/root:/bin/sh\nbroken line\nwww:x:33:33::/var/www:/bin/false\n",
      group: "root:x:0:\nadm:x:4:root,www\nwww:x:33:\n")
    let found = try files.find(user, additionalGroups: [])
    #expect(found == ContainerUser(uid: uid, gid: gid, groups: groups, home: home))
  }

  @Test(arguments: ["nobody", "2147483648", "-1", "root:nogroup", "99999999999"])
  func noUserBecomesRootByAccident(_ user: String) {
    let files = AccountFiles(passwd: "root:x:0:0:root:/root:/bin/sh\n", group: "root:x:0:\n")
    #expect(throws: ClassifiedError.self) { try files.find(user, additionalGroups: []) }
  }

  @Test(arguments: [("10m", 10 << 20), ("1.5k", 1536), ("7", 7), ("2GiB", 2 << 30)] as [(String, UInt64)])
  func logSizes(_ text: String, _ bytes: UInt64) {
    #expect(LoggingPlan.byteCount(text) == bytes)
  }
}
