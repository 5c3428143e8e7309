import ContainerRuntime
import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// From the command line to the exit code.
enum Entry {
  static func run(_ arguments: [String]) -> Int32 {
    var log = ErrorLog()
    do {
      let global = try ParsedArguments(arguments.dropFirst(), options: globalOptions)
      log = ErrorLog(global)
      if global.isSet("version") || global.words.first == "--version" { return try printVersion() }
      guard let name = global.words.first, !global.isSet("help"), name != "help" else { return try printHelp() }
      guard let verb = Verb.named(name) else {
        throw ClassifiedError(.invalid, "no such command: \(name)", advice: "see apus-runtime --help")
      }
      return run(verb, global, arguments, log)
    } catch {
      log.write(error)
      return 1
    }
  }

  private static func run(
    _ verb: Verb, _ global: ParsedArguments, _ arguments: [String], _ log: ErrorLog
  ) -> Int32 {
    do {
      let parsed = try ParsedArguments(global.words.dropFirst(), options: verb.options + [.flag("help", "h", "")])
      if parsed.isSet("help") { return try printHelp(verb) }
      if verb.entersContainer {
        try SelfProtection.ensure(arguments: arguments, environment: InheritedEnvironment.current)
      }
      return try verb.run(parsed, try settings(global, log))
    } catch {
      log.write(error)
      return verb.failureCode
    }
  }

  /// Serves as a container's first process.
  static func reapContainer(_ arguments: [String]) -> Int32 {
    do {
      return try ReapingInit.run(arguments: arguments, environment: InheritedEnvironment.current)
    } catch {
      ErrorLog().write(error)
      return errorKind(of: error) == .notFound ? 127 : 126
    }
  }

  private static func settings(_ global: ParsedArguments, _ log: ErrorLog) throws -> RuntimeSettings {
    if let rootless = global["rootless"], rootless != "auto", !["false", "0"].contains(rootless) {
      throw ClassifiedError(
        .unsupported, "--rootless=\(rootless): running without root is not supported", advice: "run as root")
    }
    var settings = RuntimeSettings()
    settings.warn = { log.warn($0) }
    if let root = global["root"] {
      settings.root = root.hasPrefix("/") ? root : "\(try HostFiles.currentDirectory())/\(root)"
    }
    settings.usesSystemdCgroups = global.isSet("systemd-cgroup")
    return settings
  }

  /// Other programs read the second and third word of the first line.
  private static func printVersion() throws -> Int32 {
    try StandardOutput.write(
      "apus-runtime version \(Apus.version)\nspec: \(Spec.currentVersion)\n")
    return 0
  }

  private static func printHelp() throws -> Int32 {
    var text = "usage: apus-runtime [options] command [options] [arguments]\n\nOptions:\n"
    text += lines(globalOptions)
    text += "\nCommands:\n"
    for verb in Verb.all { text += "  \(padded(verb.name, 26))\(verb.summary)\n" }
    try StandardOutput.write(text)
    return 0
  }

  private static func printHelp(_ verb: Verb) throws -> Int32 {
    var text = "usage: apus-runtime \(verb.name) \(verb.usage)\n\n\(verb.summary)\n"
    if !verb.options.isEmpty { text += "\nOptions:\n" + lines(verb.options) }
    try StandardOutput.write(text)
    return 0
  }

  private static func lines(_ options: [OptionSpec]) -> String {
    options.map { option in
      let short = option.short.map { "-\($0), " } ?? ""
      let value = option.kind == .flag ? "" : " VALUE"
      return "  \(padded("\(short)--\(option.name)\(value)", 26))\(option.help)\n"
    }.joined()
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
