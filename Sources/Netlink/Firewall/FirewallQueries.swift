private func query(
  _ type: UInt16, _ family: FirewallFamily?, _ action: String, _ object: String,
  _ body: (inout MessageWriter) -> Void = { _ in }
) -> NetlinkMessage {
  var writer = MessageWriter(firewall: type, family?.rawValue ?? 0, flags: .dump)
  body(&writer)
  return writer.message(action, object)
}

extension NetlinkQuery<FirewallTableInfo> {
  /// All tables; of one family where said.
  public static func tables(_ family: FirewallFamily? = nil) -> NetlinkQuery {
    NetlinkQuery(query(FirewallMessage.getTable, family, "list tables", ""))
  }
}

extension NetlinkQuery<FirewallChainInfo> {
  /// All chains of all tables; of one family where said.
  public static func chains(_ family: FirewallFamily? = nil) -> NetlinkQuery {
    NetlinkQuery(query(FirewallMessage.getChain, family, "list chains", ""))
  }
}

extension NetlinkQuery<FirewallRuleInfo> {
  /// All rules of a table; of one chain where said. Of a table or chain that is not there, none.
  public static func rules(of table: FirewallTable, chain: String? = nil) -> NetlinkQuery {
    NetlinkQuery(
      query(FirewallMessage.getRule, table.family, "list rules of", "\(table)") { writer in
        writer.put(1, table.name)
        if let chain { writer.put(2, chain) }
      })
  }
}

extension NetlinkQuery<FirewallSetInfo> {
  /// All sets and maps of a table. Fails with ENOENT when there is no such table.
  public static func sets(of table: FirewallTable) -> NetlinkQuery {
    NetlinkQuery(query(FirewallMessage.getSet, table.family, "list sets of", "\(table)") { $0.put(1, table.name) })
  }
}

extension NetlinkQuery<FirewallElementsInfo> {
  /// The elements of a set or map. Fails with ENOENT when it is not there.
  public static func elements(of set: FirewallSet) -> NetlinkQuery {
    NetlinkQuery(
      query(FirewallMessage.getElements, set.table.family, "list elements of", "\(set)") { writer in
        writer.put(1, set.table.name)
        writer.put(2, set.name)
      })
  }
}
