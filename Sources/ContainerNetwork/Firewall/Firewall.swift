public import LinuxKernel
public import NetworkAddresses

import Diagnostics
import LinuxNetwork
import Netlink
import Synchronization

/// Our part of the machine's packet filter: a table of family inet. nft(8).
///
/// Each call is one transaction: after a failure everything is as it was before.
public final class Firewall: Sendable {
  let ruleset: Ruleset
  /// Of the socket by which all changes are made.
  let port: UInt32
  private let socket: Mutex<NetlinkSocket>

  /// Works in the network namespace of the calling thread.
  ///
  /// Throws: `unsupported` when the kernel has no nf_tables, `unavailable` without CAP_NET_ADMIN.
  public init(tableName: String) throws {
    ruleset = Ruleset(name: tableName)
    if try !ThreadCapabilities.current().effective.contains(.networkAdministration) {
      throw ClassifiedError(
        .unavailable, "networks need the right to change those of this machine (CAP_NET_ADMIN), which the server lacks",
        advice: "give it that right, or use --network host or none")
    }
    do {
      let opened = try NetlinkSocket(.netfilter)
      port = opened.port
      socket = Mutex(opened)
    } catch {
      throw ClassifiedError(
        .unsupported, "nf_tables: \(error.explanation)", object: tableName,
        advice: "bridge networks need a kernel with nf_tables and the right to change it (CAP_NET_ADMIN)")
    }
  }

  /// Puts our table in place, whatever was there before. Published ports are never away in between.
  public func install(_ plan: FirewallPlan) throws(SystemError) {
    try commit(ruleset.installation(of: plan))
  }

  /// Takes our table away.
  public func remove() throws(SystemError) {
    try commit(ruleset.removal)
  }

  /// Whether our table is there: another program may have flushed everything.
  public func isInstalled() throws(SystemError) -> Bool {
    try dump(.tables()).map(\.table).contains(ruleset.table)
  }

  /// Whether the table is there with all its rules.
  public func isComplete() throws(SystemError) -> Bool {
    guard try isInstalled() else { return false }
    return try dump(.rules(of: ruleset.table)).count == ruleset.ruleCount
  }

  /// Whether somebody else has a say in what this machine forwards: the host's firewall, or another engine.
  public func hasForeignForwarding() throws(SystemError) -> Bool {
    try dump(.chains()).contains { info in
      info.chain.hook?.place == .forward && info.chain.table != ruleset.table
    }
  }

  public func add(_ network: FirewallNetwork) throws(SystemError) {
    try change(adding: ruleset.elements(of: network))
  }

  public func remove(_ network: FirewallNetwork) throws(SystemError) {
    try change(removing: ruleset.elements(of: network))
  }

  /// Has nothing forwarded between some links, of each family.
  public func guardLinks(_ links: [IPAddress.Family: [String]]) throws(SystemError) {
    try change(adding: ruleset.elements(guarding: links))
  }

  /// Publishes ports, all at once.
  public func add(_ ports: [PublishedPort]) throws(SystemError) {
    try change(adding: ports.flatMap { ruleset.elements(of: $0) })
  }

  public func remove(_ ports: [PublishedPort]) throws(SystemError) {
    try change(removing: ports.flatMap { ruleset.elements(of: $0) })
  }

  /// Publishes some ports in place of others, all at once.
  public func replace(_ removed: [PublishedPort], with added: [PublishedPort]) throws(SystemError) {
    try change(
      adding: added.flatMap { ruleset.elements(of: $0) }, removing: removed.flatMap { ruleset.elements(of: $0) })
  }

  private func change(
    adding added: [(FirewallSet, FirewallElement)] = [], removing removed: [(FirewallSet, FirewallElement)] = []
  ) throws(SystemError) {
    var transaction = FirewallTransaction()
    for (set, elements) in Ruleset.grouped(removed) { transaction.delete(elements, from: set) }
    for (set, elements) in Ruleset.grouped(added) { transaction.add(elements, to: set) }
    try commit(transaction)
  }

  func dump<Answer>(_ query: NetlinkQuery<Answer>) throws(SystemError) -> [Answer] {
    try socket.withLock { socket throws(SystemError) in try socket.dump(query) }
  }

  func commit(_ transaction: FirewallTransaction) throws(SystemError) {
    guard !transaction.isEmpty else { return }
    let messages = transaction.messages
    try socket.withLock { socket throws(SystemError) in try socket.request(messages, context: "firewall") }
  }
}
