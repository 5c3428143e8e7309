public import CommandLine

/// The flags of the server: dockerd's, where the thing exists.
public enum ServerCommand {
  public static let spec = CommandSpec(
    "apusd", usage: "[OPTIONS]", "A container engine: serves the Docker Engine API", count: .none,
    flags: [
      .string("cgroup-parent", default: "/apus", "Cgroup below which containers get theirs"),
      .string("config-file", default: "/etc/apus/daemon.json", "Configuration file"),
      .string("data-root", default: "/var/lib/apus", "Directory of images and containers"),
      .bool("debug", "D", "Log much more"),
      .string("exec-root", default: "/run/apus", "Directory of sockets and of the state of running containers"),
      .string("group", "G", "Group whose members may use the unix socket"),
      .list("host", "H", "Socket to listen on: unix://PATH or tcp://HOST:PORT"),
      .list("insecure-registry", "Registry (HOST[:PORT] or network) to speak to without TLS"),
      .bool("list-failpoints", "List the places at which APUS_FAILPOINTS can make the server fail, and end"),
      .string("log-level", "l", default: "info", "Least level to log: debug, info, warn, error or fatal"),
      .integer("max-concurrent-downloads", default: "3", "Blobs to fetch at the same time"),
      .string("pidfile", "p", "File for the process's number (default EXEC-ROOT/apusd.pid)"),
      .list("registry-mirror", "URL of a mirror of Docker Hub"),
      .bool("tls", "Serve tcp:// with TLS; --tls=false listens beyond this machine without it"),
      .list("trusted-token-host", "Host that a registry of another domain may have its credentials sent to"),
      .bool("validate", "Check the configuration, and end"),
      .bool("version", "v", "Show the version, and end"),
    ])
}
