/// The name of a kernel parameter, as `linux.sysctl` has it: "net.ipv4.ip_forward".
public struct SysctlName: Sendable, Equatable {
  /// The directories below /proc/sys and the file. Slashes and dots are exchanged, as sysctl(8) does: an interface's
  /// name may hold a dot.
  public let components: [String]

  /// Nil for what names no file, or leads anywhere but down: an empty component, "." and "..".
  public init?(_ name: String) {
    let path = name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 }
    let components = path.split(separator: "/", omittingEmptySubsequences: false).map { String($0) }
    guard components.count > 1, !components.contains(where: { ["", ".", ".."].contains($0) || $0.contains("\0") })
    else { return nil }
    self.components = components
  }
}
