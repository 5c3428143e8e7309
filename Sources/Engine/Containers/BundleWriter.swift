import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Writes what a start needs on disk: the OCI bundle, and the files that are bound into the container. Blocking;
/// nothing is synchronised, since a start that the machine's end interrupts is a start that never was.
struct BundleWriter {
  private let container: Container
  private let plan: ContainerPlan
  private let layout: EngineLayout

  init(_ container: Container, _ plan: ContainerPlan, _ layout: EngineLayout) {
    self.container = container
    self.plan = plan
    self.layout = layout
  }

  func write(_ findings: ContainerPlan.Findings, namespace: String?) throws {
    let id = container.id
    let bundle = layout.bundle(of: id)
    try Converge.forgetExit(layout.exitRecord(of: id))
    try HostFiles.makeDirectories("\(bundle)/rootfs", permissions: 0o700)
    var findings = findings
    findings.networkNamespace = namespace
    let spec = plan.spec(id: id, containerDirectory: filesDirectory, findings: findings)
    try write(spec.json(), to: "\(bundle)/config.json", permissions: 0o600)
  }

  /// The path to the network namespace of a container that runs from a bundle.
  ///
  /// Throws: `dataLoss` when the bundle does not say.
  static func networkNamespace(in bundle: String) throws -> String {
    let spec = try Spec(json: try HostFiles.read("\(bundle)/config.json"))
    guard let path = spec.linux?.namespaces.first(where: { $0.type == .network })?.path, !path.isEmpty else {
      throw ClassifiedError(.dataLoss, "the container's network is not known", object: "\(bundle)/config.json")
    }
    return path
  }

  /// Where the files lie that say what the container and others are called: with the container whose network it shares.
  var filesDirectory: String {
    if case .container(let name) = plan.network.mode, let other = ContainerID(name) {
      return layout.directory(of: other)
    }
    return layout.directory(of: container.id)
  }

  /// The files that say what the container and others are called. Where it gets its addresses anew, they are made anew;
  /// else they keep what a program in the container has written to them.
  ///
  /// - Parameter isLive: The container runs, and has got or lost some addresses.
  func writeFiles(_ joining: Networks.Joining?, _ links: [LinkedContainer] = [], isLive: Bool = false) throws {
    if case .container = plan.network.mode { return }
    let directory = layout.directory(of: container.id)
    let hosts = "\(directory)/hosts"
    guard try joining != nil || !HostFiles.exists(hosts) else { return }
    let (hostname, domainname) = (plan.namespaces.hostname, plan.namespaces.domainname)
    let isFirst = try !HostFiles.exists(hosts)
    if isFirst { try write([UInt8]("\(hostname)\n".utf8), to: "\(directory)/hostname") }
    if isFirst || joining?.resolverChanged == true {
      let text = plan.network.resolverFile(
        ofMachine: try MachineFiles.resolver(), hasResolver: joining?.grant.resolver != nil)
      try write([UInt8](text.utf8), to: "\(directory)/resolv.conf")
    }
    if isLive, !isFirst, let joining {
      guard try HostFiles.status(hosts).size <= Self.mostHostsBytes else { return }
      let changed = plan.network.hostsFile(
        changing: try HostFiles.read(hosts), hostname: hostname, domainname: domainname, grant: joining.grant,
        hostGateway: joining.hostGateway)
      return try write(changed, to: hosts)
    }
    let text = plan.network.hostsFile(
      hostname: hostname, domainname: domainname, hostsOfMachine: try MachineFiles.hosts(), grant: joining?.grant,
      hostGateway: joining?.hostGateway, links: links)
    // Last: its presence says that all three are there.
    try write([UInt8](text.utf8), to: hosts)
  }

  /// What a program in the container has made larger is no file of hosts any more, and is left to it.
  private static let mostHostsBytes = 1 << 20

  private func write(_ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644) throws(SystemError) {
    try HostFiles.open(path, [.writeOnly, .create, .truncate], permissions: permissions).writeAll(bytes)
  }
}
