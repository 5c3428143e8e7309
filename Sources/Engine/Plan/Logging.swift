import Diagnostics
import EngineAPI

/// Where a container's output is kept.
struct LoggingPlan: Sendable, Equatable {
  enum Driver: String, Sendable {
    case jsonFile = "json-file"
    case none
  }

  var driver: Driver
  /// Bytes at which the file is rotated; 0: never.
  var maxBytes: UInt64
  /// How many files there may be, the current one included.
  var maxFiles: UInt32

  /// Throws: `unsupported` for other drivers, `invalid` for unknown or malformed options.
  static func plan(_ log: LogConfig) throws(ClassifiedError) -> LoggingPlan {
    let name = log.type.isEmpty ? Driver.jsonFile.rawValue : log.type
    guard let driver = Driver(rawValue: name) else {
      throw ClassifiedError(
        .unsupported, "logging driver \(name) is not supported yet", advice: "use json-file or none")
    }
    var plan = LoggingPlan(driver: driver, maxBytes: 0, maxFiles: 1)
    guard driver == .jsonFile else { return plan }
    for (key, value) in log.config.sorted(by: { $0.key < $1.key }) {
      switch key {
      case "max-size":
        guard let bytes = byteCount(value) else {
          throw ClassifiedError(.invalid, "invalid value for max-size: \(value)", advice: "write it as 10m")
        }
        plan.maxBytes = bytes
      case "max-file":
        guard let files = UInt32(value), files >= 1 else {
          throw ClassifiedError(.invalid, "max-file cannot be less than 1: \(value)")
        }
        plan.maxFiles = files
      default:
        try refuse("log option \(key)", if: ["labels", "labels-regex", "env", "env-regex", "tag"].contains(key))
        try refuse(
          "log option \(key)", if: (key == "compress" || key == "mode") && !["false", "blocking"].contains(value))
        try require(
          ["compress", "mode"].contains(key), "unknown log opt '\(key)' for json-file log driver")
      }
    }
    try require(plan.maxFiles == 1 || plan.maxBytes > 0, "max-file needs max-size")
    return plan
  }

  /// `10m`, `1.5g`, `512`: bytes with a binary unit.
  static func byteCount(_ text: String) -> UInt64? {
    var digits = Substring(text.lowercased())
    if digits.hasSuffix("b") { digits.removeLast() }
    if digits.hasSuffix("i") { digits.removeLast() }
    let units: [Character: Double] = ["k": 0x1p10, "m": 0x1p20, "g": 0x1p30, "t": 0x1p40]
    let factor = digits.last.flatMap { units[$0] } ?? 1
    if factor > 1 { digits.removeLast() }
    guard let first = digits.first, first.isNumber, let number = Double(digits), number >= 0,
      number * factor < 9e18
    else { return nil }
    return UInt64(number * factor)
  }

  func view(_ inspect: inout ContainerInspect, path: String) {
    inspect.hostConfig.logConfig.type = driver.rawValue
    inspect.logPath = driver == .jsonFile ? path : ""
  }
}
