import DNSFormat
public import NetworkAddresses

/// What the containers of each network are called: a value without side effects.
public struct NameDirectory: Sendable {
  /// A container's place in a network.
  public struct Member: Sendable, Equatable {
    /// All that it is called by in that network; the first is the one that its addresses lead back to.
    public var names: [String]
    public var addresses: [IPAddress]

    public init(names: [String], addresses: [IPAddress]) {
      self.names = names
      self.addresses = addresses
    }
  }

  private struct Network: Sendable {
    var name: String
    var members: [String: Member] = [:]
    /// The ids of the members by each name, in lower case.
    var byName: [String: [String]] = [:]
    var byAddress: [IPAddress: String] = [:]
  }

  private var networks: [String: Network] = [:]

  public init() {}

  /// Puts a container into a network, or changes what it is called there.
  public mutating func put(_ member: Member, id: String, in network: String, named name: String) {
    remove(id, from: network)
    var entry = networks[network] ?? Network(name: name)
    entry.name = name
    entry.members[id] = member
    for name in Set(member.names.map { $0.lowercased() }) { entry.byName[name, default: []].append(id) }
    for address in member.addresses { entry.byAddress[address] = id }
    networks[network] = entry
  }

  /// Takes a container out of a network; one that is not in it is no matter.
  public mutating func remove(_ id: String, from network: String) {
    guard var entry = networks[network], let member = entry.members.removeValue(forKey: id) else { return }
    for name in Set(member.names.map { $0.lowercased() }) {
      entry.byName[name]?.removeAll { $0 == id }
      if entry.byName[name]?.isEmpty == true { entry.byName[name] = nil }
    }
    for address in member.addresses where entry.byAddress[address] == id { entry.byAddress[address] = nil }
    networks[network] = entry.members.isEmpty ? nil : entry
  }

  /// The addresses of a name in a network, both families; nil when nobody is called so there.
  func addresses(of name: String, in network: String) -> [IPAddress]? {
    guard let entry = networks[network], let ids = entry.byName[name] else { return nil }
    return ids.flatMap { entry.members[$0]?.addresses ?? [] }
  }

  /// Who has an address in a network: the container's name and the network's.
  func holder(of address: IPAddress, in network: String) -> (container: String, network: String)? {
    guard let entry = networks[network], let id = entry.byAddress[address], let name = entry.members[id]?.names.first
    else { return nil }
    return (name, entry.name)
  }

  /// What a network is called; nil when nobody is in it.
  func name(of network: String) -> String? { networks[network]?.name }
}

/// For whom a resolver answers: which names it knows, and who is asked about the others.
public struct ResolverScope: Sendable, Equatable {
  /// Who knows the names of the world.
  public enum Upstream: Sendable, Equatable {
    /// The resolvers of this machine, as they are at the time.
    case machine
    /// Others, asked from the container's own network, as it would ask them itself.
    case servers([IPAddress])
    /// Nobody: nothing may leave an internal network, not even a question (CVE-2024-29018).
    case nobody
  }

  /// A name that only this container knows, for what another is called in a network.
  public struct Link: Sendable, Equatable {
    public var network: String
    public var name: String

    public init(network: String, name: String) {
      self.network = network
      self.name = name
    }
  }

  /// The ids of the networks that the container is in, in the order in which a name is looked for.
  public var networks: [String]
  /// By their names in lower case.
  public var links: [String: Link]
  public var upstream: Upstream
  /// Names, in lower case, that its hosts file has, too, but which not every program looks for there. They come first.
  public var hosts: [String: [IPAddress]]
  /// Whether names of one label stay inside: the container's search list was told to complete them (`ndots`).
  public var keepsSingleLabels: Bool

  public init(
    networks: [String], links: [String: Link] = [:], hosts: [String: [IPAddress]] = [:],
    upstream: Upstream = .machine, keepsSingleLabels: Bool = false
  ) {
    self.networks = networks
    self.links = links
    self.hosts = hosts
    self.upstream = upstream
    self.keepsSingleLabels = keepsSingleLabels
  }
}
