import CommandLine
import Diagnostics
import EngineAPI
import EngineClient

/// The flags that say what a new container is like: those of `create`, and most of `run`'s.
enum ContainerFlags {
  /// All of them in one list, which is made once for each program: there are a hundred.
  static func all(and more: [FlagSpec] = []) -> [FlagSpec] {
    var flags: [FlagSpec] = []
    flags.reserveCapacity(120)
    flags += process
    flags += files
    flags += network
    flags += namespaces
    flags += privileges
    flags += limits
    flags += health
    flags += life
    flags += more
    return flags
  }

  private static var process: [FlagSpec] {
    [
      FlagSpec("attach", "a", .list, "Attach to STDIN, STDOUT or STDERR").checked { name in
        ["stdin", "stdout", "stderr"].contains(name.lowercased()) ? nil : "valid streams are STDIN, STDOUT and STDERR"
      },
      .string("entrypoint", "Overwrite the default ENTRYPOINT of the image"),
      .list("env", "e", "Set environment variables"),
      .list("env-file", "Read in a file of environment variables"),
      .string("hostname", "h", "Container host name"),
      .string("domainname", "Container NIS domain name"),
      .bool("interactive", "i", "Keep STDIN open even if not attached"),
      .bool("tty", "t", "Allocate a pseudo-TTY"),
      .string("user", "u", "Username or UID (format: <name|uid>[:<group|gid>])"),
      .string("workdir", "w", "Working directory inside the container"),
      .list("label", "l", "Set meta data on a container"),
      .list("label-file", "Read in a line delimited file of labels"),
      FlagSpec(
        "annotation", .list, valueName: "map", "Add an annotation to the container (passed through to the OCI runtime)"),
      .string("stop-signal", "Signal to stop the container"),
      .integer("stop-timeout", "Timeout (in seconds) to stop a container"),
    ]
  }

  private static var files: [FlagSpec] {
    [
      FlagSpec("mount", .list, valueName: "mount", "Attach a filesystem mount to the container").checked { option in
        complaint { () throws(ClassifiedError) in _ = try Mount(option: option) { $0 } }
      },
      .list("volume", "v", "Bind mount a volume"),
      .string("volume-driver", "Optional volume driver for the container"),
      .list("volumes-from", "Mount volumes from the specified container(s)"),
      .list("tmpfs", "Mount a tmpfs directory"),
      .bool("read-only", "Mount the container's root filesystem as read only"),
      FlagSpec("shm-size", .byteSize, "Size of /dev/shm"),
      .list("storage-opt", "Storage driver options for the container"),
      .list("device", "Add a host device to the container"),
      FlagSpec(
        "gpus", .string, valueName: "gpu-request", "GPU devices to add to the container ('all' to pass all GPUs)"
      )
      .checked { option in complaint { () throws(ClassifiedError) in _ = try DeviceRequest(gpus: option) } },
    ]
  }

  private static var network: [FlagSpec] {
    [
      FlagSpec("add-host", .list, "Add a custom host-to-IP mapping (host:ip)").checked { option in
        complaint { () throws(ClassifiedError) in _ = try NameServiceOption.host(option) }
      },
      FlagSpec("dns", .list, "Set custom DNS servers").checked { server in
        complaint { () throws(ClassifiedError) in try NameServiceOption.server(server) }
      },
      .list("dns-option", "Set DNS options"),
      FlagSpec.list("dns-opt", "Set DNS options").hidden(),
      FlagSpec("dns-search", .list, "Set custom DNS search domains").checked { domain in
        complaint { () throws(ClassifiedError) in try NameServiceOption.searchDomain(domain) }
      },
      .list("expose", "Expose a port or a range of ports"),
      .string("ip", "IPv4 address (e.g., 172.30.100.104)"),
      .string("ip6", "IPv6 address (e.g., 2001:db8::33)"),
      .link,
      .list("link-local-ip", "Container IPv4/IPv6 link-local addresses"),
      .string("mac-address", "Container MAC address (e.g., 92:d0:c6:0a:29:33)"),
      networkName("network"),
      networkName("net").hidden(),
      .list("network-alias", "Add network-scoped alias for the container"),
      networkBandwidth,
      FlagSpec.list("net-alias", "Add network-scoped alias for the container").hidden(),
      .list("publish", "p", "Publish a container's port(s) to the host"),
      .bool("publish-all", "P", "Publish all exposed ports to random ports"),
    ]
  }

  private static func networkName(_ long: String) -> FlagSpec {
    FlagSpec(long, .list, valueName: "network", "Connect a container to a network").checked { option in
      complaint { () throws(ClassifiedError) in _ = try NetworkOption(option) }
    }
  }

  private static var networkBandwidth: FlagSpec {
    FlagSpec(
      "network-bandwidth", .string, valueName: "rate",
      "Limit what the container receives and sends (50mbit, or rx=50mbit,tx=10mbit,burst=64k; 0 is no limit)"
    )
    .checked { option in complaint { () throws(ClassifiedError) in _ = try NetworkBandwidth(option: option) } }
  }

  private static var namespaces: [FlagSpec] {
    [
      .string("cgroupns", "Cgroup namespace to use (host|private)"),
      .string("ipc", "IPC mode to use"),
      .string("pid", "PID namespace to use"),
      .string("userns", "User namespace to use"),
      .string("uts", "UTS namespace to use"),
      .string("isolation", "Container isolation technology"),
      FlagSpec("sysctl", .list, valueName: "map", "Sysctl options").checked { option in
        option.contains("=") ? nil : "sysctl '\(option)' is not allowed"
      },
    ]
  }

