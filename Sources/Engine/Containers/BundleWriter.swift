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

  var name: String { container.name }

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
    if let owner = plan.filesOwner { return layout.directory(of: owner) }
    // Of one that is gone.
    if case .container(let name) = plan.network.mode, let other = ContainerID(name) {
      return layout.directory(of: other)
    }
    return layout.directory(of: container.id)
  }

  /// The files that say what the container and others are called. Where it gets its addresses anew, they are made anew;
  /// else they keep what a program in the container has written to them.
  func writeFiles(_ joining: Networks.Joining?, _ links: [LinkedContainer] = []) throws {
    if case .container = plan.network.mode { return }
    let directory = layout.directory(of: container.id)
    let hosts = "\(directory)/hosts"
    let isFirst = try !HostFiles.exists(hosts)
    guard joining != nil || isFirst else { return }
    let (hostname, domainname) = (plan.namespaces.hostname, plan.namespaces.domainname)
    if isFirst { try HostFiles.overwrite("\(directory)/hostname", with: [UInt8]("\(hostname)\n".utf8)) }
    if isFirst || joining?.resolverChanged == true {
      try HostFiles.overwrite("\(directory)/resolv.conf", with: try resolverFile(joining))
    }
    let text = plan.network.hostsFile(
      hostname: hostname, domainname: domainname, hostsOfMachine: try MachineFiles.hosts(), grant: joining?.grant,
      hostGateway: joining?.hostGateway, links: links)
    // Last: its presence says that all three are there.
    try HostFiles.overwrite(hosts, with: [UInt8](text.utf8))
  }

  private func resolverFile(_ joining: Networks.Joining?) throws -> [UInt8] {
    let text = plan.network.resolverFile(
      ofMachine: try MachineFiles.resolver(), hasResolver: joining?.grant.resolver != nil)
    return [UInt8](text.utf8)
  }

  /// Brings the same files to what a container that runs has got or lost.
  func rewriteFiles(_ joining: Networks.Joining, _ changes: inout FileChanges) throws {
    let directory = layout.directory(of: container.id)
    let (hosts, resolver) = ("\(directory)/hosts", "\(directory)/resolv.conf")
    guard try HostFiles.exists(hosts) else { return try writeFiles(joining) }
    if joining.resolverChanged, try Self.isOfUse(resolver) {
      try changes.write(try resolverFile(joining), to: resolver)
    }
    guard try Self.isOfUse(hosts) else { return }
    let changed = plan.network.hostsFile(
      changing: try HostFiles.read(hosts), hostname: plan.namespaces.hostname, domainname: plan.namespaces.domainname,
      grant: joining.grant, hostGateway: joining.hostGateway)
    try changes.write(changed, to: hosts)
  }

  /// What a program in the container has made larger than 1 MiB is no file of names any more, and is left to it.
  private static func isOfUse(_ path: String) throws(SystemError) -> Bool {
    guard try HostFiles.exists(path) else { return true }
    return try HostFiles.status(path).size <= 1 << 20
  }

  private func write(_ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644) throws(SystemError) {
    try HostFiles.open(path, [.writeOnly, .create, .truncate], permissions: permissions).writeAll(bytes)
  }
}
