/// Changes to nf_tables that are made at once or not at all.
public struct FirewallTransaction: Sendable {
  private var changes: [NetlinkMessage] = []

  public init() {}

  public var isEmpty: Bool { changes.isEmpty }

  /// How many rules it adds.
  public var ruleCount: Int { changes.count { $0.type == FirewallMessage.newRule } }

  /// The messages to send in one request; none when nothing is to be changed.
  public var messages: [NetlinkMessage] {
    changes.isEmpty
      ? []
      : [MessageWriter.batch(FirewallMessage.batchBegin)] + changes + [MessageWriter.batch(FirewallMessage.batchEnd)]
  }

  // MARK: Tables

  /// Adds a table; one that is there stays.
  public mutating func add(_ table: FirewallTable) {
    change(FirewallMessage.newTable, table, .create, "add table", "\(table)") { $0.put(1, table.name) }
  }

  /// Deletes a table with all that is in it. Fails with ENOENT when there is none.
  public mutating func delete(_ table: FirewallTable) {
    change(FirewallMessage.deleteTable, table, [], "delete table", "\(table)") { $0.put(1, table.name) }
  }

  /// Deletes a table if there is one: what comes after it in the transaction starts from nothing.
  public mutating func deleteIfPresent(_ table: FirewallTable) {
    // Kernels before 6.3 know no message for it: what was just added can be deleted for certain.
    add(table)
    delete(table)
  }

  // MARK: Chains

  /// Adds a chain; one that is there stays, and gets the policy.
  public mutating func add(_ chain: FirewallChain) {
    change(FirewallMessage.newChain, chain.table, .create, "add chain", "\(chain)") { writer in
      writer.put(1, chain.table.name)
      writer.put(3, chain.name)
      if let hook = chain.hook {
        writer.nest(4) { attributes in
          attributes.put(1, network: hook.place.rawValue)
          attributes.put(2, network: hook.priority)
        }
        writer.put(7, hook.kind.rawValue)
      }
      if let policy = chain.policy { writer.put(5, network: policy.rawValue) }
    }
  }

  /// Deletes a chain, which nothing may jump to any more.
  public mutating func delete(_ chain: FirewallChain) {
    change(FirewallMessage.deleteChain, chain.table, [], "delete chain", "\(chain)") { writer in
      writer.put(1, chain.table.name)
      writer.put(3, chain.name)
    }
  }

  /// Deletes the rules of a chain.
  public mutating func flush(_ chain: FirewallChain) {
    change(FirewallMessage.deleteRule, chain.table, [], "flush chain", "\(chain)") { writer in
      writer.put(1, chain.table.name)
      writer.put(2, chain.name)
    }
  }

  // MARK: Rules

  /// Where a rule is put into its chain.
  public enum RulePlace: Sendable {
    case first, last
    /// Next to a rule that is there, by its handle.
    case before(UInt64), after(UInt64)
    /// In the place of a rule that is there.
    case replacing(UInt64)
  }

  public mutating func add(_ rule: FirewallRule, _ place: RulePlace = .last) {
    let chain = rule.chain
    var flags: NetlinkFlags = [.create]
    switch place {
    case .last, .after: flags.insert(.append)
    case .replacing: flags = .replace
    case .first, .before: break
    }
    change(FirewallMessage.newRule, chain.table, flags, "add rule to chain", "\(chain)") { writer in
      writer.put(1, chain.table.name)
      writer.put(2, chain.name)
      switch place {
      case .before(let handle), .after(let handle): writer.put(6, network: handle)
      case .replacing(let handle): writer.put(3, network: handle)
      case .first, .last: break
      }
      writer.nest(4) { list in
        for expression in rule.statements.flatMap(\.expressions) { expression.write(to: &list) }
      }
      if let comment = rule.comment { writer.put(7, bytes: UserData.comment(comment)) }
    }
  }

  /// Deletes the rule with a handle, which a dump of the chain's rules tells.
  public mutating func deleteRule(_ handle: UInt64, in chain: FirewallChain) {
    change(FirewallMessage.deleteRule, chain.table, [], "delete rule \(handle) of chain", "\(chain)") { writer in
      writer.put(1, chain.table.name)
      writer.put(2, chain.name)
      writer.put(3, network: handle)
    }
  }

  // MARK: Sets and maps

  /// Adds a set or map; one of the same kind that is there stays.
  public mutating func add(_ set: FirewallSet) {
    // The kernel wants a number for what is not committed yet; nothing here refers to it by that.
    let identifier = UInt32(truncatingIfNeeded: changes.count + 1)
    change(FirewallMessage.newSet, set.table, .create, "add set", "\(set)") { writer in
      writer.put(1, set.table.name)
      writer.put(2, set.name)
      writer.put(3, network: set.flags)
      writer.put(4, network: FirewallSet.number(of: set.key))
      writer.put(5, network: UInt32(FirewallSet.length(of: set.key)))
      if set.isVerdictMap { writer.put(6, network: UInt32(0xFFFF_FF00)) }
      if !set.data.isEmpty {
        writer.put(6, network: FirewallSet.number(of: set.data))
        writer.put(7, network: UInt32(FirewallSet.length(of: set.data)))
      }
      if set.isInterval && set.key.count > 1 {
        writer.nest(9) { description in
          description.nest(2) { fields in
            for part in set.key { fields.nest(1) { $0.put(1, network: UInt32(part.length)) } }
          }
        }
      }
      writer.put(10, network: identifier)
      writer.put(13, bytes: set.userData)
    }
  }

