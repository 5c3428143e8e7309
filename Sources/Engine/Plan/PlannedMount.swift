import Diagnostics
import EngineAPI
import OCIRuntimeSpec

/// One mount that a user asked for.
struct PlannedMount: Sendable, Equatable {
  enum Source: Sendable, Equatable {
    /// A directory or file of the host; `isMadeWhenMissing`: a directory is made in its place.
    case bind(String, isMadeWhenMissing: Bool)
    case tmpfs
  }

  var source: Source
  /// Absolute, without `.`, `..` and double slashes.
  var target: String
  /// As the kernel and the runtime know them.
  var options: [String]
  var isReadonly: Bool
  var propagation = ""
  /// The options as a bind was given them, for inspect.
  var mode = ""

  private static let propagations: Set<String> = ["private", "rprivate", "shared", "rshared", "slave", "rslave"]
  private static let tmpfsDefaults = ["noexec", "nosuid", "nodev"]

  var depth: Int { target.split(separator: "/").count }

  /// `source:target[:options]` (`-v`).
  ///
  /// Throws: `unsupported` when the source is the name of a volume, `invalid` for anything malformed.
  init(bind text: String) throws(ClassifiedError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    try require((1...3).contains(parts.count) && !parts.contains(""), "invalid volume specification: '\(text)'")
    try refuse("an anonymous volume (\(text))", if: parts.count == 1, advice: "bind-mount a directory")
    try refuse("a named volume (\(parts[0]))", if: !parts[0].hasPrefix("/"), advice: "bind-mount a directory")
    source = .bind(try normalised(parts[0], of: text), isMadeWhenMissing: true)
    target = try PlannedMount.checkedTarget(parts[1], of: text)
    isReadonly = false
    mode = parts.count == 3 ? parts[2] : ""
    var isRecursive = true
    for option in mode.split(separator: ",").map(String.init) {
      switch option {
      case "ro", "readonly": isReadonly = true
      // The first is the default, the next three are hints for other systems, the last two relabel for SELinux,
      // which does not confine containers here.
      case "rw", "cached", "delegated", "consistent", "z", "Z": break
      case "bind": isRecursive = false
      case "rbind": isRecursive = true
      case _ where PlannedMount.propagations.contains(option): propagation = option
      default: throw ClassifiedError(.invalid, "invalid mode: \(mode)")
      }
    }
    if propagation.isEmpty { propagation = "rprivate" }
    options = [isRecursive ? "rbind" : "bind", propagation] + (isReadonly ? ["rro"] : [])
  }

  /// An entry of `Mounts` (`--mount`).
  ///
  /// Throws: as `init(bind:)`.
  init(_ mount: Mount) throws(ClassifiedError) {
    let text = "\(mount.type) at \(mount.target)"
    target = try PlannedMount.checkedTarget(mount.target, of: text)
    isReadonly = mount.readOnly ?? false
    switch mount.type {
    case "bind":
      let asked = mount.bindOptions ?? BindOptions()
      guard let path = mount.source, path.hasPrefix("/") else {
        throw ClassifiedError(
          .invalid,
          "invalid mount config for type \"bind\": invalid mount path: '\(mount.source ?? "")' mount "
            + "path must be absolute")
      }
      try require(mount.volumeOptions == nil && mount.tmpfsOptions == nil, "options of another type for \(text)")
      source = .bind(try normalised(path, of: text), isMadeWhenMissing: asked.createMountpoint ?? false)
      propagation = asked.propagation.flatMap { $0.isEmpty ? nil : $0 } ?? "rprivate"
      try require(PlannedMount.propagations.contains(propagation), "invalid propagation mode: \(propagation)")
      options = [asked.nonRecursive == true ? "bind" : "rbind", propagation]
      if isReadonly { options.append(asked.readOnlyNonRecursive == true ? "ro" : "rro") }
    case "tmpfs":
      try require(
        mount.source?.isEmpty != false, "invalid mount config for type \"tmpfs\": field Source must not be specified")
      source = .tmpfs
      options = PlannedMount.tmpfsDefaults + (isReadonly ? ["ro"] : [])
      options += try PlannedMount.options(of: mount.tmpfsOptions ?? TmpfsOptions())
    case "volume", "image", "cluster", "npipe":
      throw ClassifiedError(
        .unsupported, "a mount of type \(mount.type) is not supported yet", object: mount.target,
        advice: "use bind or tmpfs")
    default:
      throw ClassifiedError(.invalid, "invalid mount config: mount type unknown: \"\(mount.type)\"")
    }
  }

