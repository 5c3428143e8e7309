import Diagnostics

/// Who a process is, in numbers.
struct ContainerUser: Sendable, Equatable {
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  var groups: [UInt32] = []
  var home = "/"
}

/// The users and groups of a container: its `/etc/passwd` and `/etc/group` (passwd(5), group(5)). Lines that do not
/// fit are skipped, as libc skips them.
struct AccountFiles: Sendable {
  struct Account: Sendable, Equatable {
    var name: String
    var uid: UInt32
    var gid: UInt32
    var home: String
  }

  struct Group: Sendable, Equatable {
    var name: String
    var gid: UInt32
    var members: [String]
  }

  let accounts: [Account]
  let groups: [Group]

  /// The largest id: above it lie numbers that some programs take for -1 (CVE-2024-40635).
  static let largestID = UInt32(Int32.max)

  init(passwd: String, group: String) {
    accounts = AccountFiles.lines(passwd, fields: 7).compactMap { fields in
      guard let uid = UInt32(fields[2]), let gid = UInt32(fields[3]) else { return nil }
      return Account(name: String(fields[0]), uid: uid, gid: gid, home: String(fields[5]))
    }
    groups = AccountFiles.lines(group, fields: 4).compactMap { fields in
      guard let gid = UInt32(fields[2]) else { return nil }
      let members = fields[3].split(separator: ",").map(String.init)
      return Group(name: String(fields[0]), gid: gid, members: members)
    }
  }

  private static func lines(_ text: String, fields count: Int) -> [[Substring]] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      return line.hasPrefix("#") || fields.count < count ? nil : fields
    }
  }

  /// Who `user` (`name`, `uid`, each with `:group` or `:gid`; empty: root) is.
  ///
  /// Throws: `invalid` when a name is not in the files or a number is out of range.
  func find(_ user: String, additionalGroups: [String]) throws(ClassifiedError) -> ContainerUser {
    let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let wanted = parts.first.map(String.init) ?? ""
    var found = ContainerUser()
    let account = wanted.isEmpty ? accounts.first { $0.uid == 0 } : account(wanted)
    if let account {
      found = ContainerUser(uid: account.uid, gid: account.gid, home: account.home.isEmpty ? "/" : account.home)
    } else if !wanted.isEmpty {
      found.uid = try number(wanted, "user", user)
    } else {
      found.home = "/root"
    }
    if parts.count == 2, !parts[1].isEmpty {
      found.gid = try groupID(String(parts[1]))
    } else if let account {
      // Only a user without an explicit group gets the groups that list him.
      found.groups = groups.filter { $0.members.contains(account.name) }.map(\.gid)
    }
    try check(found.uid, user)
    try check(found.gid, user)
    for group in additionalGroups { found.groups.append(try groupID(group)) }
    // The primary group is in the list too, so that giving it up is no gain (CVE-2022-36109).
    found.groups = [found.gid] + found.groups.filter { $0 != found.gid }
    return found
  }

  private func account(_ wanted: String) -> Account? {
    accounts.first { $0.name == wanted } ?? UInt32(wanted).flatMap { uid in accounts.first { $0.uid == uid } }
  }

  private func groupID(_ wanted: String) throws(ClassifiedError) -> UInt32 {
    if let group = groups.first(where: { $0.name == wanted }) { return group.gid }
    let gid = try number(wanted, "group", wanted)
    try check(gid, wanted)
    return gid
  }

  private func number(_ text: String, _ kind: String, _ whole: String) throws(ClassifiedError) -> UInt32 {
    if let number = UInt32(text) { return number }
    if Int64(text) != nil { throw ClassifiedError(.invalid, "uids and gids must be in range 0-2147483647: \(whole)") }
    let file = kind == "user" ? "passwd" : "group"
    throw ClassifiedError(
      .invalid, "unable to find \(kind) \(text): no matching entries in \(file) file")
  }

  private func check(_ id: UInt32, _ whole: String) throws(ClassifiedError) {
    try require(id <= Self.largestID, "uids and gids must be in range 0-2147483647: \(whole)")
  }
}
