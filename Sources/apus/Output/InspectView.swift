import CommandLine
import Diagnostics
import EngineClient
import JSON

/// Looks objects up by name and prints them, as JSON or by a template. What all `inspect` commands share.
struct InspectView {
  /// The kinds of object that a name may mean, in the order they are asked for.
  enum Kind: String {
    case container, image, network

    func json(_ name: String, _ session: Session) throws -> [UInt8] {
      switch self {
      case .container: try session.client.inspectContainerJSON(name, size: session.isSwitchedOn("size"))
      case .image: try session.client.inspectImageJSON(name)
      case .network: try session.client.inspectNetworkJSON(name, verbose: session.isSwitchedOn("verbose"))
      }
    }
  }

  let session: Session
  let kinds: [Kind]

  /// Prints the objects that the arguments name. Returns the exit status: 1 when one is not there.
  func run() throws -> Int32 {
    let format = session.flags.string("format")
    let template = try format.flatMap { $0 == "json" ? nil : try FormatTemplate($0) }
    var found: [JSONValue] = []
    var missing: [String] = []
    for name in session.arguments {
      do {
        let value = try JSONValue(parsing: try look(up: name))
        if let template { try Console.line(try template.render(value)) } else { found.append(value) }
      } catch let fault as EngineFault {
        missing.append(message(fault, name))
      }
    }
    if template == nil {
      let all = JSONValue.array(found)
      try Console.line(format == "json" ? all.compact : all.indented())
    }
    for line in missing { Console.complain(line) }
    return missing.isEmpty ? 0 : 1
  }

  private func look(up name: String) throws -> [UInt8] {
    for kind in kinds.dropLast() {
      do {
        return try kind.json(name, session)
      } catch let fault as EngineFault where isNextToAsk(fault) {
        continue
      }
    }
    return try (kinds.last ?? .container).json(name, session)
  }

  /// Whether the server's answer leaves open that the name means another kind of object.
  private func isNextToAsk(_ fault: EngineFault) -> Bool {
    let text = fault.serverMessage ?? ""
    return fault.status == 404 || text.contains("not supported") || text.contains("invalid reference format")
  }

  private func message(_ fault: EngineFault, _ name: String) -> String {
    kinds.count > 1 && isNextToAsk(fault) ? "error: no such object: \(name)" : fault.explanation
  }
}

extension Session {
  /// Whether the command has that flag, and it is given.
  fileprivate func isSwitchedOn(_ flag: String) -> Bool {
    invocation.spec.flags.contains { $0.long == flag } && flags.bool(flag)
  }
}
