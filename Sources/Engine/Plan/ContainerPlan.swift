import Diagnostics
import EngineAPI
import LinuxKernel
import OCIRuntimeSpec

/// What a container's configuration means, concern by concern, with every default resolved.
///
/// Making it checks the configuration; it costs some microseconds, so it is made anew where it is needed rather than
/// kept for each container.
struct ContainerPlan: Sendable {
  let resources: ResourcesPlan
  let mounts: MountsPlan
  var network: NetworkPlan
  let namespaces: NamespacesPlan
  let security: SecurityPlan
  let process: ProcessPlan
  let logging: LoggingPlan
  /// With whom the files lie that say what it and others are called; nil: with itself.
  let filesOwner: ContainerID?
  private let initProgram: String

  /// What plans take from their surroundings.
  struct Surroundings: Sendable {
    var facts: HostFacts
    var cgroupParent: String
    var machineName: String
    /// All that this machine lets a container have, by name.
    var knownCapabilities: [String]
    /// The program on the host that serves as `docker-init`.
    var initProgram: String
    var network = NetworkPlan.Defaults()

    /// A machine that can do everything, but for the capabilities that it lets nobody have.
    var refusingNothing: Surroundings {
      var able = self
      able.facts.cpuCount = Int(Int32.max)
      able.facts.cgroupVersion = 1
      able.network.limitsSockets = true
      return able
    }
  }

  /// - Parameter owner: Whose network it shares; nil: it shares none.
  ///
  /// Throws: `invalid` or `unsupported` for the first option that cannot be had.
  init(
    _ configuration: StoredConfiguration, id: ContainerID, in surroundings: Surroundings,
    owner: NamespacesPlan.Owner? = nil
  ) throws(ClassifiedError) {
    let config = configuration.request.config
    let host = configuration.request.hostConfig
    resources = try .plan(host, facts: surroundings.facts, cgroupParent: surroundings.cgroupParent)
    mounts = try .plan(config, host, imageVolumes: Set(configuration.imageVolumes))
    network = try .plan(
      configuration.request, attached: configuration.attached, defaults: surroundings.network)
    namespaces = try .plan(config, host, id: id, hostname: surroundings.machineName, owner: owner)
    filesOwner = owner?.id
    security = try .plan(host, facts: surroundings.facts, knownCapabilities: surroundings.knownCapabilities)
    process = try .plan(config, host, hostname: namespaces.hostname)
    logging = try .plan(host.logConfig)
    initProgram = surroundings.initProgram
  }

  /// What a start finds out before it can write the spec: all that lies outside the configuration.
  struct Findings: Sendable {
    var user = ContainerUser()
    var devices: [FoundDevice] = []
    var blockNumbers: [String: DeviceNumber] = [:]
    /// The path to the network namespace to join; nil: none.
    var networkNamespace: String?
    /// `NAME=value`, about containers that this one is linked to.
    var linkVariables: [String] = []
  }

  /// The OCI configuration of container `id`.
  func spec(id: ContainerID, containerDirectory: String, findings: Findings) -> Spec {
    var linux = Linux(
      devices: findings.devices.map(\.device), cgroupsPath: cgroupPath(of: id),
      resources: resources.spec(devices: findings.devices, blockNumbers: findings.blockNumbers))
    if mounts.mounts.contains(where: { ["shared", "rshared"].contains($0.propagation) }) {
      linux.rootfsPropagation = .shared
    } else if mounts.mounts.contains(where: { ["slave", "rslave"].contains($0.propagation) }) {
      linux.rootfsPropagation = .slave
    }
    var spec = Spec(
      process: process.spec(findings.user, security, linkVariables: findings.linkVariables),
      root: Root(path: "rootfs", readonly: mounts.isRootReadonly),
      mounts: mounts.spec(
        namespaces: namespaces, isPrivileged: security.isPrivileged, containerDirectory: containerDirectory),
      annotations: process.annotations, linux: linux)
    if process.hasInit {
      spec.mounts.append(
        SpecMount(
          destination: ProcessPlan.initPath, type: "bind", source: initProgram, options: ["bind", "rprivate", "ro"]))
    }
    namespaces.spec(&spec)
    network.spec(&spec, namespace: findings.networkNamespace)
    security.spec(&spec)
    return spec
  }

  /// The container's cgroup, below each hierarchy's mount.
  func cgroupPath(of id: ContainerID) -> String { "\(resources.cgroupParent)/\(id.text)" }

  var warnings: [String] { resources.warnings + mounts.warnings }

  /// Writes the resolved defaults into what inspect shows.
  ///
  /// - Parameters:
  ///   - logPath: Where the log would lie.
  ///   - called: What the container is called in networks, once it has been in some.
  ///   - grant: What the container has of its networks now.
  func view(
    _ inspect: inout ContainerInspect, logPath: String, called: ContainerNames?, grant: NetworkGrant?,
    networkIDs: [String: String]
  ) {
    resources.view(&inspect.hostConfig)
    mounts.view(&inspect)
    network.view(&inspect, called: called, grant: grant, networkIDs: networkIDs)
    namespaces.view(&inspect)
    security.view(&inspect)
    process.view(&inspect)
    logging.view(&inspect, path: logPath)
  }
}
