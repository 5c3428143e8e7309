public import Diagnostics
public import EngineAPI

extension Ulimit {
  private static let names: Set<String> = [
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
  ]

  /// Reads `nofile=1024[:2048]`; -1 is unlimited.
  ///
  /// Throws: kind `invalid`.
  public init(option: String) throws(ClassifiedError) {
    guard let (name, limits) = option.cut(at: "="), !name.isEmpty else {
      throw ClassifiedError(.invalid, "invalid ulimit argument: \(option)")
    }
    guard Ulimit.names.contains(name) else { throw ClassifiedError(.invalid, "invalid ulimit type: \(name)") }
    let parts = limits.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count) else {
      throw ClassifiedError(
        .invalid, "too many limit value arguments - \(limits), can only have up to two, `soft[:hard]`")
    }
    var values: [Int64] = []
    for part in parts {
      guard let value = Int64(part), value >= -1 else {
        throw ClassifiedError(.invalid, "invalid limit '\(part)' for \(name)")
      }
      values.append(value)
    }
    let (soft, hard) = (values[0], values.last ?? values[0])
    if hard != -1, soft > hard || soft == -1 {
      throw ClassifiedError(
        .invalid, "ulimit soft limit must be less than or equal to hard limit: \(soft) > \(hard)")
    }
    self.init(name: name, soft: soft, hard: hard)
  }
}

extension RestartPolicy {
  /// Reads `no`, `always`, `unless-stopped` or `on-failure[:times]`. The server checks the name.
  ///
  /// Throws: kind `invalid` for a count that is no number.
  public init(option: String) throws(ClassifiedError) {
    guard let (name, times) = option.cut(at: ":") else {
      self.init(name: option)
      return
    }
    if name.isEmpty {
      throw ClassifiedError(.invalid, "invalid restart policy format: no policy provided before colon")
    }
    guard let count = times.isEmpty ? 0 : Int(times) else {
      throw ClassifiedError(.invalid, "invalid restart policy format: maximum retry count must be an integer")
    }
    self.init(name: name, maximumRetryCount: count)
  }
}

extension DeviceMapping {
  /// Reads `/dev/a[:/dev/b[:rwm]]`.
  ///
  /// Throws: kind `invalid`.
  public init(option: String) throws(ClassifiedError) {
    let parts = option.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard (1...3).contains(parts.count), !parts[0].isEmpty else {
      throw ClassifiedError(.invalid, "invalid device specification: \(option)")
    }
    func isPermissions(_ text: String) -> Bool { !text.isEmpty && text.allSatisfy { "rwm".contains($0) } }
    self.init(pathOnHost: parts[0], pathInContainer: parts[0], cgroupPermissions: "rwm")
    if parts.count == 2, isPermissions(parts[1]) {
      cgroupPermissions = parts[1]
    } else if parts.count >= 2 {
      pathInContainer = parts[1]
    }
    guard parts.count == 3 else { return }
    guard isPermissions(parts[2]) else {
      throw ClassifiedError(.invalid, "invalid device mode: \(parts[2])", object: option, advice: "use r, w and m")
    }
    cgroupPermissions = parts[2]
  }
}

extension WeightDevice {
  /// Reads `/dev/sda:200`.
  ///
  /// Throws: kind `invalid`.
  public init(option: String) throws(ClassifiedError) {
    guard let (path, text) = option.cut(at: ":"), path.hasPrefix("/dev/") else {
      throw ClassifiedError(.invalid, "bad format: \(option)", advice: "write <device-path>:<weight>")
    }
    guard let weight = UInt16(text), weight == 0 || (10...1000).contains(weight) else {
      throw ClassifiedError(.invalid, "invalid weight for device: \(option)", advice: "from 10 to 1000")
    }
    self.init(path: path, weight: weight)
  }
}

extension ThrottleDevice {
  /// Reads `/dev/sda:1mb`, or `/dev/sda:1000` when operations are counted.
  ///
  /// Throws: kind `invalid`.
  public init(option: String, countsBytes: Bool) throws(ClassifiedError) {
    guard let (path, text) = option.cut(at: ":"), path.hasPrefix("/dev/") else {
      throw ClassifiedError(.invalid, "bad format: \(option)", advice: "write <device-path>:<number>")
    }
    guard let rate = countsBytes ? OptionText.byteSize(text).map(UInt64.init) : UInt64(text) else {
      throw ClassifiedError(.invalid, "invalid rate for device: \(option)", advice: "a positive number")
    }
    self.init(path: path, rate: rate)
  }
}

extension DeviceRequest {
  /// Reads `--gpus all`, `--gpus 2`, `--gpus device=a,capabilities=compute`.
  ///
  /// Throws: kind `invalid`.
  public init(gpus option: String) throws(ClassifiedError) {
    self.init(capabilities: [["gpu"]])
    for field in try OptionText.fields(option) {
      let (key, value) = OptionText.pair(field)
      switch (key, value) {
      case ("all", nil): count = -1
      case (_, nil), ("count", _):
        let text = value ?? key
        guard let number = text == "all" ? -1 : Int(text) else {
          throw ClassifiedError(
            .invalid, "invalid count (\(text)): value must be either \"all\" or an integer: invalid syntax")
        }
        count = number
      case ("driver", let value?): driver = value
      case ("device", let value?): deviceIDs = (deviceIDs ?? []) + value.split(separator: ",").map(String.init)
      case ("capabilities", let value?): capabilities = [["gpu"] + value.split(separator: ",").map(String.init)]
      case ("options", let value?): options = OptionText.table(value.split(separator: ",").map(String.init))
      default: throw ClassifiedError(.invalid, "unexpected key '\(key)' in '\(field)'")
      }
    }
    if count == 0, deviceIDs == nil { count = 1 }
  }
}