  private static var privileges: [FlagSpec] {
    [
      .list("cap-add", "Add Linux capabilities"),
      .list("cap-drop", "Drop Linux capabilities"),
      .list("device-cgroup-rule", "Add a rule to the cgroup allowed devices list"),
      .list("group-add", "Add additional groups to join"),
      .bool("privileged", "Give extended privileges to this container"),
      .list("security-opt", "Security Options"),
      FlagSpec("ulimit", .list, valueName: "ulimit", "Ulimit options").checked { option in
        complaint { () throws(ClassifiedError) in _ = try Ulimit(option: option) }
      },
    ]
  }

  private static var limits: [FlagSpec] {
    changeableLimits + [
      .list("blkio-weight-device", "Block IO weight (relative device weight)"),
      .string("cgroup-parent", "Optional parent cgroup for the container"),
      .list("device-read-bps", "Limit read rate (bytes per second) from a device"),
      .list("device-read-iops", "Limit read rate (IO per second) from a device"),
      .list("device-write-bps", "Limit write rate (bytes per second) to a device"),
      .list("device-write-iops", "Limit write rate (IO per second) to a device"),
      .integer("memory-swappiness", default: "-1", "Tune container memory swappiness (0 to 100)"),
      .bool("oom-kill-disable", "Disable OOM Killer"),
      .integer("oom-score-adj", "Tune host's OOM preferences (-1000 to 1000)"),
    ]
  }

  /// The limits that `update` changes, too.
  private static var changeableLimits: [FlagSpec] {
    [
      FlagSpec("blkio-weight", .unsigned(bits: 16), "Block IO (relative weight), between 10 and 1000, or 0 to disable"),
      .integer("cpu-period", "Limit CPU CFS (Completely Fair Scheduler) period"),
      .integer("cpu-quota", "Limit CPU CFS (Completely Fair Scheduler) quota"),
      .integer("cpu-rt-period", "Limit CPU real-time period in microseconds"),
      .integer("cpu-rt-runtime", "Limit CPU real-time runtime in microseconds"),
      .integer("cpu-shares", "c", "CPU shares (relative weight)"),
      FlagSpec("cpus", .decimal, "Number of CPUs"),
      .string("cpuset-cpus", "CPUs in which to allow execution (0-3, 0,1)"),
      .string("cpuset-mems", "MEMs in which to allow execution (0-3, 0,1)"),
      FlagSpec("kernel-memory", .byteSize, "Kernel memory limit").hidden(),
      FlagSpec("memory", "m", .byteSize, "Memory limit"),
      FlagSpec("memory-reservation", .byteSize, "Memory soft limit"),
      FlagSpec(
        "memory-swap", .byteSizeOrUnlimited, "Swap limit equal to memory plus swap: '-1' to enable unlimited swap"),
      .integer("pids-limit", "Tune container pids limit (set -1 for unlimited)"),
    ]
  }

  /// The flags of `update`.
  static var updates: [FlagSpec] {
    changeableLimits + [
      networkBandwidth,
      FlagSpec.list("publish-add", "Publish a port of the container to the host besides, as run --publish does")
        .checked { option in complaint { () throws(ClassifiedError) in _ = try PortOption.published(option) } },
      FlagSpec.list(
        "publish-rm",
        "Take a published port back: as it was published (8080:80), a port of the host (0.0.0.0:8080, :8080), or of the container (80)"
      )
      .checked { option in complaint { () throws(ClassifiedError) in _ = try PortOption.removed(option) } },
      .string("restart", "Restart policy to apply when a container exits"),
    ]
  }

  private static var health: [FlagSpec] {
    [
      .string("health-cmd", "Command to run to check health"),
      FlagSpec("health-interval", .duration, "Time between running the check (ms|s|m|h)"),
      .integer("health-retries", "Consecutive failures needed to report unhealthy"),
      FlagSpec(
        "health-start-interval", .duration, "Time between running the check during the start period (ms|s|m|h)"),
      FlagSpec(
        "health-start-period", .duration,
        "Start period for the container to initialize before starting health-retries countdown (ms|s|m|h)"),
      FlagSpec("health-timeout", .duration, "Maximum time to allow one check to run (ms|s|m|h)"),
      .bool("no-healthcheck", "Disable any container-specified HEALTHCHECK"),
    ]
  }

  private static var life: [FlagSpec] {
    [
      .string("cidfile", "Write the container ID to the file"),
      FlagSpec.bool("disable-content-trust", default: true, "Skip image verification").hidden(),
      .bool("init", "Run an init inside the container that forwards signals and reaps processes"),
      .string("log-driver", "Logging driver for the container"),
      .list("log-opt", "Log driver options"),
      .string("name", "Assign a name to the container"),
      .platform,
      .string("pull", default: "missing", "Pull image before creating (\"always\", \"missing\", \"never\")"),
      .bool("quiet", "q", "Suppress the pull output"),
      .string("restart", default: "no", "Restart policy to apply when a container exits"),
      .bool("rm", "Automatically remove the container and its associated anonymous volumes when it exits"),
      .string("runtime", "Runtime to use for this container"),
    ]
  }

  /// What a reader of an option says against a text, or nil.
  static func complaint(_ read: () throws(ClassifiedError) -> Void) -> String? {
    do throws(ClassifiedError) {
      try read()
      return nil
    } catch {
      return error.description
    }
  }
}

extension FlagSpec {
  /// `--link` of a container.
  static let link = FlagSpec.list("link", "Add link to another container").checked { option in
    ContainerFlags.complaint { () throws(ClassifiedError) in try NameServiceOption.link(option) }
  }
}
