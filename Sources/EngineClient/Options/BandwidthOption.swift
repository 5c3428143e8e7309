public import Diagnostics
public import EngineAPI

extension NetworkBandwidth {
  /// Reads `50mbit`, which is for both ways, or `rx=50mbit,tx=10mbit[,burst=64k]`. Rates are bits with the
  /// units of tc(8), a plain number is bits a second, 0 is no limit; a burst is a number of bytes with a unit of 1024.
  ///
  /// Throws: kind `invalid`.
  public init(option: String) throws(ClassifiedError) {
    self.init()
    guard option.contains("=") else {
      let rate = try Self.rate(option)
      self.init(receive: rate, transmit: rate)
      return
    }
    for field in option.split(separator: ",", omittingEmptySubsequences: false) {
      let (key, value) = OptionText.pair(String(field))
      guard let value else {
        throw ClassifiedError(
          .invalid, "invalid bandwidth '\(option)': '\(field)' must be a key=value pair", advice: Self.advice)
      }
      switch key {
      case "rx": receive = try Self.rate(value)
      case "tx": transmit = try Self.rate(value)
      case "burst":
        guard let bytes = OptionText.byteSize(value) else {
          throw ClassifiedError(.invalid, "invalid burst '\(value)'", advice: "a number of bytes such as 64k")
        }
        burst = bytes
      default:
        throw ClassifiedError(
          .invalid, "invalid bandwidth '\(option)': unexpected key '\(key)'", advice: "rx, tx or burst")
      }
    }
  }

  private static let advice = "write 50mbit, or rx=50mbit,tx=10mbit,burst=64k"

  /// Bits a second. tc(8), UNITS: bit is of 1000, an i makes it of 1024.
  private static func rate(_ text: String) throws(ClassifiedError) -> Int64 {
    let digits = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
    var unit = text.dropFirst(digits.count).lowercased()
    // Bytes a second to tc(8), and bits a second to nearly everybody else.
    if unit.hasSuffix("bps") {
      throw ClassifiedError(
        .invalid, "invalid bandwidth '\(text)': bps may mean bits or bytes a second",
        advice: "write bits, such as 50mbit")
    }
    var bits: Double? = 1
    if unit.hasSuffix("bit") {
      unit.removeLast("bit".count)
      let step = unit.hasSuffix("i") ? 1024.0 : 1000.0
      if step == 1024 { unit.removeLast() }
      let power = ["", "k", "m", "g", "t"].firstIndex(of: unit)
      // A lone i is no prefix.
      bits = power.flatMap { power in
        power == 0 && step == 1024 ? nil : (0..<power).reduce(1) { product, _ in product * step }
      }
      unit = ""
    }
    guard unit.isEmpty, let bits, let number = Double(digits), let rate = Int64(exactly: (number * bits).rounded())
    else {
      throw ClassifiedError(.invalid, "invalid bandwidth '\(text)'", advice: advice)
    }
    if rate == 0, number > 0 {
      throw ClassifiedError(.invalid, "bandwidth '\(text)' is less than one bit a second", advice: "0 is no limit")
    }
    return rate
  }
}
