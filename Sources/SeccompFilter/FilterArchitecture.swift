import OCIRuntimeSpec

/// An architecture whose calls a filter can tell apart.
public enum FilterArchitecture: Sendable, CaseIterable {
  case x86_64, x86, x32, aarch64

  /// The architecture that this program was built for.
  public static var native: FilterArchitecture {
    #if arch(x86_64)
      .x86_64
    #elseif arch(arm64)
      .aarch64
    #else
      #error("no system call table for this architecture")
    #endif
  }

  init?(_ architecture: LinuxSeccomp.Architecture) {
    switch architecture {
    case .x86_64: self = .x86_64
    case .x86: self = .x86
    case .x32: self = .x32
    case .aarch64: self = .aarch64
    default: return nil
    }
  }

  /// AUDIT_ARCH_… of linux/audit.h. x32 shares that of x86_64 and differs by a bit of the call's number.
  public var auditArchitecture: UInt32 {
    switch self {
    case .x86_64, .x32: 0xC000_003E
    case .x86: 0x4000_0003
    case .aarch64: 0xC000_00B7
    }
  }

  /// Set in the number of every x32 call. __X32_SYSCALL_BIT, asm/unistd.h.
  static let x32Bit: UInt32 = 0x4000_0000

  func number(of call: SystemCall) -> UInt32? {
    let number: Int32 =
      switch self {
      case .x86_64: call.x86_64
      case .x86: call.x86
      case .aarch64: call.aarch64
      case .x32: call.x32
      }
    guard number >= 0 else { return nil }
    return self == .x32 ? UInt32(number) | Self.x32Bit : UInt32(number)
  }

  /// The number of a call by name; nil when the architecture does not have it, or the name is unknown.
  public func number(of name: String) -> UInt32? {
    SystemCall.named(name).flatMap { number(of: $0) }
  }
}

extension SystemCall {
  static func named(_ name: String) -> SystemCall? {
    row(of: name).map { table[$0] }
  }

  /// The row of a name, by binary search.
  static func row(of name: String) -> Int? {
    var (low, high) = (0, table.count)
    while low < high {
      let middle = (low + high) / 2
      if table[middle].name < name { low = middle + 1 } else { high = middle }
    }
    return low < table.count && table[low].name == name ? low : nil
  }
}
