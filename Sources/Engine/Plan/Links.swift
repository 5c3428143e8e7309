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
    // The first is the one that has no number in its name: one of TCP, if there is such.
    let ports = exposedPorts.compactMap { try? PublishedPortPlan.containerPort($0) }.sorted {
      ($0.transport == .tcp ? "" : $0.transport.rawValue, $0.number)
        < ($1.transport == .tcp ? "" : $1.transport.rawValue, $1.number)
    }
    func url(_ port: ExposedPort) -> String { "\(port.transport.rawValue)://\(address):\(port.number)" }
    func place(_ port: ExposedPort) -> String {
      "\(prefix)_PORT_\(port.number)_\(port.transport.rawValue.uppercased())"
    }
    if let first = ports.first { variables.append("\(prefix)_PORT=\(url(first))") }
    for port in ports {
      variables += [
        "\(place(port))=\(url(port))", "\(place(port))_ADDR=\(address)", "\(place(port))_PORT=\(port.number)",
        "\(place(port))_PROTO=\(port.transport.rawValue)",
      ]
    }
    for (first, last) in Self.ranges(of: ports) {
      variables += [
        "\(place(first))_START=\(url(first))", "\(place(first))_PORT_START=\(first.number)",
        "\(place(first))_END=\(url(last))", "\(place(first))_PORT_END=\(last.number)",
      ]
    }
    // What every image has says nothing about this one.
    variables += environment.filter { !$0.hasPrefix("HOME=") && !$0.hasPrefix("PATH=") }.map { "\(prefix)_ENV_\($0)" }
    return variables
  }

  private typealias ExposedPort = (transport: TransportProtocol, number: UInt16)

  /// The first and the last of ports that follow each other.
  private static func ranges(of ports: [ExposedPort]) -> [(ExposedPort, ExposedPort)] {
    var ranges: [(ExposedPort, ExposedPort)] = []
    for port in ports {
      if let last = ranges.last?.1, last.transport == port.transport, Int(last.number) + 1 == Int(port.number) {
        ranges[ranges.count - 1].1 = port
      } else {
        ranges.append((port, port))
      }
    }
    return ranges.filter { $0.0.number != $0.1.number }
  }
}
