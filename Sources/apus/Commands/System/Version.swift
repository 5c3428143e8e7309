import CommandLine
import Diagnostics
import EngineAPI
import EngineClient
import JSON

/// `apus version`
enum VersionCommand {
  static let command = Command(
    CommandSpec(
      "version", usage: "[OPTIONS]", "Show the Apus version information", count: .none, flags: [.objectFormat()]),
    perform: perform)

  private static func perform(_ session: Session) throws -> Int32 {
    let template = try session.flags.string("format").map { try $0 == "json" ? nil : FormatTemplate($0) }
    let answer = Result { try session.client.serverVersion() }
    let server = try? answer.get()
    if let template {
      let value = JSONValue.members([("Client", client(session)), ("Server", server.map(json) ?? .null)])
      try Console.line(try template?.render(value) ?? value.compact)
    } else {
      try Console.write(text(session) + (server.map(text) ?? ""))
    }
    if case .failure(let error) = answer { throw error }
    return 0
  }

  private static let platform: String = {
    #if arch(arm64)
      "linux/arm64"
    #else
      "linux/amd64"
    #endif
  }()

  // MARK: - For people

  private static func text(_ session: Session) -> String {
    """
    Client:
     Version:           \(Program.version)
     API version:       \(session.client.apiVersion)
     OS/Arch:           \(platform)
     Context:           default

    """
  }

  private static func text(_ server: SystemVersion) -> String {
    let name = server.platform.name
    var text = "\nServer:\(name.isEmpty ? "" : " \(name)")\n"
    for component in server.components.isEmpty ? [engine(server)] : server.components {
      text += " \(component.name):\n  \("Version:".filled(to: 18))\(component.version)\n"
      let details = component.details ?? [:]
      for (key, label) in shownDetails {
        guard let value = details[key], !value.isEmpty else { continue }
        let minimum = key == "ApiVersion" ? details["MinAPIVersion"].map { " (minimum version \($0))" } ?? "" : ""
        text += "  \(label.filled(to: 18))\(value)\(minimum)\n"
      }
    }
    return text
  }

  private static let shownDetails: [(key: String, label: String)] = [
    ("ApiVersion", "API version:"), ("GoVersion", "Go version:"), ("SwiftVersion", "Swift version:"),
    ("GitCommit", "Git commit:"), ("BuildTime", "Built:"), ("Os", "OS:"), ("Arch", "Arch:"),
    ("KernelVersion", "Kernel version:"),
  ]

  private static func engine(_ server: SystemVersion) -> ComponentVersion {
    ComponentVersion(
      name: "Engine", version: server.version,
      details: ["ApiVersion": server.apiVersion, "MinAPIVersion": server.minAPIVersion, "Os": server.os])
  }

  // MARK: - For templates

  private static func client(_ session: Session) -> JSONValue {
    let words = platform.split(separator: "/").map(String.init)
    return .members([
      ("Version", .string(Program.version)), ("ApiVersion", .string(session.client.apiVersion.description)),
      ("DefaultAPIVersion", .string(APIVersion.maximum.description)), ("Os", .string(words[0])),
      ("Arch", .string(words[1])), ("Context", .string("default")),
    ])
  }

  private static func json(_ server: SystemVersion) -> JSONValue {
    let components = server.components.map { component in
      JSONValue.members([
        ("Name", .string(component.name)), ("Version", .string(component.version)),
        (
          "Details", .members((component.details ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })
        ),
      ])
    }
    return .members([
      ("Platform", .members([("Name", .string(server.platform.name))])), ("Components", .array(components)),
      ("Version", .string(server.version)), ("ApiVersion", .string(server.apiVersion)),
      ("MinAPIVersion", .string(server.minAPIVersion)), ("GitCommit", .string(server.gitCommit)),
      ("GoVersion", .string(server.goVersion)), ("Os", .string(server.os)), ("Arch", .string(server.arch)),
      ("KernelVersion", .string(server.kernelVersion ?? "")), ("BuildTime", .string(server.buildTime ?? "")),
    ])
  }
}

extension String {
  /// With blanks at its end up to a width.
  fileprivate func filled(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
