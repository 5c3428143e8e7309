public import LinuxKernel

import Netlink

/// dockerd has the machine drop all that is forwarded and that it does not know, and asks in its chain DOCKER-USER first
/// what is to become of a packet. So what comes from our bridges or goes to them is accepted there: the one place where we
/// accept anything on behalf of the machine. What other rules stand in that chain are asked before ours.
///
/// All of it is written as iptables-nft writes it, which must be able to read its tables: no sets, no ranges.
struct DockerUserChain {
  static let name = "DOCKER-USER"

  /// "filter" of iptables or ip6tables.
  let table: FirewallTable
  /// The chain of ours that its rules jump to.
  let own: FirewallChain

  init(_ family: FirewallFamily, ownedBy name: String) {
    table = FirewallTable(family, "filter")
    own = FirewallChain(name.uppercased(), in: table)
  }

  private var chain: FirewallChain { FirewallChain(Self.name, in: table) }

  static func isConcerned(by change: FirewallChangeInfo) -> Bool {
    guard change.table.name == "filter", change.table.family == .ip || change.table.family == .ip6 else { return false }
    // A table that goes takes its chains with it.
    return change.chain.map { $0.hasPrefix("DOCKER") } ?? change.isRemoval
  }

  /// An interface that a rule asks for.
  struct Side: Hashable {
    var input: String?
    var output: String?

    var statements: [FirewallStatement] {
      [
        input.map { .match(.inputInterfaceName, .equal, .interface($0)) },
        output.map { .match(.outputInterfaceName, .equal, .interface($0)) },
      ].compactMap(\.self)
    }

    static func both(of interface: String) -> [Side] { [Side(input: interface), Side(output: interface)] }
  }

  /// The bridges of dockerd: the interfaces that its own rules name.
  func bridges(_ rules: [FirewallRuleInfo]) -> Set<String> {
    let named = rules.filter { $0.chain.hasPrefix("DOCKER") && $0.chain != Self.name }
    return Set(named.flatMap { [$0.inputInterface, $0.outputInterface] }.compactMap(\.self))
  }

  /// What is to be changed so that packets of `ours` are accepted; nothing, when it is so already.
  func change(_ chains: Set<String>, _ rules: [FirewallRuleInfo], acceptingFor ours: Set<String>) -> FirewallTransaction
  {
    var change = FirewallTransaction()
    let isThere = chains.contains(own.name)
    let present = rules.filter { $0.chain == Self.name && $0.verdict == .jump(own.name) }
    guard chains.contains(Self.name), !ours.isEmpty else {
      for rule in present { change.deleteRule(rule.handle, in: chain) }
      if isThere {
        change.flush(own)
        change.delete(own)
      }
      return change
    }
    // Between dockerd's containers and ours it is dockerd that decides who reaches its own.
    let theirs = bridges(rules).subtracting(ours).sorted().flatMap(Side.both)
    let jumps = ours.sorted().flatMap(Side.both)
    if isThere, has(jumps, rules), holds(theirs, rules.filter { $0.chain == own.name }) { return change }
    for rule in present { change.deleteRule(rule.handle, in: chain) }
    change.add(own)
    change.flush(own)
    for side in theirs { change.add(FirewallRule(in: own, side.statements + [.counter, .return])) }
    change.add(FirewallRule(in: own, [.counter, .accept]))
    let end = rules.first { isUnconditionalReturn($0) }.map(\.handle)
    for side in jumps {
      change.add(FirewallRule(in: chain, side.statements + [.counter, .jump(own)]), end.map { .before($0) } ?? .last)
    }
    return change
  }

  /// Whether the jumps stand in the chain, where they are reached.
  private func has(_ jumps: [Side], _ rules: [FirewallRuleInfo]) -> Bool {
    let asked = rules.filter { $0.chain == Self.name }.prefix { !isUnconditionalReturn($0) }
    let present = asked.filter { $0.verdict == .jump(own.name) }
    let all = rules.filter { $0.chain == Self.name && $0.verdict == .jump(own.name) }
    return present.count == all.count && present.map(Side.init(of:)) == jumps
  }

  private func holds(_ theirs: [Side], _ rules: [FirewallRuleInfo]) -> Bool {
    rules.last?.verdict == .accept && rules.dropLast().allSatisfy { $0.verdict == .return }
      && rules.map(Side.init(of:)) == theirs + [Side()]
  }

  private func isUnconditionalReturn(_ rule: FirewallRuleInfo) -> Bool {
    rule.chain == Self.name && rule.verdict == .return && Set(rule.expressions).isSubset(of: ["counter", "immediate"])
  }
}

extension DockerUserChain.Side {
  fileprivate init(of rule: FirewallRuleInfo) {
    self.init(input: rule.inputInterface, output: rule.outputInterface)
  }
}

extension Firewall {
  private var dockerUserChains: [DockerUserChain] {
    [FirewallFamily.ip, .ip6].map { DockerUserChain($0, ownedBy: ruleset.table.name) }
  }

  /// Has dockerd, where it is at work, let pass what comes from these bridges and goes to them; what an earlier call said is
  /// forgotten. Returns whether there was something to change.
  @discardableResult
  public func acceptBesideDockerd(_ bridges: Set<String>) throws(SystemError) -> Bool {
    var hasChanged = false
    for docker in dockerUserChains {
      let chains = try chains(of: docker.table)
      guard chains.contains(DockerUserChain.name) || chains.contains(docker.own.name) else { continue }
      let change = docker.change(chains, try dump(.rules(of: docker.table)), acceptingFor: bridges)
      if change.isEmpty { continue }
      try commit(change)
      hasChanged = true
    }
    return hasChanged
  }

  /// The bridges of dockerd's networks, where it is at work.
  public func bridgesOfDockerd() throws(SystemError) -> Set<String> {
    var bridges: Set<String> = []
    for docker in dockerUserChains where try chains(of: docker.table).contains(DockerUserChain.name) {
      bridges.formUnion(docker.bridges(try dump(.rules(of: docker.table))))
    }
    return bridges
  }

  private func chains(of table: FirewallTable) throws(SystemError) -> Set<String> {
    Set(try dump(.chains(table.family)).map(\.chain).filter { $0.table == table }.map(\.name))
  }
}
