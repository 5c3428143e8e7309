import DNSFormat
import NetworkAddresses

/// What becomes of one question.
enum Resolution: Sendable, Equatable {
  case answer([UInt8])
  /// It is passed on to those who know.
  case forward

  /// How long an answer may be kept, in seconds: a container that is started again has another address.
  private static let lifetime: UInt32 = 5

  /// - Parameters:
  ///   - turn: Counts the questions: who has several addresses gives another one first each time.
  ///   - limit: The most bytes of an answer; nil where the transport has no limit.
  init(_ query: DNSQuery, _ scope: ResolverScope, _ directory: NameDirectory, turn: Int, limit: Int?) {
    guard query.isOrdinary else {
      self = .answer(query.answer(.notImplemented, isAuthoritative: false, limit: limit))
      return
    }
    if let records = Self.records(query, scope, directory, turn: turn) {
      self = .answer(query.answer(.success, records, limit: limit))
    } else if scope.upstream == .nobody {
      self = .answer(query.answer(.serverFailure, isAuthoritative: false, limit: limit))
    } else if scope.keepsSingleLabels, query.name.labels.count == 1, [.address4, .address6].contains(query.type) {
      self = .answer(query.answer(.noSuchName, isAuthoritative: false, limit: limit))
    } else {
      self = .forward
    }
  }

  /// Nil when the question is not about one of ours.
  private static func records(
    _ query: DNSQuery, _ scope: ResolverScope, _ directory: NameDirectory, turn: Int
  ) -> [DNSRecord]? {
    if query.type == .pointer {
      guard let address = IPAddress(reverse: query.name) else { return nil }
      for network in scope.networks {
        guard let holder = directory.holder(of: address, in: network),
          let target = DomainName("\(holder.container).\(holder.network)")
        else { continue }
        return [DNSRecord(query.name, pointsTo: target, lifetime: lifetime)]
      }
      return nil
    }
    guard let addresses = addresses(of: query.name.folded, scope, directory) else { return nil }
    // Another type than ours is answered, too: the name is ours, and nobody else's to know.
    let family: IPAddress.Family? =
      switch query.type {
      case .address4: .version4
      case .address6: .version6
      default: nil
      }
    let wanted = addresses.filter { $0.family == family }
    guard !wanted.isEmpty else { return [] }
    let first = turn % wanted.count
    return (wanted[first...] + wanted[..<first]).map { DNSRecord(query.name, address: $0.bytes, lifetime: lifetime) }
  }

  /// The addresses of a name in lower case: in the hosts file, as a link, in a network of the container's, or as `name.network`.
  private static func addresses(
    of name: String, _ scope: ResolverScope, _ directory: NameDirectory
  ) -> [IPAddress]? {
    if let found = scope.hosts[name] { return found }
    if let link = scope.links[name], let found = directory.addresses(of: link.name.lowercased(), in: link.network) {
      return found
    }
    for network in scope.networks {
      if let found = directory.addresses(of: name, in: network) { return found }
    }
    for network in scope.networks {
      guard let suffix = directory.name(of: network)?.lowercased(), name.hasSuffix(".\(suffix)") else { continue }
      if let found = directory.addresses(of: String(name.dropLast(suffix.count + 1)), in: network) { return found }
    }
    return nil
  }
}
