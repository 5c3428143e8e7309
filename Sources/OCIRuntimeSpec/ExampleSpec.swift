extension Spec {
  /// A configuration to start from: a shell on a terminal, in namespaces of its own, with few rights.
  public static var example: Spec {
    let capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
    let process = Process(
      args: ["sh"], env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
      terminal: true,
      capabilities: LinuxCapabilities(bounding: capabilities, effective: capabilities, permitted: capabilities),
      rlimits: [POSIXRlimit(type: "RLIMIT_NOFILE", soft: 1024, hard: 1024)], noNewPrivileges: true)
    let linux = Linux(
      namespaces: [.pid, .network, .ipc, .uts, .mount, .cgroup].map { LinuxNamespace(type: $0) },
      resources: LinuxResources(devices: [LinuxDeviceRule(allow: false, access: "rwm")]),
      maskedPaths: [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
      ],
      readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"])
    return Spec(
      process: process, root: Root(path: "rootfs", readonly: true), hostname: "apus", mounts: exampleMounts,
      linux: linux)
  }

  private static var exampleMounts: [SpecMount] {
    let quiet = ["nosuid", "noexec", "nodev"]
    return [
      SpecMount(destination: "/proc", type: "proc", source: "proc"),
      SpecMount(
        destination: "/dev", type: "tmpfs", source: "tmpfs",
        options: ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      SpecMount(
        destination: "/dev/pts", type: "devpts", source: "devpts",
        options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
      SpecMount(
        destination: "/dev/shm", type: "tmpfs", source: "shm", options: quiet + ["mode=1777", "size=65536k"]),
      SpecMount(destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: quiet),
      SpecMount(destination: "/sys", type: "sysfs", source: "sysfs", options: quiet + ["ro"]),
      SpecMount(
        destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: quiet + ["relatime", "ro"]),
    ]
  }
}
