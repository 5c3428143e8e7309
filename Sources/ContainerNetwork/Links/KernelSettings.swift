import Diagnostics
import LinuxKernel

/// The settings below /proc/sys/net, of the network namespace of the calling thread. ip-sysctl of the kernel's
/// documentation.
enum KernelSettings {
  static func set(_ name: String, to value: String) throws {
    let path = "/proc/sys/net/\(name)"
    if try HostFiles.readText(path).split(separator: "\n").first.map(String.init) == value { return }
    try HostFiles.write(value, toExisting: path)
  }

  /// Whether an interface speaks IPv6. A kernel without IPv6 has nothing to switch off.
  ///
  /// Throws: `unsupported` when it is to speak it and cannot.
  static func setVersion6(_ isOn: Bool, of interface: String) throws {
    guard try HostFiles.exists("/proc/sys/net/ipv6/conf/\(interface)") else {
      if isOn { throw ClassifiedError(.unsupported, "this kernel has no IPv6", object: interface) }
      return
    }
    try set("ipv6/conf/\(interface)/accept_ra", to: "0")
    try set("ipv6/conf/\(interface)/disable_ipv6", to: isOn ? "0" : "1")
  }

  /// Makes this machine a router, and says whether it was none before.
  static func forward(_ family: String) throws -> Bool {
    let path = family == "ipv4" ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding"
    guard try HostFiles.exists(path) else { return false }
    if try HostFiles.readText(path).hasPrefix("1") { return false }
    try HostFiles.write("1", toExisting: path)
    return true
  }
}
