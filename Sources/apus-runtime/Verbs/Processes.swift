import ContainerRuntime
import Diagnostics
import LinuxKernel

extension Verb {
  static let ps = Verb(
    name: "ps", usage: "[options] ID [PS-OPTION...]", summary: "list the processes of a container",
    options: [.value("format", "f", "table or json")]
  ) { arguments, settings in
    guard let id = arguments.words.first else {
      throw ClassifiedError(.invalid, "wrong number of arguments", advice: "usage: apus-runtime ps [options] ID ...")
    }
    let processes = try Container.load(id, settings: settings).processes().sorted()
    switch arguments["format"] ?? "table" {
    case "json": try StandardOutput.write("[\(processes.map(String.init).joined(separator: ","))]\n")
    case "table": try printTable(processes, options: Array(arguments.words.dropFirst()))
    case let format: throw ClassifiedError(.invalid, "invalid format option \"\(format)\"")
    }
    return 0
  }

  /// The lines of ps(1) that are about these processes: its PID column says which.
  private static func printTable(_ processes: [Int32], options: [String]) throws {
    let output = try MemFD.create("ps")
    guard let program = Execute.search("ps", searchPath: "/bin:/usr/bin") else {
      throw ClassifiedError(.notFound, "exec: \"ps\": executable file not found in $PATH")
    }
    var spawn = Spawn(
      program: program, arguments: ["ps"] + (options.isEmpty ? ["-ef"] : options),
      environment: InheritedEnvironment.current)
    spawn.pass(output, as: 1)
    spawn.inherit(2)
    guard try Children.wait(for: try spawn.start()) == .exited(0) else {
      throw ClassifiedError(.system, "ps failed")
    }
    try output.seek(to: 0)
    let lines = String(decoding: try output.readAll(), as: UTF8.self).split(separator: "\n")
    guard let header = lines.first, let column = header.split(separator: " ").firstIndex(of: "PID") else {
      throw ClassifiedError(.invalid, "couldn't find PID field in ps output")
    }
    let wanted = Set(processes)
    let rows = lines.dropFirst().filter { line in
      let fields = line.split(separator: " ")
      return column < fields.count && Int32(fields[column]).map(wanted.contains) == true
    }
    try StandardOutput.write(([header] + rows).joined(separator: "\n") + "\n")
  }
}
