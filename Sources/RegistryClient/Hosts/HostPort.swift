import NetworkAddresses

/// A host and an optional port, as in a registry's domain: `localhost:5000`, `[::1]:5000`, `ghcr.io`.
struct HostPort: Hashable, Sendable {
  /// Without brackets, lower case.
  let host: String
  let port: Int?

  init(host: String, port: Int?) {
    self.host = host.lowercased()
    self.port = port
  }

  init?(_ text: some StringProtocol) {
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return nil }
      let host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard IPAddress(host) != nil, rest.isEmpty || rest.hasPrefix(":") else { return nil }
      guard rest.isEmpty || Self.port(rest.dropFirst()) != nil else { return nil }
      self.init(host: String(host), port: Self.port(rest.dropFirst()))
    } else if IPAddress(text) != nil {
      self.init(host: String(text), port: nil)
    } else {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, !parts[0].isEmpty else { return nil }
      let port = parts.count == 2 ? Self.port(parts[1]) : nil
      guard parts.count == 1 || port != nil else { return nil }
      self.init(host: String(parts[0]), port: port)
    }
  }

  private static func port(_ text: some StringProtocol) -> Int? {
    guard let number = Int(text), (1...65_535).contains(number) else { return nil }
    return number
  }

  /// The host as an address. ::ffff:127.0.0.1 is 127.0.0.1 to the kernel, and so it is to us.
  var address: IPAddress? { IPAddress(host)?.unmapped }

  /// This machine, by number or by the name that RFC 6761 reserves for it. Other names are not looked up: what a
  /// name resolves to can change between the look and the connection.
  var isLoopback: Bool { host == "localhost" || address?.isLoopback ?? false }
}
