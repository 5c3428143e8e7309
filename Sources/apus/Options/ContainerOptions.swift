import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import JSON
import LinuxKernel

/// Makes the request for a new container from the flags of `run` and `create`.
///
/// A flag that was not given sends what Docker's CLI sends, so that the server's defaults are the ones that count.
struct ContainerOptions {
  private let session: Session
  private let flags: FlagValues
  private let image: String
  private let command: [String]

  /// The first argument is the image, the others are the command.
  init(_ session: Session) {
    self.session = session
    flags = session.flags
    image = session.arguments.first ?? ""
    command = Array(session.arguments.dropFirst())
  }

  /// Throws: kind `invalid` for values that cannot be used, `notFound` for files that are not there.
  func request() throws -> ContainerCreateRequest {
    var request = ContainerCreateRequest()
    request.config = try configuration()
    try addPorts(&request)
    try addVolumes(&request)
    try addLife(&request.hostConfig)
    try addNetwork(&request)
    addNamespaces(&request.hostConfig)
    try addPrivileges(&request.hostConfig)
    try addDevices(&request.hostConfig)
    request.hostConfig.addLimits(flags)
    addFurtherLimits(&request.hostConfig)
    return request
  }

  /// The streams that are attached: what `--attach` says, else output and error, and input with `-i`.
  var attached: AttachedStreams {
    let names = flags.strings("attach").map { $0.lowercased() }
    if names.isEmpty { return flags.bool("interactive") ? [.input, .output, .error] : [.output, .error] }
    var streams: AttachedStreams = []
    if names.contains("stdin") { streams.insert(.input) }
    if names.contains("stdout") { streams.insert(.output) }
    if names.contains("stderr") { streams.insert(.error) }
    return streams
  }

  // MARK: - The portable configuration

  private func configuration() throws -> ContainerConfig {
    var config = ContainerConfig()
    config.image = image
    config.cmd = command.isEmpty ? nil : command
    if let entrypoint = flags.string("entrypoint") { config.entrypoint = [entrypoint] }
    config.hostname = flags.string("hostname") ?? ""
    config.domainname = flags.string("domainname") ?? ""
    config.user = flags.string("user") ?? ""
    config.workingDir = flags.string("workdir") ?? ""
    config.tty = flags.bool("tty")
    config.openStdin = flags.bool("interactive")
    config.attachStdin = attached.contains(.input)
    config.attachStdout = attached.contains(.output)
    config.attachStderr = attached.contains(.error)
    config.stdinOnce = config.openStdin && config.attachStdin
    config.env = try environment()
    config.labels = OptionText.table(try linesOfFiles("label-file") + flags.strings("label"))
    config.stopSignal = flags.string("stop-signal")
    config.stopTimeout = flags.integer("stop-timeout").map { Int($0) }
    config.healthcheck = try healthcheck()
    return config
  }

  private func environment() throws -> [String] {
    var variables = try linesOfFiles("env-file")
    for word in flags.strings("env") {
      variables.append(try EnvironmentOption.variable(word) { session.environment[$0] })
    }
    return variables
  }

  private func linesOfFiles(_ flag: String) throws -> [String] {
    try flags.strings(flag).flatMap { path in
      let content = try session.readFile(path)
      do {
        return try EnvironmentOption.file(content) { session.environment[$0] }
      } catch let error as ClassifiedError {
        throw error.during("invalid \(flag == "env-file" ? "env" : "label") file (\(path))")
      }
    }
  }

  private func healthcheck() throws -> HealthConfig? {
    let timed = ["health-interval", "health-timeout", "health-start-period", "health-start-interval"]
    let isGiven = (timed + ["health-cmd", "health-retries"]).contains(where: flags.isSet)
    if flags.bool("no-healthcheck") {
      if isGiven { throw ClassifiedError(.invalid, "--no-healthcheck conflicts with --health-* options") }
      return HealthConfig(test: ["NONE"])
    }
    guard isGiven else { return nil }
    for flag in timed where flags.nanoseconds(flag) ?? 0 < 0 {
      throw ClassifiedError(.invalid, "--\(flag) cannot be negative")
    }
    return HealthConfig(
      test: flags.string("health-cmd").map { ["CMD-SHELL", $0] }, interval: flags.nanoseconds("health-interval"),
      timeout: flags.nanoseconds("health-timeout"), startPeriod: flags.nanoseconds("health-start-period"),
      startInterval: flags.nanoseconds("health-start-interval"),
      retries: flags.integer("health-retries").map { Int($0) })
  }

