import Foundation
import LinuxKernel

/// What the tests' containers are made of, as OCI configuration.
struct Bundle {
  let id: String
  let script: String
  let terminal: Bool
  /// Whether the container has no pid namespace of its own.
  let hostPIDs: Bool
  let memoryLimit: Int?

  /// The cgroup above those of all tests' containers.
  private static let cgroupParent = "apus-shim-tests"

  func configuration() throws -> [UInt8] {
    var resources: [String: Any] = [:]
    if let memoryLimit { resources["memory"] = ["limit": memoryLimit, "swap": memoryLimit] }
    let configuration: [String: Any] = [
      "ociVersion": "1.0.2",
      "process": Self.processObject(script, terminal: terminal),
      "root": ["path": "rootfs"],
      "mounts": [
        mount("proc", at: "/proc"), mount("tmpfs", at: "/dev"), mount("devpts", at: "/dev/pts"),
        mount("tmpfs", at: "/tmp"),
      ],
      "linux": [
        "cgroupsPath": "/\(Self.cgroupParent)/\(id)",
        "namespaces": ((hostPIDs ? [] : ["pid"]) + ["mount", "ipc", "uts"]).map { ["type": $0] },
        "resources": resources,
      ],
    ]
    return [UInt8](try JSONSerialization.data(withJSONObject: configuration))
  }

  /// A process object for an exec.
  static func process(_ script: String, terminal: Bool) throws -> [UInt8] {
    [UInt8](try JSONSerialization.data(withJSONObject: processObject(script, terminal: terminal)))
  }

  /// The file that counts a container's out-of-memory kills, on cgroup v1 or v2.
  static func outOfMemoryCounter(of id: String) throws -> String {
    let v1 = "/sys/fs/cgroup/memory"
    return try HostFiles.exists(v1)
      ? "\(v1)/\(cgroupParent)/\(id)/memory.oom_control" : "/sys/fs/cgroup/\(cgroupParent)/\(id)/memory.events"
  }

  /// Removes the parent, if no container is below it any more.
  static func removeCgroups() {
    for hierarchy in (try? HostFiles.list("/sys/fs/cgroup")) ?? [] {
      try? HostFiles.removeDirectory("/sys/fs/cgroup/\(hierarchy)/\(cgroupParent)")
    }
    try? HostFiles.removeDirectory("/sys/fs/cgroup/\(cgroupParent)")
  }

  private func mount(_ type: String, at destination: String) -> [String: Any] {
    ["type": type, "source": type, "destination": destination]
  }

  private static func processObject(_ script: String, terminal: Bool) -> [String: Any] {
    [
      "terminal": terminal,
      "user": ["uid": 0, "gid": 0],
      "args": ["/bin/sh", "-c", script],
      "env": ["PATH=/bin", "TERM=dumb"],
      "cwd": "/",
    ]
  }
}
