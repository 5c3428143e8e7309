import ContainerNetwork
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
    hostname: String, domainname: String, hostsOfMachine: String, grant: NetworkGrant?, hostGateway: String?,
    links: [LinkedContainer] = []
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
    text += links.map(\.hostsLine).joined()
    let names = Self.ownNames(hostname, domainname).joined(separator: " ")
    for address in grant?.endpoints.flatMap(\.addresses) ?? [] { text += "\(address.address)\t\(names)\n" }
    return text
  }

  private static func ownNames(_ hostname: String, _ domainname: String) -> [String] {
    domainname.isEmpty ? [hostname] : ["\(hostname).\(domainname)", hostname]
  }

  /// The content of `/etc/hosts` of a container whose networks have changed while it runs: its own addresses and the host's
  /// are as they are now, and all that a program has written there stays, byte by byte.
  func hostsFile(
    changing file: [UInt8], hostname: String, domainname: String, grant: NetworkGrant, hostGateway: String?
  ) -> [UInt8] {
    let names = Self.ownNames(hostname, domainname)
    var missing = grant.endpoints.flatMap(\.addresses).map { "\($0.address)" }
    let hostNames =
      extraHosts.filter { $0.address == "host-gateway" }.map(\.name)
      + (extraHosts.contains { $0.name == Self.hostName } ? [] : [Self.hostName])
    var missingHosts = hostGateway == nil ? [] : hostNames
    var lines: [[UInt8]] = []
    let newline = UInt8(ascii: "\n")
    for line in file.split(separator: newline, omittingEmptySubsequences: false).map(Array.init) {
      let words = Self.words(String(decoding: line, as: UTF8.self))
      guard words.count > 1, let address = IPAddress(words[0]) else {
        lines.append(line)
        continue
      }
      if Array(words.dropFirst()) == names, !address.isLoopback {
        guard let place = missing.firstIndex(of: words[0]) else { continue }
        missing.remove(at: place)
        lines.append(line)
      } else if words.count == 2, hostNames.contains(words[1]) {
        missingHosts.removeAll { $0 == words[1] }
        if let hostGateway { lines.append(Array("\(hostGateway)\t\(words[1])".utf8)) }
      } else {
        lines.append(line)
      }
    }
    if lines.last?.isEmpty == true { lines.removeLast() }
    let added =
      missingHosts.map { "\(hostGateway ?? "")\t\($0)" } + missing.map { "\($0)\t\(names.joined(separator: " "))" }
    return (lines + added.map { Array($0.utf8) }).flatMap { $0 + [newline] }
  }

  /// The name of the host inside its containers.
  static let hostName = "host.docker.internal"

  /// What the hosts file says of that name: what was asked for, or else the address by which the container reaches the
  /// host. None: it is not there.
  func addressesOfHost(_ hostGateway: String?) -> [String] {
    let asked = extraHosts.filter { $0.name == Self.hostName }
    if asked.isEmpty { return hostGateway.map { [$0] } ?? [] }
    return asked.map { $0.address == "host-gateway" ? hostGateway ?? "127.0.0.1" : $0.address }
  }

  /// The content of `/etc/resolv.conf`: the machine's, with what was asked for in place of its lines.
  ///
  /// - Parameter hasResolver: Whether the container has a resolver of its own, which then is the only server.
  func resolverFile(ofMachine text: String, hasResolver: Bool) -> String {
    var lines = text.split(separator: "\n").map(String.init)
    if mode == .networks { lines.removeAll { Self.server($0)?.isLoopback == true } }
    var options = resolverOptions
    if hasResolver, !keepsSingleLabels(ofMachine: text), !Self.options(of: lines, options).contains(where: Self.isDots)
    {
      // So that single names, as containers have, are looked for as they are, and not with a search list first.
      options = (options.isEmpty ? Self.options(of: lines, []) : options) + ["ndots:0"]
    }
    let servers = hasResolver ? ["\(NameSockets.address)"] : nameServers
    let replaced: [(String, [String])] = [
      ("nameserver", servers), ("search", searchDomains), ("options", options),
    ]
    for (keyword, values) in replaced where !values.isEmpty {
      lines.removeAll { Self.keyword($0) == keyword || (keyword == "search" && Self.keyword($0) == "domain") }
      switch keyword {
      case "nameserver": lines += values.map { "nameserver \($0)" }
      // A lone dot says: no search list.
      case "search" where values == ["."]: break
      default: lines.append("\(keyword) \(values.joined(separator: " "))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Whether nothing but a resolver of the container's own can reach a server: one on the machine's loopback is out of
  /// its reach.
  func needsResolver(ofMachine text: String) -> Bool {
    mode == .networks && nameServers.isEmpty
      && !text.split(separator: "\n").contains { Self.server(String($0))?.isLoopback == false }
  }

  /// Whether names of one label are to be completed by the search list, and so are nobody else's business.
  func keepsSingleLabels(ofMachine text: String) -> Bool {
    Self.options(of: text.split(separator: "\n").map(String.init), resolverOptions).contains {
      Self.isDots($0) && $0 != "ndots:0"
    }
  }

  /// The options that hold: those asked for, or else the machine's.
  private static func options(of lines: [String], _ asked: [String]) -> [String] {
    guard asked.isEmpty else { return asked }
    return lines.filter { keyword($0) == "options" }.flatMap { words($0).dropFirst() }
  }

  private static func isDots(_ option: String) -> Bool { option.hasPrefix("ndots:") }

  private static func words(_ line: String) -> [String] {
    line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
  }

  private static func keyword(_ line: String) -> String? { words(line).first }

  private static func server(_ line: String) -> IPAddress? {
    let words = words(line)
    return words.count >= 2 && words[0] == "nameserver" ? IPAddress(words[1]) : nil
  }
}
