import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import JSON

/// `apus info`
enum InfoCommand {
  static let command = Command(
    CommandSpec(
      "info", usage: "[OPTIONS]", "Display system-wide information", count: .none, flags: [.objectFormat()]),
    noun: .system, shortcut: "info", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let answer = Result { try session.client.systemInfoJSON() }
    if let format = session.flags.string("format") {
      let json = try answer.get()
      let value = try JSONValue(parsing: json)
      try Console.line(format == "json" ? value.compact : try FormatTemplate(format).render(value))
      return 0
    }
    try Console.write(
      """
      Client:
       Version:    \(Program.version)
       Context:    default
       Debug Mode: \(session.invocation.globals.bool("debug"))

      Server:

      """)
    let info = try session.client.systemInfo(from: try answer.get())
    try Console.write(text(info))
    for warning in info.warnings ?? [] { Console.complain(warning) }
    return 0
  }

  private static func text(_ info: SystemInfo) -> String {
    var lines = [
      " Containers: \(info.containers)", "  Running: \(info.containersRunning)",
      "  Paused: \(info.containersPaused)", "  Stopped: \(info.containersStopped)", " Images: \(info.images)",
      " Server Version: \(info.serverVersion)", " Storage Driver: \(info.driver)",
    ]
    lines += info.driverStatus.map { "  " + $0.joined(separator: ": ") }
    lines += [
      " Logging Driver: \(info.loggingDriver)", " Cgroup Driver: \(info.cgroupDriver)",
      " Cgroup Version: \(info.cgroupVersion)", " Plugins:",
      "  Volume: \(info.plugins.volume.joined(separator: " "))",
      "  Network: \(info.plugins.network.joined(separator: " "))",
      "  Log: \(info.plugins.log.joined(separator: " "))",
      " Runtimes: \(info.runtimes.keys.sorted().joined(separator: " "))",
      " Default Runtime: \(info.defaultRuntime)", " Init Binary: \(info.initBinary)",
    ]
    if !info.securityOptions.isEmpty {
      lines.append(" Security Options:")
      lines += info.securityOptions.flatMap(securityLines)
    }
    lines += [
      " Kernel Version: \(info.kernelVersion)", " Operating System: \(info.operatingSystem)",
      " OSType: \(info.osType)", " Architecture: \(info.architecture)", " CPUs: \(info.ncpu)",
      " Total Memory: \(HumanSize.binary(info.memTotal))", " Name: \(info.name)", " ID: \(info.id)",
      " Data Root Dir: \(info.dockerRootDir)", " Debug Mode: \(info.debug)",
    ]
    let proxies = [("HTTP Proxy", info.httpProxy), ("HTTPS Proxy", info.httpsProxy), ("No Proxy", info.noProxy)]
    lines += proxies.filter { !$0.1.isEmpty }.map { " \($0.0): \($0.1)" }
    if !info.labels.isEmpty { lines += [" Labels:"] + info.labels.map { "  \($0)" } }
    lines.append(" Experimental: \(info.experimentalBuild)")
    lines.append(" Insecure Registries:")
    let hosts = info.registryConfig.indexConfigs.filter { !$0.value.secure }.map(\.key).sorted()
    lines += (hosts + info.registryConfig.insecureRegistryCIDRs).map { "  \($0)" }
    if let mirrors = info.registryConfig.mirrors, !mirrors.isEmpty {
      lines += [" Registry Mirrors:"] + mirrors.map { "  \($0)" }
    }
    lines.append(" Live Restore Enabled: \(info.liveRestoreEnabled)")
    return lines.joined(separator: "\n") + "\n"
  }

  /// `name=seccomp,profile=builtin` as a heading and a line for each further pair.
  private static func securityLines(_ option: String) -> [String] {
    let pairs = option.split(separator: ",").map { OptionText.pair(String($0)) }
    guard let name = pairs.first(where: { $0.key == "name" })?.value else { return ["  \(option)"] }
    return ["  \(name)"]
      + pairs.filter { $0.key != "name" }.map { pair in
        let label = pair.key.prefix(1).uppercased() + pair.key.dropFirst()
        return "   \(label): \(pair.value ?? "")"
      }
  }
}
