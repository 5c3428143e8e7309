import LinuxKernel

/// What `info` and `version` tell about the machine. Read afresh each time: it is asked for seldom.
struct MachineFacts: Sendable {
  let kernelRelease: String
  let operatingSystem: String
  let osVersion: String
  let hostname: String
  let memoryBytes: Int64
  let forwardsIPv4: Bool

  /// Blocking. What cannot be read is left empty.
  init() {
    kernelRelease = MachineFacts.line("/proc/sys/kernel/osrelease")
    hostname = MachineFacts.line("/proc/sys/kernel/hostname")
    forwardsIPv4 = MachineFacts.line("/proc/sys/net/ipv4/ip_forward") == "1"
    let release = MachineFacts.osRelease()
    operatingSystem = release["PRETTY_NAME"] ?? "Linux"
    osVersion = release["VERSION_ID"] ?? ""
    let memory = MachineFacts.line("/proc/meminfo").split(separator: " ")
    memoryBytes = (memory.count > 1 ? Int64(memory[1]) ?? 0 : 0) * 1024
  }

  private static func line(_ path: String) -> String {
    let text = (try? HostFiles.readText(path)) ?? ""
    return text.split(separator: "\n").first.map(String.init) ?? ""
  }

  /// os-release(5).
  private static func osRelease() -> [String: String] {
    for path in ["/etc/os-release", "/usr/lib/os-release"] {
      guard let text = try? HostFiles.readText(path) else { continue }
      return text.split(separator: "\n").reduce(into: [:]) { values, line in
        let parts = line.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return }
        values[String(parts[0])] = String(parts[1].filter { $0 != "\"" })
      }
    }
    return [:]
  }
}
