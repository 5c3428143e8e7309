import ContainerNetwork
import Diagnostics
import EngineAPI
import NetworkAddresses

/// `--link`: another container, known to this one by a name of its own choice. In the default network that is a line in
/// `/etc/hosts` and some variables, as in the time before networks had names; in others the resolver knows the name.
struct ContainerLink: Sendable, Equatable {
  /// The other container's name or id.
  var target: String
  var alias: String

  /// Reads `name`, `name:alias` and the form that inspect shows, `/name:/own/alias`.
  ///
  /// Throws: `invalid`.
  init(_ text: String) throws(ClassifiedError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    try require((1...2).contains(parts.count) && !parts.contains(""), "bad format for links: \(text)")
    target = parts[0].hasPrefix("/") ? String(parts[0].dropFirst()) : parts[0]
    alias = parts.count == 2 ? String(parts[1].split(separator: "/").last ?? "") : target
    try require(!target.isEmpty && !alias.isEmpty, "bad format for links: \(text)")
  }

  static func all(_ texts: [String]?) throws(ClassifiedError) -> [ContainerLink] {
    var links: [ContainerLink] = []
    for text in texts ?? [] { links.append(try ContainerLink(text)) }
    return links
  }
}

/// What is known of a linked container when the other starts.
struct LinkedContainer: Sendable, Equatable {
  var alias: String
  var name: String
  var shortID: String
  var address: IPAddress
  /// As `80/tcp`.
  var exposedPorts: [String]
  /// Its own settings, as `NAME=value`.
  var environment: [String]

  /// Its line in `/etc/hosts`.
  var hostsLine: String { "\(address)\t" + ([alias, shortID, name] as [String]).joined(separator: " ") + "\n" }

  /// The variables by which the other finds its ports.
  ///
  /// - Parameter owner: The name of the container that they are for.
  func variables(for owner: String) -> [String] {
    let prefix = alias.uppercased().replacing("-", with: "_")
    var variables = ["\(prefix)_NAME=/\(owner)/\(alias)"]
    let ports = exposedPorts.compactMap { try? PublishedPortPlan.containerPort($0) }
      .sorted { ($0.number, $0.transport.rawValue) < ($1.number, $1.transport.rawValue) }
    for (index, port) in ports.enumerated() {
      let (number, transport) = (port.number, port.transport.rawValue)
      let place = "\(prefix)_PORT_\(number)_\(transport.uppercased())"
      let url = "\(transport)://\(address):\(number)"
      if index == 0 { variables.append("\(prefix)_PORT=\(url)") }
      variables += [
        "\(place)=\(url)", "\(place)_ADDR=\(address)", "\(place)_PORT=\(number)", "\(place)_PROTO=\(transport)",
      ]
    }
    // What every container has says nothing about this one.
    let usual = ["HOME", "PATH", "TERM", "HOSTNAME"]
    variables += environment.filter { setting in !usual.contains { setting.hasPrefix("\($0)=") } }.map {
      "\(prefix)_ENV_\($0)"
    }
    return variables
  }
}
