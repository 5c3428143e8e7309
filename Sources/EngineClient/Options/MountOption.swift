public import Diagnostics
public import EngineAPI

extension Mount {
  /// Reads `--mount type=bind,source=/a,target=/b,readonly`.
  ///
  /// `absolute` makes a host path absolute. Throws: kind `invalid` for unknown keys and combinations.
  public init(option: String, absolute: (String) -> String) throws(ClassifiedError) {
    self.init(type: "volume")
    for field in try OptionText.fields(option) {
      let (key, value) = OptionText.pair(field)
      try set(key.lowercased(), value, field: field)
    }
    try validate()
    if type == "bind" { source = source.map(absolute) }
  }

  private mutating func set(_ key: String, _ value: String?, field: String) throws(ClassifiedError) {
    switch key {
    case "readonly", "ro":
      readOnly = try OptionText.switchValue(value, of: key)
      return
    case "volume-nocopy":
      edit(\.volumeOptions) { $0.noCopy = true }
      if try !OptionText.switchValue(value, of: key) { edit(\.volumeOptions) { $0.noCopy = false } }
      return
    case "bind-nonrecursive":
      let isOn = try OptionText.switchValue(value, of: key)
      edit(\.bindOptions) { $0.nonRecursive = isOn }
      return
    default: break
    }
    guard let value else {
      throw ClassifiedError(.invalid, "invalid field '\(field)' must be a key=value pair")
    }
    switch key {
    case "type": type = value.lowercased()
    case "source", "src": source = value
    case "target", "dst", "destination": target = value
    case "consistency": consistency = value.lowercased()
    case "bind-propagation": edit(\.bindOptions) { $0.propagation = value.lowercased() }
    case "bind-recursive": try setRecursion(value)
    case "volume-subpath": edit(\.volumeOptions) { $0.subpath = value }
    case "volume-label": edit(\.volumeOptions) { $0.labels = ($0.labels ?? [:]).adding(value) }
    case "volume-driver":
      edit(\.volumeOptions) { options in
        options.driverConfig = VolumeDriverConfig(name: value, options: options.driverConfig?.options)
      }
    case "volume-opt":
      edit(\.volumeOptions) { options in
        let driver = options.driverConfig
        options.driverConfig = VolumeDriverConfig(name: driver?.name, options: (driver?.options ?? [:]).adding(value))
      }
    case "image-subpath": edit(\.imageOptions) { $0.subpath = value }
    case "tmpfs-size":
      guard let size = OptionText.byteSize(value) else {
        throw ClassifiedError(.invalid, "invalid value for \(key): \(value)")
      }
      edit(\.tmpfsOptions) { $0.sizeBytes = size }
    case "tmpfs-mode":
      guard let mode = Int(value, radix: 8) else {
        throw ClassifiedError(.invalid, "invalid value for \(key): \(value)")
      }
      edit(\.tmpfsOptions) { $0.mode = mode }
    default: throw ClassifiedError(.invalid, "unexpected key '\(key)' in '\(field)'")
    }
  }

  private mutating func setRecursion(_ value: String) throws(ClassifiedError) {
    switch value {
    case "enabled": break
    case "disabled": edit(\.bindOptions) { $0.nonRecursive = true }
    case "writable": edit(\.bindOptions) { $0.readOnlyNonRecursive = true }
    case "readonly": edit(\.bindOptions) { $0.readOnlyForceRecursive = true }
    default:
      throw ClassifiedError(
        .invalid, "invalid value for bind-recursive: \(value)", advice: "enabled, disabled, writable or readonly")
    }
  }

  private func validate() throws(ClassifiedError) {
    if target.isEmpty { throw ClassifiedError(.invalid, "target is required") }
    if type == "bind", source?.isEmpty ?? true { throw ClassifiedError(.invalid, "source is required") }
    let foreign: [(Bool, String, String)] = [
      (bindOptions != nil, "bind", "bind-*"), (volumeOptions != nil, "volume", "volume-*"),
      (tmpfsOptions != nil, "tmpfs", "tmpfs-*"), (imageOptions != nil, "image", "image-*"),
    ]
    for (isGiven, owner, keys) in foreign where isGiven && type != owner {
      throw ClassifiedError(.invalid, "cannot mix '\(keys)' options with mount type '\(type)'")
    }
  }

  private mutating func edit<Options: MountOptions>(
    _ path: WritableKeyPath<Mount, Options?>, _ change: (inout Options) -> Void
  ) {
    var options = self[keyPath: path] ?? Options.none
    change(&options)
    self[keyPath: path] = options
  }
}

/// The options of one kind of mount, before any is given.
private protocol MountOptions {
  static var none: Self { get }
}

extension BindOptions: MountOptions { static var none: Self { BindOptions() } }
extension VolumeOptions: MountOptions { static var none: Self { VolumeOptions() } }
extension TmpfsOptions: MountOptions { static var none: Self { TmpfsOptions() } }
extension ImageOptions: MountOptions { static var none: Self { ImageOptions() } }

extension [String: String] {
  fileprivate func adding(_ word: String) -> [String: String] {
    let (key, value) = OptionText.pair(word)
    return merging([key: value ?? ""]) { $1 }
  }
}

/// What one `--volume` asks for.
public enum VolumeOption: Sendable, Equatable {
  /// `source:target[:options]`, the source a path or a volume's name.
  case bind(String)
  /// A path in the container that gets a volume of its own.
  case anonymous(String)

  /// Throws: kind `invalid` for empty parts and too many of them.
  public init(_ text: String, absolute: (String) -> String) throws(ClassifiedError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    if text.isEmpty { throw ClassifiedError(.invalid, "invalid empty volume spec") }
    if parts.contains("") {
      throw ClassifiedError(.invalid, "invalid spec: \(text): empty section between colons")
    }
    switch parts.count {
    case 1: self = .anonymous(text)
    case 2, 3:
      let isPath = parts[0].hasPrefix(".") || parts[0].hasPrefix("/") || parts[0].hasPrefix("~")
      let source = isPath ? absolute(parts[0]) : parts[0]
      self = .bind(([source] + parts.dropFirst()).joined(separator: ":"))
    default: throw ClassifiedError(.invalid, "invalid volume specification: '\(text)'")
    }
  }
}
