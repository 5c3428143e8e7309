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

  func write(_ findings: ContainerPlan.Findings) throws {
    let id = container.id
    let bundle = layout.bundle(of: id)
    let directory = layout.directory(of: id)
    try Converge.forgetExit(layout.exitRecord(of: id))
    try HostFiles.makeDirectories("\(bundle)/rootfs", permissions: 0o700)
    let spec = plan.spec(id: id, containerDirectory: directory, findings: findings)
    try write(spec.json(), to: "\(bundle)/config.json", permissions: 0o600)
    try writeOwnFiles(directory)
  }

  /// The files keep what a program in the container has written to them; so they are made once.
  private func writeOwnFiles(_ directory: String) throws {
    let hosts = "\(directory)/hosts"
    guard try !HostFiles.exists(hosts) else { return }
    let machineHosts = String(decoding: try HostFiles.readIfPresent("/etc/hosts") ?? [], as: UTF8.self)
    let resolver = String(decoding: try HostFiles.readIfPresent("/etc/resolv.conf") ?? [], as: UTF8.self)
    let (hostname, domainname) = (plan.namespaces.hostname, plan.namespaces.domainname)
    try write([UInt8]("\(hostname)\n".utf8), to: "\(directory)/hostname")
    try write([UInt8](plan.network.resolverFile(ofMachine: resolver).utf8), to: "\(directory)/resolv.conf")
    let text = plan.network.hostsFile(hostname: hostname, domainname: domainname, hostsOfMachine: machineHosts)
    // Last: its presence says that all three are there.
    try write([UInt8](text.utf8), to: hosts)
  }

  private func write(_ bytes: [UInt8], to path: String, permissions: UInt32 = 0o644) throws(SystemError) {
    try HostFiles.open(path, [.writeOnly, .create, .truncate], permissions: permissions).writeAll(bytes)
  }
}