  /// Deletes a set or map, which no rule may use any more.
  public mutating func delete(_ set: FirewallSet) {
    change(FirewallMessage.deleteSet, set.table, [], "delete set", "\(set)") { writer in
      writer.put(1, set.table.name)
      writer.put(2, set.name)
    }
  }

  /// Adds elements; one that is there already stays, but fails with EEXIST when it stands for something else.
  public mutating func add(_ elements: [FirewallElement], to set: FirewallSet) {
    change(FirewallMessage.newElements, .create, elements, set, "add elements to set")
  }

  /// Deletes elements. Fails with ENOENT when one is not there.
  public mutating func delete(_ elements: [FirewallElement], from set: FirewallSet) {
    change(FirewallMessage.deleteElements, [], elements, set, "delete elements of set")
  }

  /// Deletes all elements.
  public mutating func flush(_ set: FirewallSet) {
    change(FirewallMessage.deleteElements, set.table, [], "flush set", "\(set)") { writer in
      writer.put(1, set.table.name)
      writer.put(2, set.name)
    }
  }
}

extension FirewallTransaction {
  private mutating func change(
    _ type: UInt16, _ table: FirewallTable, _ flags: NetlinkFlags, _ action: String, _ object: String,
    _ body: (inout MessageWriter) -> Void
  ) {
    var writer = MessageWriter(firewall: type, table.family.rawValue, flags: flags)
    body(&writer)
    changes.append(writer.message(action, object))
  }

  /// As many messages as it takes: the list of elements is one attribute, of at most 64 KiB.
  private mutating func change(
    _ type: UInt16, _ flags: NetlinkFlags, _ elements: [FirewallElement], _ set: FirewallSet, _ action: String
  ) {
    var rest = elements[...]
    while !rest.isEmpty {
      // No element takes more than 64 bytes of key twice, 64 of data, 255 of comment and the attributes around them.
      let part = rest.prefix(100)
      rest = rest.dropFirst(100)
      change(type, set.table, flags, action, "\(set)") { writer in
        writer.put(1, set.table.name)
        writer.put(2, set.name)
        writer.nest(3) { list in
          for element in part { element.write(to: &list, set) }
        }
      }
    }
  }
}

extension FirewallSet {
  /// What nft(8) needs to show the elements: byte orders (2 is the machine's, 1 the network's), and the comment.
  fileprivate var userData: [UInt8] {
    func order(_ types: [FirewallType]) -> [UInt8] {
      UInt32(types.first?.isInHostOrder == true && types.count == 1 ? 1 : 2).hostBytes
    }
    var bytes = UserData.field(0, order(key))
    if !data.isEmpty { bytes += UserData.field(1, order(data)) }
    if let comment { bytes += UserData.comment(comment, number: 7) }
    return bytes
  }
}

extension FirewallElement {
  fileprivate func write(to writer: inout MessageWriter, _ set: FirewallSet) {
    let isConcatenation = set.key.count > 1
    writer.nest(1) { element in
      let (keyBytes, dataBytes) = bytes(in: set)
      element.nest(1) { $0.put(1, bytes: keyBytes) }
      if set.isInterval && isConcatenation {
        element.nest(10) { $0.put(1, bytes: (lastKey ?? key).flatMap(\.padded)) }
      }
      if !dataBytes.isEmpty { element.nest(2) { $0.put(1, bytes: dataBytes) } }
      if case .verdict(let verdict) = content { element.nest(2) { verdict.write(to: &$0) } }
      if let comment { element.put(6, bytes: UserData.comment(comment)) }
    }
    // A set of plain ranges holds where one begins and, as an element of its own, the first key after it.
    guard set.isInterval, !isConcatenation, let end = Self.successor(of: (lastKey ?? key).flatMap(\.bytes)) else {
      return
    }
    writer.nest(1) { element in
      element.nest(1) { $0.put(1, bytes: end) }
      element.put(3, network: UInt32(1))
    }
  }

  /// Key and data as the kernel has them: the parts of a concatenation are padded.
  func bytes(in set: FirewallSet) -> (key: [UInt8], data: [UInt8]) {
    var data: [UInt8] = []
    if case .data(let values) = content {
      data = set.data.count > 1 ? values.flatMap(\.padded) : values.flatMap(\.bytes)
    }
    return (set.key.count > 1 ? key.flatMap(\.padded) : key.flatMap(\.bytes), data)
  }

  /// The next number; nil after the last, where a range needs no end.
  private static func successor(of bytes: [UInt8]) -> [UInt8]? {
    var result = bytes
    for index in result.indices.reversed() {
      let (sum, isPast) = result[index].addingReportingOverflow(1)
      result[index] = sum
      if !isPast { return result }
    }
    return nil
  }
}