  // MARK: - Ports, volumes

  private func addPorts(_ request: inout ContainerCreateRequest) throws {
    request.hostConfig.publishAllPorts = flags.bool("publish-all")
    request.hostConfig.portBindings = [:]
    guard flags.isSet("publish") || flags.isSet("expose") else { return }
    let published = try flags.strings("publish").flatMap(PortOption.published)
    let exposed = try flags.strings("expose").flatMap(PortOption.exposed)
    request.config.exposedPorts = Dictionary((published + exposed).map { ($0.containerPort, EmptyObject()) }) { $1 }
    request.hostConfig.portBindings = published.bindings
  }

  private func addVolumes(_ request: inout ContainerCreateRequest) throws {
    var binds: [String] = []
    var anonymous: [String: EmptyObject] = [:]
    for word in flags.strings("volume") {
      switch try VolumeOption(word, absolute: session.absolutePath) {
      case .bind(let bind): binds.append(bind)
      case .anonymous(let path): anonymous[path] = EmptyObject()
      }
    }
    request.config.volumes = anonymous.isEmpty ? nil : anonymous
    request.hostConfig.binds = binds.isEmpty ? nil : binds
    let mounts = try flags.strings("mount").map { try Mount(option: $0, absolute: session.absolutePath) }
    request.hostConfig.mounts = mounts.isEmpty ? nil : mounts
    var tmpfs: [String: String] = [:]
    for word in flags.strings("tmpfs") {
      let parts = word.split(separator: ":", maxSplits: 1).map(String.init)
      tmpfs[parts.first ?? ""] = parts.count == 2 ? parts[1] : ""
    }
    request.hostConfig.tmpfs = tmpfs.isEmpty ? nil : tmpfs
    request.hostConfig.volumeDriver = flags.string("volume-driver") ?? ""
    request.hostConfig.volumesFrom = optional("volumes-from")
    request.hostConfig.readonlyRootfs = flags.bool("read-only")
    request.hostConfig.shmSize = flags.byteSize("shm-size") ?? 0
    request.hostConfig.storageOpt = table("storage-opt")
  }

  // MARK: - The host's half

  private func addLife(_ host: inout HostConfig) throws {
    host.autoRemove = flags.bool("rm")
    host.restartPolicy = try RestartPolicy(option: flags.string("restart") ?? "no")
    if host.autoRemove, !["", "no"].contains(host.restartPolicy.name) {
      throw ClassifiedError(.conflict, "conflicting options: cannot specify both --restart and --rm")
    }
    host.runInit = flags.isSet("init") ? flags.bool("init") : nil
    host.logConfig = LogConfig(
      type: flags.string("log-driver") ?? "", config: OptionText.table(flags.strings("log-opt")))
    host.containerIDFile = flags.string("cidfile") ?? ""
    host.runtime = flags.string("runtime")
    host.isolation = flags.string("isolation") ?? ""
    host.annotations = table("annotation")
    host.consoleSize = Console.windowSize.map { [Int($0.rows), Int($0.columns)] } ?? [0, 0]
  }

  private func addNetwork(_ request: inout ContainerCreateRequest) throws {
    var attachments = NetworkAttachments()
    attachments.networks = try (flags.strings("network") + flags.strings("net")).map(NetworkOption.init)
    attachments.aliases = flags.strings("network-alias") + flags.strings("net-alias")
    attachments.links = flags.strings("link")
    attachments.ipv4Address = flags.string("ip")
    attachments.ipv6Address = flags.string("ip6")
    attachments.linkLocalIPs = flags.strings("link-local-ip")
    attachments.macAddress = flags.string("mac-address")
    let resolved = try attachments.resolve()
    request.hostConfig.networkMode = resolved.mode
    request.networkingConfig = resolved.config
    // Before 1.44 the address was the container's; since then it is the endpoint's, and the other form gives a warning.
    if session.client.apiVersion < APIVersion(1, 44) { request.config.macAddress = attachments.macAddress }
    request.hostConfig.dns = flags.strings("dns")
    request.hostConfig.dnsOptions = flags.strings("dns-option") + flags.strings("dns-opt")
    request.hostConfig.dnsSearch = flags.strings("dns-search")
    request.hostConfig.links = optional("link")
    let hosts = try flags.strings("add-host").map(NameServiceOption.host)
    request.hostConfig.extraHosts = hosts.isEmpty ? nil : hosts
    try addBandwidth(&request.hostConfig)
  }

