import Diagnostics
import OCIRuntimeSpec

/// A rule about devices, checked and in order: what both versions of cgroups are told.
struct DeviceAccess: Sendable, Equatable {
  enum Kind: Character, Sendable {
    case all = "a"
    case block = "b"
    case character = "c"
  }

  let allow: Bool
  let kind: Kind
  /// nil stands for every number.
  let major: UInt32?
  let minor: UInt32?
  /// Letters of "rwm", at least one.
  let access: String

  /// Whether the rule is about every access to every device.
  var isBlanket: Bool { kind == .all && major == nil && minor == nil && access == "rwm" }

  static let denyAll = DeviceAccess(allow: false, kind: .all, major: nil, minor: nil, access: "rwm")

  /// The rules of a container. Where they do not begin with one about all devices, everything is denied first, on both
  /// versions: what no rule allows stays shut.
  static func list(_ rules: [LinuxDeviceRule]) throws(ClassifiedError) -> [DeviceAccess] {
    var list: [DeviceAccess] = []
    for rule in rules { list.append(try DeviceAccess(rule)) }
    if let first = list.first, !first.isBlanket { list.insert(denyAll, at: 0) }
    return list
  }

  private init(_ rule: LinuxDeviceRule) throws(ClassifiedError) {
    guard let kind = rule.type.isEmpty ? .all : rule.type.count == 1 ? Kind(rawValue: Character(rule.type)) : nil else {
      throw ClassifiedError(.invalid, "device type '\(rule.type)' in a cgroup rule", advice: "a, b or c")
    }
    let letters = rule.access.utf8
    guard letters.allSatisfy("rwm".utf8.contains) else {
      throw ClassifiedError(.invalid, "device access '\(rule.access)' in a cgroup rule", advice: "letters of rwm")
    }
    self.init(
      allow: rule.allow, kind: kind, major: try Self.number(rule.major), minor: try Self.number(rule.minor),
      access: letters.isEmpty || rule.access == "rwm"
        ? "rwm" : String(decoding: "rwm".utf8.filter(letters.contains), as: UTF8.self))
  }

  private init(allow: Bool, kind: Kind, major: UInt32?, minor: UInt32?, access: String) {
    self.allow = allow
    self.kind = kind
    self.major = major
    self.minor = minor
    self.access = access
  }

  /// -1 stands for every number, as older bundles write it.
  private static func number(_ value: Int64?) throws(ClassifiedError) -> UInt32? {
    guard let value, value != -1 else { return nil }
    guard let number = UInt32(exactly: value) else {
      throw ClassifiedError(.invalid, "device number \(value) in a cgroup rule")
    }
    return number
  }

  /// The rule as the files of version 1 take it. devices.rst of the kernel's cgroup-v1 documentation. The kernel takes
  /// "a" as every access to every device, whatever follows; a narrower rule about both kinds takes two lines.
  var version1Lines: [String] {
    if isBlanket { return ["a"] }
    let numbers = "\(major.map(String.init) ?? "*"):\(minor.map(String.init) ?? "*")"
    let kinds: [Kind] = kind == .all ? [.block, .character] : [kind]
    return kinds.map { "\($0.rawValue) \(numbers) \(access)" }
  }
}
