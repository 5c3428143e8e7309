public import Diagnostics
public import EngineAPI

/// The ports that `--publish` and `--expose` name.
public struct PortOption: Sendable, Equatable {
  /// `80/tcp`.
  public let containerPort: String
  /// Where it is published; nil for a port that is only exposed.
  public let binding: PortBinding?

  /// Reads `[address:][hostPort[-last]:]containerPort[-last][/protocol]`.
  ///
  /// Throws: kind `invalid`.
  public static func published(_ text: String) throws(ClassifiedError) -> [PortOption] {
    var rest = text
    var address = ""
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      address = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = String(rest[rest.index(after: end)...])
      if rest.hasPrefix(":") { rest.removeFirst() }
    }
    var parts = rest.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let container = parts.removeLast()
    let host = parts.popLast() ?? ""
    if address.isEmpty { address = parts.joined(separator: ":") }
    if container.isEmpty { throw ClassifiedError(.invalid, "no port specified: \(text)<empty>") }
    let (ports, kind) = try range(container, name: "containerPort")
    let hostPorts = host.isEmpty ? nil : Array(try range(host, name: "hostPort").ports)
    if let hostPorts, hostPorts.count != ports.count, ports.count != 1 {
      throw ClassifiedError(.invalid, "invalid ranges specified for container and host Ports: \(container) and \(host)")
    }
    return ports.enumerated().map { index, port in
      // One container port against a range of the host's: any free one of the range.
      let hostPort = hostPorts.map { $0.count == ports.count ? String($0[index]) : host } ?? ""
      return PortOption(containerPort: "\(port)/\(kind)", binding: PortBinding(hostIP: address, hostPort: hostPort))
    }
  }

  /// Reads `port[-last][/protocol]`.
  ///
  /// Throws: kind `invalid`.
  public static func exposed(_ text: String) throws(ClassifiedError) -> [PortOption] {
    if text.contains(":") { throw ClassifiedError(.invalid, "invalid port format for --expose: \(text)") }
    let (ports, kind) = try range(text, name: "port")
    return ports.map { PortOption(containerPort: "\($0)/\(kind)", binding: nil) }
  }

  private static func range(
    _ text: String, name: String
  ) throws(ClassifiedError) -> (ports: ClosedRange<UInt16>, kind: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let kind = parts.count == 2 ? parts[1].lowercased() : "tcp"
    guard ["tcp", "udp", "sctp"].contains(kind) else {
      throw ClassifiedError(.invalid, "invalid proto: \(kind)")
    }
    let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { UInt16($0) }
    guard let first = ends[0], let last = ends.count == 2 ? ends[1] : first, first <= last else {
      throw ClassifiedError(.invalid, "invalid \(name): \(parts[0])")
    }
    return (first...last, kind)
  }
}

/// What one `--network` asks for: a name, or `name=…,alias=…,ip=…`.
public struct NetworkOption: Sendable, Equatable {
  public var name: String
  public var endpoint = EndpointSettings()

  /// Throws: kind `invalid` for an unknown key or no name.
  public init(_ text: String) throws(ClassifiedError) {
    name = text
    guard text.contains("=") else { return }
    name = ""
    for field in try OptionText.fields(text) {
      guard let (key, value) = field.cut(at: "=") else {
        throw ClassifiedError(.invalid, "invalid field \(field)")
      }
      switch key {
      case "name": name = value
      case "alias": endpoint.aliases = (endpoint.aliases ?? []) + [value]
      case "ip", "ip6", "link-local-ip":
        var addresses = endpoint.ipamConfig ?? EndpointIPAMConfig()
        if key == "ip" { addresses.ipv4Address = value }
        if key == "ip6" { addresses.ipv6Address = value }
        if key == "link-local-ip" { addresses.linkLocalIPs = (addresses.linkLocalIPs ?? []) + [value] }
        endpoint.ipamConfig = addresses
      case "mac-address": endpoint.macAddress = value
      case "driver-opt":
        let (option, setting) = OptionText.pair(value)
        endpoint.driverOpts = (endpoint.driverOpts ?? [:]).merging([option: setting ?? ""]) { $1 }
      case "gw-priority":
        guard let priority = Int64(value) else {
          throw ClassifiedError(.invalid, "invalid gw-priority: \(value)")
        }
        endpoint.gwPriority = priority
      default: throw ClassifiedError(.invalid, "invalid field key \(key)")
      }
    }
    if name.isEmpty { throw ClassifiedError(.invalid, "network name must be specified") }
  }
}