  private func addBandwidth(_ host: inout HostConfig) throws {
    guard let text = flags.string("network-bandwidth") else { return }
    let bandwidth = try NetworkBandwidth(option: text)
    host.networkBandwidth = bandwidth.applied(to: nil)
    if host.networkBandwidth == nil, bandwidth.burst != nil {
      throw ClassifiedError(.invalid, "a burst needs a rate", object: text, advice: "add rx= or tx=")
    }
  }

  private func addNamespaces(_ host: inout HostConfig) {
    host.cgroupnsMode = flags.string("cgroupns") ?? ""
    host.ipcMode = flags.string("ipc") ?? ""
    host.pidMode = flags.string("pid") ?? ""
    host.usernsMode = flags.string("userns") ?? ""
    host.utsMode = flags.string("uts") ?? ""
    host.sysctls = table("sysctl")
  }

  private func addPrivileges(_ host: inout HostConfig) throws {
    host.privileged = flags.bool("privileged")
    host.capAdd = SecurityOptions.capabilities(flags.strings("cap-add"))
    host.capDrop = SecurityOptions.capabilities(flags.strings("cap-drop"))
    host.groupAdd = optional("group-add")
    let reading = try SecurityOptions.read(flags.strings("security-opt")) { path in
      let profile = try session.readFile(path)
      do throws(JSONSyntaxError) {
        return try JSONValue(parsing: Array(profile.utf8)).compact
      } catch {
        throw ClassifiedError(.invalid, "the seccomp profile is no JSON: \(error.description)", object: path)
      }
    }
    host.securityOpt = reading.options.isEmpty ? nil : reading.options
    if reading.unmasksSystemPaths {
      host.maskedPaths = []
      host.readonlyPaths = []
    }
    let ulimits = try flags.strings("ulimit").map { try Ulimit(option: $0) }
    host.ulimits = ulimits.isEmpty ? nil : ulimits
  }

  private func addDevices(_ host: inout HostConfig) throws {
    // `vendor.com/class=name` is a device of the Container Device Interface, not a path.
    let (paths, named) = flags.strings("device").reduce(into: ([String](), [String]())) { parts, word in
      if word.hasPrefix("/") || !word.contains("=") { parts.0.append(word) } else { parts.1.append(word) }
    }
    host.devices = try paths.map { try DeviceMapping(option: $0) }
    host.deviceCgroupRules = optional("device-cgroup-rule")
    var requests = try flags.string("gpus").map { [try DeviceRequest(gpus: $0)] } ?? []
    if !named.isEmpty { requests.append(DeviceRequest(driver: "cdi", deviceIDs: named)) }
    host.deviceRequests = requests.isEmpty ? nil : requests
    host.blkioWeightDevice = try flags.strings("blkio-weight-device").map { try WeightDevice(option: $0) }
    host.blkioDeviceReadBps = try throttles("device-read-bps", countsBytes: true)
    host.blkioDeviceWriteBps = try throttles("device-write-bps", countsBytes: true)
    host.blkioDeviceReadIOps = try throttles("device-read-iops", countsBytes: false)
    host.blkioDeviceWriteIOps = try throttles("device-write-iops", countsBytes: false)
  }

  private func throttles(_ flag: String, countsBytes: Bool) throws -> [ThrottleDevice] {
    try flags.strings(flag).map { try ThrottleDevice(option: $0, countsBytes: countsBytes) }
  }

  private func addFurtherLimits(_ host: inout HostConfig) {
    host.cgroupParent = flags.string("cgroup-parent") ?? ""
    host.memorySwappiness = flags.isSet("memory-swappiness") ? flags.integer("memory-swappiness") : nil
    host.oomKillDisable = flags.isSet("oom-kill-disable") ? flags.bool("oom-kill-disable") : nil
    host.oomScoreAdj = Int(flags.integer("oom-score-adj") ?? 0)
  }

  private func optional(_ flag: String) -> [String]? {
    let words = flags.strings(flag)
    return words.isEmpty ? nil : words
  }

  private func table(_ flag: String) -> [String: String]? {
    let words = flags.strings(flag)
    return words.isEmpty ? nil : OptionText.table(words)
  }
}
