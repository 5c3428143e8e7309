public import Diagnostics
public import EngineAPI

/// The ports that `--publish` and `--expose` name.
public struct PortOption: Sendable, Equatable {
  /// `80/tcp`.
  public let containerPort: String
  /// Where it is published; nil for a port that is only exposed.
  public let binding: PortBinding?

  /// Reads `[address:][hostPort[-last]:]containerPort[-last][/protocol]`, or the same as
  /// `published=…,target=…[,protocol=…]`.
  ///
  /// Throws: kind `invalid`.
  public static func published(_ text: String) throws(ClassifiedError) -> [PortOption] {
    let text = text.contains("=") ? try shortForm(of: text) : text
    var parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let container = parts.removeLast()
    let host = parts.popLast() ?? ""
    // Colons that are left belong to an IPv6 address, which may do without its brackets.
    var address = parts.joined(separator: ":")
    if address.hasPrefix("["), address.hasSuffix("]") { address = String(address.dropFirst().dropLast()) }
    if container.isEmpty || container.hasPrefix("/") {
      throw ClassifiedError(.invalid, "no port specified: \(text)<empty>")
    }
    if !address.isEmpty, AddressSyntax.address(address) == nil {
      throw ClassifiedError(
        .invalid, "invalid IP address: \(address)",
        advice: address.hasPrefix("[") ? "write [address]:hostPort:containerPort or [address]::containerPort" : nil)
    }
    let (ports, kind) = try range(container, name: "containerPort")
    let hostPorts = host.isEmpty ? nil : Array(try range(host, name: "hostPort", hasProtocol: false).ports)
    if let hostPorts, hostPorts.count != ports.count, ports.count != 1 {
      throw ClassifiedError(.invalid, "invalid ranges specified for container and host Ports: \(container) and \(host)")
    }
    return ports.enumerated().map { index, port in
      // One container port against a range of the host's: any free one of the range.
      let hostPort = hostPorts.map { $0.count == ports.count ? String($0[index]) : host } ?? ""
      return PortOption(containerPort: "\(port)/\(kind)", binding: PortBinding(hostIP: address, hostPort: hostPort))
    }
  }

  private static func shortForm(of text: String) throws(ClassifiedError) -> String {
    var values = ["protocol": "tcp"]
    for field in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let (key, value) = String(field).cut(at: "="), !key.isEmpty else {
        throw ClassifiedError(
          .invalid, "invalid publish opts format (should be name=value but got '\(field)')")
      }
      guard ["published", "target", "protocol", "mode"].contains(key) else {
        throw ClassifiedError(.invalid, "invalid publish opts key '\(key)'", advice: "published, target or protocol")
      }
      values[key] = value
    }
    return "\(values["published"] ?? ""):\(values["target"] ?? "")/\(values["protocol"] ?? "")"
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
    _ text: String, name: String, hasProtocol: Bool = true
  ) throws(ClassifiedError) -> (ports: ClosedRange<UInt16>, kind: String) {
    let parts =
      hasProtocol ? text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) : [text]
    let kind = parts.count == 2 && !parts[1].isEmpty ? parts[1].lowercased() : "tcp"
    guard ["tcp", "udp", "sctp"].contains(kind) else {
      throw ClassifiedError(.invalid, "invalid proto: \(kind)")
    }
    let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
      .map { $0.first == "+" ? nil : UInt16($0) }
    guard let first = ends[0], let last = ends.count == 2 ? ends[1] : first, first <= last else {
      throw ClassifiedError(.invalid, "invalid \(name): \(parts[0])")
    }
    return (first...last, kind)
  }

  /// Reads what `update --publish-rm` takes back, and writes each as the server reads it: all that `published` reads, one
  /// port or range of the container (`80/tcp`), or of the host with no more than a colon or an address before it
  /// (`:8080`, `0.0.0.0:8080`, `[::1]:8080/udp`).
  ///
  /// Throws: kind `invalid`.
  public static func removed(_ text: String) throws(ClassifiedError) -> [String] {
    if let (address, ports) = hostAlone(text) {
      let (numbers, kind) = try range(ports, name: "hostPort")
      return numbers.map { "\(address):\($0)/\(kind)" }
    }
    let options: [PortOption]
    do {
      options = try published(text)
    } catch {
      throw ClassifiedError(
        error.kind, error.message,
        advice: "write what --publish-add takes, :hostPort, address:hostPort, or the container's port alone")
    }
    return options.map { option in
      guard let binding = option.binding, !binding.hostPort.isEmpty || !binding.hostIP.isEmpty else {
        return option.containerPort
      }
      return "\(bracketed(binding.hostIP)):\(binding.hostPort):\(option.containerPort)"
    }
  }

  /// The parts of `:hostPort` and `address:hostPort`; nil: it says something else.
  private static func hostAlone(_ text: String) -> (address: String, ports: String)? {
    guard let colon = text.lastIndex(of: ":"), !text.contains("=") else { return nil }
    let (written, ports) = (String(text[..<colon]), String(text[text.index(after: colon)...]))
    if written.isEmpty { return ("", ports) }
    let address =
      written.hasPrefix("[") && written.hasSuffix("]") ? String(written.dropFirst().dropLast()) : written
    guard AddressSyntax.address(address) != nil else { return nil }
    // Without brackets, an address of IPv6 may be one with a port behind it; to --publish-add it is.
    if address == written, address.contains(":"), (try? published(text)) != nil { return nil }
    return (bracketed(address), ports)
  }

  private static func bracketed(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }
}

extension [PortOption] {
  /// Those that are published, by the container's port; several may lead to one.
  public var bindings: PortMap {
    var bindings: [String: [PortBinding]] = [:]
    for option in self {
      guard let binding = option.binding else { continue }
      bindings[option.containerPort, default: []].append(binding)
    }
    return bindings.mapValues { $0 }
  }
}