  private static func options(of tmpfs: TmpfsOptions) throws(ClassifiedError) -> [String] {
    var options: [String] = []
    if let size = tmpfs.sizeBytes, size != 0 {
      try require(size > 0, "size of tmpfs can not be negative: \(size)")
      options.append("size=\(size)")
    }
    if let mode = tmpfs.mode, mode != 0 { options.append("mode=" + String(mode & 0o7777, radix: 8)) }
    for option in tmpfs.options ?? [] {
      try require((1...2).contains(option.count), "invalid option array length in tmpfs options")
      options.append(option.joined(separator: "="))
    }
    return options
  }

  /// An entry of `Tmpfs` (`--tmpfs`).
  ///
  /// Throws: `invalid` for an option that tmpfs does not know.
  init(tmpfs target: String, options text: String) throws(ClassifiedError) {
    self.target = try PlannedMount.checkedTarget(target, of: target)
    source = .tmpfs
    var options = PlannedMount.tmpfsDefaults
    for option in text.split(separator: ",").map(String.init) {
      let key = option.split(separator: "=", maxSplits: 1)[0]
      try require(tmpfsOptions.contains(String(key)), "invalid tmpfs option [\"\(option)\"]")
      // A later `exec` takes the default `noexec` back.
      options.removeAll { $0 == option || $0 == "no" + option || option == "no" + $0 }
      options.append(option)
    }
    isReadonly = options.contains("ro")
    self.options = options
  }

  private static func checkedTarget(_ path: String, of text: String) throws(ClassifiedError) -> String {
    try require(path.hasPrefix("/"), "invalid mount path: '\(path)' mount path must be absolute")
    let target = try normalised(path, of: text)
    try require(target != "/", "invalid specification: destination can't be '/': '\(text)'")
    return target
  }

  var spec: SpecMount {
    switch source {
    case .bind(let path, _): SpecMount(destination: target, type: "bind", source: path, options: options)
    case .tmpfs: SpecMount(destination: target, type: "tmpfs", source: "tmpfs", options: options)
    }
  }

  /// As inspect shows it; what `--tmpfs` made is shown by its own field only.
  var view: MountPoint? {
    switch source {
    case .bind(let path, _):
      MountPoint(
        type: "bind", source: path, destination: target, mode: mode, isWritable: !isReadonly,
        propagation: propagation)
    case .tmpfs:
      MountPoint(type: "tmpfs", destination: target, mode: mode, isWritable: !isReadonly)
    }
  }
}

/// What tmpfs(5) and mount(8) know.
private let tmpfsOptions: Set<String> = [
  "size", "nr_blocks", "nr_inodes", "mode", "uid", "gid", "huge", "mpol", "ro", "rw", "exec", "noexec", "suid",
  "nosuid", "dev", "nodev", "sync", "async", "dirsync", "atime", "noatime", "diratime", "nodiratime", "relatime",
  "norelatime", "strictatime", "nostrictatime",
]

/// The path without `.`, `..` and empty components. Lexical: symbolic links are the runtime's affair.
private func normalised(_ path: String, of text: String) throws(ClassifiedError) -> String {
  try require(!path.utf8.contains(0), "invalid path in '\(text)'")
  var parts: [Substring] = []
  for part in path.split(separator: "/") where part != "." {
    if part == ".." {
      _ = parts.popLast()
    } else {
      parts.append(part)
    }
  }
  return "/" + parts.joined(separator: "/")
}
