public import EngineAPI

import Diagnostics
import ImageStore
import NIOPosix
import NetworkAddresses
import OCIImageSpec

/// What the engine says about itself.
extension Engine {
  /// The engine's version.
  public static let version = Apus.version

  public func version() async -> SystemVersion {
    let machine = MachineFacts()
    var answer = SystemVersion()
    answer.platform = PlatformName(name: "Apus Engine")
    answer.version = Engine.version
    answer.apiVersion = APIVersion.maximum.description
    answer.minAPIVersion = APIVersion.minimum.description
    answer.gitCommit = ""
    answer.goVersion = "swift"
    answer.os = "linux"
    answer.arch = Platform.host.architecture
    answer.kernelVersion = machine.kernelRelease
    answer.components = [
      ComponentVersion(
        name: "Engine", version: Engine.version,
        details: [
          "ApiVersion": answer.apiVersion, "MinAPIVersion": answer.minAPIVersion, "Os": "linux",
          "Arch": answer.arch, "KernelVersion": machine.kernelRelease, "Experimental": "false", "GoVersion": "swift",
          "GitCommit": "", "BuildTime": "",
        ]),
      ComponentVersion(name: "apus-runtime", version: Engine.version, details: ["GitCommit": ""]),
    ]
    return answer
  }

  public func info() async throws -> SystemInfo {
    let machine = try await threads.runIfActive { MachineFacts() }
    var answer = SystemInfo()
    answer.id = identity
    (answer.containersRunning, answer.containersPaused, answer.containersStopped) = containerCounts()
    answer.containers = answer.containersRunning + answer.containersPaused + answer.containersStopped
    answer.images = images.images().count
    answer.driver = "overlay2"
    answer.driverStatus = [["Backing Filesystem", "extfs"], ["Supports d_type", "true"]]
    answer.plugins = PluginsInfo(network: ["bridge", "host", "ipvlan", "macvlan", "null"], log: ["json-file", "none"])
    answer.memoryLimit = true
    answer.swapLimit = facts.limitsSwap
    (answer.cpuCfsPeriod, answer.cpuCfsQuota, answer.cpuShares, answer.cpuSet) = (true, true, true, true)
    answer.pidsLimit = true
    answer.oomKillDisable = facts.cgroupVersion == 1
    answer.ipv4Forwarding = machine.forwardsIPv4
    answer.debug = configuration.isDebug
    answer.nEventsListener = events.listenerCount
    answer.systemTime = Timestamp.now.rfc3339
    answer.loggingDriver = "json-file"
    answer.cgroupDriver = "cgroupfs"
    answer.cgroupVersion = "\(facts.cgroupVersion)"
    answer.kernelVersion = machine.kernelRelease
    answer.operatingSystem = machine.operatingSystem
    answer.osVersion = machine.osVersion
    answer.osType = "linux"
    answer.architecture = Platform.host.architecture == "amd64" ? "x86_64" : "aarch64"
    answer.indexServerAddress = "https://index.docker.io/v1/"
    // Clients read these as networks, and fail on anything else.
    let insecure = configuration.insecureRegistries
    let networks = insecure.filter { IPPrefix($0) != nil }
    var indices = [
      "docker.io": IndexInfo(name: "docker.io", mirrors: configuration.registryMirrors, secure: true, official: true)
    ]
    for host in insecure where IPPrefix(host) == nil { indices[host] = IndexInfo(name: host) }
    answer.registryConfig = RegistryServiceConfig(
      insecureRegistryCIDRs: ["::1/128", "127.0.0.0/8"] + networks, indexConfigs: indices,
      mirrors: configuration.registryMirrors)
    answer.ncpu = facts.cpuCount
    answer.memTotal = machine.memoryBytes
    answer.dockerRootDir = configuration.dataRoot
    answer.name = machine.hostname
    answer.serverVersion = Engine.version
    answer.runtimes = ["apus-runtime": RuntimeInfo(path: "apus-runtime")]
    answer.defaultRuntime = "apus-runtime"
    answer.liveRestoreEnabled = true
    answer.initBinary = "docker-init"
    // No name=apparmor, whatever the machine has: no profile is applied.
    answer.securityOptions = ["name=seccomp,profile=builtin", "name=cgroupns"]
    return answer
  }
}
