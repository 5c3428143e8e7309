/// Parts of a hundred as people read them.
public enum Percentage {
  /// With two decimals: `12.50%`.
  public static func text(_ value: Double) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "0.00%" }
    let hundredths = Int64((value.magnitude * 100).rounded(.toNearestOrEven))
    let decimals = hundredths % 100
    let sign = value < 0 && hundredths > 0 ? "-" : ""
    return "\(sign)\(hundredths / 100).\(decimals < 10 ? "0" : "")\(decimals)%"
  }
}
