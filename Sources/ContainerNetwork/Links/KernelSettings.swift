public import NetworkAddresses

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

  /// Whether packets inside a bridge pass the rules of the IP layer (br_netfilter).
  static var bridgesCallFilter: Bool {
    get throws {
      let path = "/proc/sys/net/bridge/bridge-nf-call-iptables"
      return try HostFiles.exists(path) && HostFiles.readText(path).hasPrefix("1")
    }
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
    // All addresses here are ours to give: for the second that it takes to ask who else has the link-local one, no packet
    // of others would be led through.
    try set("ipv6/conf/\(interface)/accept_dad", to: "0")
    try set("ipv6/conf/\(interface)/disable_ipv6", to: isOn ? "0" : "1")
  }
}

/// What holds for the whole machine.
public enum HostNetwork {
  /// Whether programs of this machine can use IPv6: it has ::1.
  public static var hasVersion6: Bool {
    // The kernel has no such files where it has no IPv6 at all.
    let settings = ["all", "lo"].map { try? HostFiles.readText("/proc/sys/net/ipv6/conf/\($0)/disable_ipv6") }
    return settings.allSatisfy { $0?.hasPrefix("0") == true }
  }

  /// Whether this machine has IPv6, and somebody has switched it off for all of its links.
  public static var isVersion6SwitchedOff: Bool {
    (try? HostFiles.readText("/proc/sys/net/ipv6/conf/all/disable_ipv6"))?.hasPrefix("1") == true
  }

  /// Has this machine forward packets between its links.
  public static func becomeRouter(_ family: IPAddress.Family) throws {
    if family == .version6 { try keepHearingRouters() }
    try HostFiles.write("1", toExisting: forwarding(family))
  }

  /// Whether it does, or cannot, since the kernel lacks the family.
  public static func isRouter(_ family: IPAddress.Family) throws -> Bool {
    let path = forwarding(family)
    return try !HostFiles.exists(path) || HostFiles.readText(path).hasPrefix("1")
  }

  private static func forwarding(_ family: IPAddress.Family) -> String {
    family == .version4 ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding"
  }

  /// Has it forward no more.
  public static func resignRouter(_ family: IPAddress.Family) throws {
    try HostFiles.write("0", toExisting: forwarding(family))
  }

  /// A machine that forwards no longer listens to routers, and would lose its own way out: unless that is said (2).
  private static func keepHearingRouters() throws {
    let directory = "/proc/sys/net/ipv6/conf"
    for interface in try HostFiles.list(directory) where interface != "all" {
      let path = "\(directory)/\(interface)/accept_ra"
      if try HostFiles.readText(path).hasPrefix("1") { try HostFiles.write("2", toExisting: path) }
    }
  }
}
