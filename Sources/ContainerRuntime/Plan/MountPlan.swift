import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// One entry of `mounts`, its options read.
struct MountPlan: Sendable {
  enum Kind: Sendable, Equatable {
    /// Shows a file or directory of the host.
    case bind(source: String, recursive: Bool)
    case fileSystem(type: String, source: String)
    /// The container's view of its cgroups, which may be several mounts.
    case cgroup
  }

  /// Where, as the container sees it; absolute.
  let destination: String
  let kind: Kind
  /// For file systems: the flags of mount(2).
  private(set) var flags: MountFlags = []
  /// For binds: what to change of what the source's mount has.
  private(set) var attributes = AttributeChange()
  private(set) var attributesBelow = AttributeChange()
  private(set) var propagation: (flags: MountFlags, recursive: Bool)?
  private(set) var data: [String] = []
  private(set) var copiesUp = false
  private(set) var mapsOwners: (recursive: Bool, users: [IDMapping], groups: [IDMapping])?

  /// Attributes to set and to clear, mount_setattr(2).
  struct AttributeChange: Sendable, Equatable {
    var added: MountAttributes = []
    var removed: MountAttributes = []

    var isEmpty: Bool { added.isEmpty && removed.isEmpty }

    /// The last word on an attribute counts.
    mutating func add(_ attribute: MountAttributes) {
      if attribute == .noAccessTimes || attribute == .strictAccessTimes {
        added.subtract(.accessTimeChoice)
        removed.formUnion(.accessTimeChoice)
      } else {
        removed.subtract(attribute)
      }
      added.formUnion(attribute)
    }

    mutating func remove(_ attribute: MountAttributes) {
      added.subtract(attribute)
      removed.formUnion(attribute)
    }
  }

  /// Throws: `invalid` for options that contradict the mount's kind.
  init(_ mount: SpecMount, bundle: String, user: [IDMapping] = [], group: [IDMapping] = []) throws {
    // Relative destinations are deprecated; they count from the root.
    destination = mount.destination.hasPrefix("/") ? mount.destination : "/\(mount.destination)"
    let binds = mount.options.last { $0 == "bind" || $0 == "rbind" }
    if binds != nil || mount.type == "bind" {
      guard !mount.source.isEmpty else {
        throw ClassifiedError(.invalid, "a bind mount needs a source", object: mount.destination)
      }
      let source = mount.source.hasPrefix("/") ? mount.source : "\(bundle)/\(mount.source)"
      kind = .bind(source: source, recursive: binds == "rbind")
    } else if mount.type == "cgroup" || mount.type == "cgroup2" {
      kind = .cgroup
    } else {
      guard !mount.type.isEmpty else {
        throw ClassifiedError(.invalid, "the mount has no type", object: mount.destination)
      }
      kind = .fileSystem(type: mount.type, source: mount.source.isEmpty ? mount.type : mount.source)
    }
    var mapping: Bool?
    for option in mount.options { apply(option, &mapping) }
    try check(mount, mapping)
    if let recursive = mapping ?? (mount.uidMappings.isEmpty ? nil : false) {
      mapsOwners = (
        recursive, mount.uidMappings.isEmpty ? user : mount.uidMappings,
        mount.gidMappings.isEmpty ? group : mount.gidMappings
      )
    }
  }

  private mutating func apply(_ option: String, _ mapping: inout Bool?) {
    guard let known = MountOption.named(option) else {
      data.append(option)
      return
    }
    switch known.effect {
    case .nothing, .bind: break
    case .set(let flag):
      flags.formUnion(flag)
      attributes.add(flag.attributes)
    case .clear(let flag):
      flags.subtract(flag)
      attributes.remove(flag.attributes)
    case .propagation(let flag, let recursive): propagation = (flag, recursive)
    case .setBelow(let attribute): attributesBelow.add(attribute)
    case .clearBelow(let attribute): attributesBelow.remove(attribute)
    case .mapOwners(let recursive): mapping = recursive
    case .copyUp: copiesUp = true
    }
  }

  private func check(_ mount: SpecMount, _ mapping: Bool?) throws {
    func refuse(_ reason: String) -> ClassifiedError { ClassifiedError(.invalid, reason, object: mount.destination) }
    guard mount.uidMappings.isEmpty == mount.gidMappings.isEmpty else {
      throw refuse("a mount needs both uidMappings and gidMappings, or neither")
    }
    if case .bind = kind {
      if let unknown = data.first { throw refuse("unknown option \"\(unknown)\" of a bind mount") }
      if copiesUp { throw refuse("tmpcopyup is for tmpfs only") }
    } else {
      if mapping != nil || !mount.uidMappings.isEmpty { throw refuse("only bind mounts can map owners") }
      if copiesUp, mount.type != "tmpfs" { throw refuse("tmpcopyup is for tmpfs only") }
    }
  }
}

extension MountFlags {
  /// The attributes of one mount that correspond to these flags; flags of the file system itself have none.
  fileprivate var attributes: MountAttributes {
    var attributes: MountAttributes = []
    if contains(.readOnly) { attributes.insert(.readOnly) }
    if contains(.noSetUserID) { attributes.insert(.noSetUserID) }
    if contains(.noDevices) { attributes.insert(.noDevices) }
    if contains(.noExecution) { attributes.insert(.noExecution) }
    if contains(.noSymbolicLinks) { attributes.insert(.noSymbolicLinks) }
    if contains(.noAccessTimes) { attributes.insert(.noAccessTimes) }
    if contains(.strictAccessTimes) { attributes.insert(.strictAccessTimes) }
    if contains(.noDirectoryAccessTimes) { attributes.insert(.noDirectoryAccessTimes) }
    return attributes
  }
}
