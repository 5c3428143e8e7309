import CLinux
import Glibc
public import LinuxKernel
public import NetworkAddresses

/// xtables, the machine's packet filter before nf_tables: what iptables-legacy writes. It is only looked at.
public enum LegacyFilter {
  /// Whether it drops what is forwarded and no rule lets pass: the policy of its chain FORWARD. Where nobody uses it, it
  /// does not.
  ///
  /// Works in the network namespace of the calling thread, and needs CAP_NET_ADMIN.
  public static func dropsForwarding(_ family: IPAddress.Family) throws(SystemError) -> Bool {
    // To ask for a table loads it: only those that are there already.
    let list = "/proc/thread-self/net/\(family == .version4 ? "ip" : "ip6")_tables_names"
    guard try HostFiles.exists(list), try HostFiles.readText(list).split(separator: "\n").contains("filter") else {
      return false
    }
    return try systemCall("read policy of FORWARD in", "xtables") {
      clinux_xtables_forward_policy(family == .version6 ? 1 : 0)
    } == 0
  }
}
