import EngineAPI
import NetworkAddresses

/// The files by which a container knows names: `/etc/hosts` and `/etc/resolv.conf`.
extension NetworkPlan {
  /// The content of `/etc/hosts`.
  ///
  /// - Parameters:
  ///   - grant: What the container has of its networks, when it is in any.
  ///   - hostGateway: The address by which it reaches the host, where there is one.
  func hostsFile(
    hostname: String, domainname: String, hostsOfMachine: String, grant: NetworkGrant?, hostGateway: String?
  ) -> String {
    var text = hostsOfMachine
    if mode != .host {
      text = """
        127.0.0.1\tlocalhost
        ::1\tlocalhost ip6-localhost ip6-loopback
        fe00::\tip6-localnet
        ff00::\tip6-mcastprefix
        ff02::1\tip6-allnodes
        ff02::2\tip6-allrouters

        """
    } else if !text.isEmpty, !text.hasSuffix("\n") {
      text += "\n"
    }
    for host in extraHosts {
      let address = host.address == "host-gateway" ? hostGateway ?? "127.0.0.1" : host.address
      text += "\(address)\t\(host.name)\n"
    }
    if mode == .networks, let hostGateway, !extraHosts.contains(where: { $0.name == Self.hostName }) {
      text += "\(hostGateway)\t\(Self.hostName)\n"
    }
    let names = domainname.isEmpty ? hostname : "\(hostname).\(domainname) \(hostname)"
    for address in grant?.endpoints.flatMap(\.addresses) ?? [] { text += "\(address.address)\t\(names)\n" }
    return text
  }

  /// The name of the host inside its containers.
  static let hostName = "host.docker.internal"

  /// The content of `/etc/resolv.conf`: the machine's, with what was asked for in place of its lines.
  func resolverFile(ofMachine text: String) -> String {
    var lines = text.split(separator: "\n").map(String.init)
    if mode == .networks { lines = Self.withoutLoopbackServers(lines) }
    let replaced: [(String, [String])] = [
      ("nameserver", nameServers), ("search", searchDomains), ("options", resolverOptions),
    ]
    for (keyword, values) in replaced where !values.isEmpty {
      lines.removeAll { $0.hasPrefix(keyword) || (keyword == "search" && $0.hasPrefix("domain")) }
      switch keyword {
      case "nameserver": lines += values.map { "nameserver \($0)" }
      // A lone dot says: no search list.
      case "search" where values == ["."]: break
      default: lines.append("\(keyword) \(values.joined(separator: " "))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A server on the machine's loopback is out of a container's reach; where there is no other, public ones stand in, as
  /// with Docker.
  private static func withoutLoopbackServers(_ lines: [String]) -> [String] {
    func server(_ line: String) -> String? {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      return words.count >= 2 && words[0] == "nameserver" ? String(words[1]) : nil
    }
    let kept = lines.filter { line in server(line).map { IPAddress($0)?.isLoopback != true } ?? true }
    guard !kept.contains(where: { server($0) != nil }) else { return kept }
    return kept + ["nameserver 8.8.8.8", "nameserver 8.8.4.4"]
  }
}
