import CommandLine
import EngineAPI
import EngineClient

/// `apus port`
enum PortCommand {
  static let command = Command(
    CommandSpec(
      "port", usage: "CONTAINER [PRIVATE_PORT[/PROTO]]",
      "List port mappings or a specific mapping for the container", count: .between(1, 2)),
    noun: .container, shortcut: "port", perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let name = session.arguments[0]
    let ports = try session.client.inspectContainer(name).networkSettings.ports
    var lines = PublishedPorts.lines(ports)
    if session.arguments.count == 2, !session.arguments[1].isEmpty {
      let wanted = session.arguments[1]
      let parts = wanted.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard UInt16(parts[0]) != nil else {
        throw ExitRequest(status: 1, message: "Error: invalid port (\(parts[0])): a number from 0 to 65535 is wanted")
      }
      let kind = parts.count == 2 && !parts[1].isEmpty ? parts[1] : "tcp"
      lines = PublishedPorts.lines(ports, of: "\(parts[0])/\(kind)")
      if lines.isEmpty {
        throw ExitRequest(status: 1, message: "Error: No public port '\(wanted)' published for \(name)")
      }
    }
    try Console.write(lines.map { $0 + "\n" }.joined())
    return 0
  }
}
