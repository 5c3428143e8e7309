import NIOCore

/// How soon damage is repaired: at once, unless somebody keeps doing it. Then the pauses grow, so that two programs do not
/// fill the machine with their quarrel.
struct RepairPace: Sendable, Equatable {
  /// Changes come in crowds: what follows within this time is repaired together.
  static let usual = TimeAmount.milliseconds(50)
  static let longest = TimeAmount.seconds(60)
  /// So many repairs in a row are nobody's quarrel.
  private static let patience = 5
  /// After so much quiet it is another story.
  private static let memory = TimeAmount.seconds(120)

  private var last: NIODeadline?
  private var inARow = 0

  /// Says how long to wait from the news of damage to its repair.
  mutating func heard(at now: NIODeadline) -> TimeAmount {
    if let last, now - last > Self.memory { inARow = 0 }
    let excess = inARow - Self.patience
    guard excess >= 0 else { return Self.usual }
    return min(Self.longest, .seconds(1 << Int64(min(excess, 6))))
  }

  /// Returns whether the pauses begin to grow with this repair.
  mutating func repaired(at now: NIODeadline) -> Bool {
    last = now
    inARow += 1
    return inARow == Self.patience
  }
}
