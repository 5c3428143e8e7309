public import CommandLine
import Diagnostics
import JSON
import LinuxKernel

/// The server's `daemon.json`: the same settings as the flags, by the same names (plural for lists), and `proxies`.
public struct ConfigurationFile: Sendable {
  /// What a key holds.
  enum Kind: Sendable {
    case bool, integer, text, list, proxies, addressPools, driverOptions
  }

  /// Every key, with the flag that it stands for.
  static let keys: [String: (kind: Kind, flag: String?)] = [
    "bip": (.text, "bip"), "bip6": (.text, "bip6"), "bridge": (.text, "bridge"),
    "cgroup-parent": (.text, "cgroup-parent"), "data-root": (.text, "data-root"), "debug": (.bool, "debug"),
    "default-address-pools": (.addressPools, "default-address-pool"),
    "default-gateway": (.text, "default-gateway"), "default-gateway-v6": (.text, "default-gateway-v6"),
    "default-network-opts": (.driverOptions, "default-network-opt"), "dns": (.list, "dns"),
    "dns-opts": (.list, "dns-opt"), "dns-search": (.list, "dns-search"), "exec-root": (.text, "exec-root"),
    "fixed-cidr": (.text, "fixed-cidr"), "fixed-cidr-v6": (.text, "fixed-cidr-v6"), "group": (.text, "group"),
    "host-gateway-ip": (.text, "host-gateway-ip"), "host-gateway-ips": (.list, "host-gateway-ip"),
    "hosts": (.list, "host"), "icc": (.bool, "icc"), "insecure-registries": (.list, "insecure-registry"),
    "ip": (.text, "ip"), "ip-forward": (.bool, "ip-forward"), "ip-masq": (.bool, "ip-masq"), "ipv6": (.bool, "ipv6"),
    "log-level": (.text, "log-level"), "max-concurrent-downloads": (.integer, "max-concurrent-downloads"),
    "mtu": (.integer, "mtu"), "pidfile": (.text, "pidfile"),
    "proxies": (.proxies, nil), "registry-mirrors": (.list, "registry-mirror"), "tls": (.bool, "tls"),
    "trusted-token-hosts": (.list, "trusted-token-host"),
  ]

  private let values: [String: JSONValue]

  /// Reads the file; where there is none, the settings are empty unless the file was asked for.
  ///
  /// Throws: kind `notFound`, kind `invalid` naming the key at fault.
  public init(at path: String, isRequired: Bool) throws {
    let bytes = try HostFiles.readIfPresent(path, limit: 1 << 20)
    if bytes == nil, isRequired { throw ClassifiedError(.notFound, "no such configuration file", object: path) }
    do {
      try self.init(parsing: bytes ?? [])
    } catch {
      throw ClassifiedError(errorKind(of: error), explanation(of: error), object: path)
    }
  }

  /// Throws: kind `invalid` naming the keys at fault.
  public init(parsing bytes: [UInt8]) throws {
    // An empty file says nothing, as dockerd has it.
    guard bytes.contains(where: { !" \t\r\n".utf8.contains($0) }) else {
      values = [:]
      return
    }
    let document: JSONValue
    do {
      document = try JSONValue(parsing: bytes)
    } catch {
      throw ClassifiedError(.invalid, "is not JSON: \(error)")
    }
    guard case .object(let members) = document else { throw ClassifiedError(.invalid, "is not a JSON object") }
    let unknown = members.map(\.name).filter { ConfigurationFile.keys[$0] == nil }
    guard unknown.isEmpty else {
      throw ClassifiedError(
        .invalid, "the following directives don't match any configuration option: \(unknown.joined(separator: ", "))",
        advice: "known are \(ConfigurationFile.keys.keys.sorted().joined(separator: ", "))")
    }
    for member in members {
      guard let (kind, _) = ConfigurationFile.keys[member.name], ConfigurationFile.fits(member.value, kind) else {
        throw ClassifiedError(.invalid, "the value of \"\(member.name)\" is wrong: \(member.value.compact)")
      }
    }
    values = Dictionary(members.map { ($0.name, $0.value) }) { _, last in last }
  }

  private static func fits(_ value: JSONValue, _ kind: Kind) -> Bool {
    switch (kind, value) {
    case (.bool, .bool), (.text, .string): true
    case (.integer, .number(let digits)): Int64(digits) != nil
    case (.list, .array(let items)): items.allSatisfy { $0.stringValue != nil }
    case (.proxies, .object(let members)):
      members.allSatisfy {
        ["http-proxy", "https-proxy", "no-proxy"].contains($0.name) && $0.value.stringValue != nil
      }
    case (.addressPools, .array(let items)):
      items.allSatisfy { if case .object(let members) = $0 { members.allSatisfy(isPartOfPool) } else { false } }
    case (.driverOptions, .object(let drivers)):
      drivers.allSatisfy { driver in
        if case .object(let options) = driver.value {
          options.allSatisfy { $0.value.stringValue != nil }
        } else {
          false
        }
      }
    default: false
    }
  }

  private static func isPartOfPool(_ member: JSONValue.Member) -> Bool {
    switch (member.name, member.value) {
    case ("base", .string): true
    case ("size", .number(let digits)): Int64(digits) != nil
    default: false
    }
  }

  /// Throws: kind `invalid` when settings stand in the file and on the command line, for which of the two would count
  /// is a matter of taste.
  public func requireNoConflict(with flags: FlagValues) throws {
    let conflicts = values.sorted { $0.key < $1.key }.compactMap { key, value -> String? in
      guard let flag = ConfigurationFile.keys[key]?.flag, flags.isSet(flag) else { return nil }
      let given = flags.strings(flag)
      let isList = if case .array = value { true } else { false }
      let shown = isList ? "[\(given.joined(separator: " "))]" : given.joined(separator: ", ")
      return "\(key): (from flag: \(shown), from file: \(ConfigurationFile.shown(value)))"
    }
    guard conflicts.isEmpty else {
      throw ClassifiedError(
        .invalid,
        "the following directives are specified both as a flag and in the configuration file: "
          + conflicts.joined(separator: ", "))
    }
  }

  /// As dockerd prints values: strings bare, lists with blanks between.
  private static func shown(_ value: JSONValue) -> String {
    if case .array(let items) = value { return "[\(items.map(shown).joined(separator: " "))]" }
    return value.stringValue ?? value.compact
  }

  func text(_ key: String) -> String? { values[key]?.stringValue }

  func bool(_ key: String) -> Bool? {
    if case .bool(let value)? = values[key] { value } else { nil }
  }

  func integer(_ key: String) -> Int64? {
    if case .number(let digits)? = values[key] { Int64(digits) } else { nil }
  }

  func list(_ key: String) -> [String]? {
    if case .array(let items)? = values[key] { items.compactMap(\.stringValue) } else { nil }
  }

  func array(_ key: String) -> [JSONValue]? {
    if case .array(let items)? = values[key] { items } else { nil }
  }

  /// The members of an object; none where there is no such key.
  func members(_ key: String) -> [(name: String, value: JSONValue)] {
    guard case .object(let members)? = values[key] else { return [] }
    return members.map { ($0.name, $0.value) }
  }

  /// One of `http-proxy`, `https-proxy` and `no-proxy`.
  func proxy(_ name: String) -> String { values["proxies"]?[name]?.stringValue ?? "" }
}
