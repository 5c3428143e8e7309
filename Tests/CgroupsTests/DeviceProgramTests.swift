import Diagnostics
import OCIRuntimeSpec
import Testing

@testable import Cgroups

/// The eBPF program is run here by an interpreter of the few instructions it has.
@Suite struct DeviceProgramTests {
  static let rules = [
    LinuxDeviceRule(allow: true, type: "c", major: 1, minor: 3, access: "rwm"),
    LinuxDeviceRule(allow: true, type: "c", major: 5, access: "r"),
    LinuxDeviceRule(allow: true, type: "c", major: 5, access: "w"),
    LinuxDeviceRule(allow: true, type: "b", access: "m"),
    LinuxDeviceRule(allow: false, type: "c", major: 5, minor: 9, access: "w"),
  ]

  struct Access: Sendable {
    let kind: UInt32
    let major: UInt32
    let minor: UInt32
    let access: UInt32
    let allowed: Bool
  }

  /// Kinds: 1 block, 2 character. Accesses: 1 mknod, 2 read, 4 write.
  @Test(arguments: [
    Access(kind: 2, major: 1, minor: 3, access: 7, allowed: true),
    Access(kind: 1, major: 1, minor: 3, access: 2, allowed: false),
    Access(kind: 2, major: 1, minor: 4, access: 2, allowed: false),
    Access(kind: 2, major: 5, minor: 0, access: 6, allowed: true),
    Access(kind: 2, major: 5, minor: 0, access: 7, allowed: false),
    Access(kind: 2, major: 5, minor: 9, access: 2, allowed: true),
    Access(kind: 2, major: 5, minor: 9, access: 6, allowed: false),
    Access(kind: 1, major: 8, minor: 0, access: 1, allowed: true),
    Access(kind: 1, major: 8, minor: 0, access: 3, allowed: false),
  ])
  func lastMatchingRuleDecidesForEachAccess(_ access: Access) throws {
    let program = DeviceProgram(try DeviceAccess.list(Self.rules))
    #expect(try run(program, access) == access.allowed)
  }

  @Test func aBlanketRuleAllows() throws {
    let program = DeviceProgram(try DeviceAccess.list([LinuxDeviceRule(allow: true, type: "a", access: "rwm")]))
    #expect(try run(program, Access(kind: 2, major: 99, minor: 1, access: 7, allowed: true)))
  }

  @Test(arguments: [
    LinuxDeviceRule(allow: true, type: "x"), LinuxDeviceRule(allow: true, type: "c", access: "rx"),
    LinuxDeviceRule(allow: true, type: "c", major: -2),
  ])
  func rulesThatAreNoneAreRefused(rule: LinuxDeviceRule) {
    #expect(throws: ClassifiedError.self) { try DeviceAccess.list([rule]) }
  }

  private func run(_ program: DeviceProgram, _ access: Access) throws -> Bool {
    let context = [access.kind | access.access << 16, access.major, access.minor]
    var registers = [UInt32](repeating: 0, count: 11)
    var next = 0
    while true {
      let instruction = try #require(next < program.instructions.count ? program.instructions[next] : nil)
      let (target, source) = (Int(instruction >> 8 & 15), Int(instruction >> 12 & 15))
      let offset = Int(Int16(truncatingIfNeeded: instruction >> 16))
      let value = UInt32(truncatingIfNeeded: instruction >> 32)
      next += 1
      switch instruction & 0xff {
      case 0x61: registers[target] = context[offset / 4]
      case 0xbf: registers[target] = registers[source]
      case 0xb4: registers[target] = value
      case 0x54: registers[target] &= value
      case 0x74: registers[target] >>= value
      case 0x05: next += offset
      case 0x56: if registers[target] != value { next += offset }
      case 0x46: if registers[target] & value != 0 { next += offset }
      case 0x95: return registers[0] == 1
      default: throw ClassifiedError(.invalid, "instruction \(instruction)")
      }
    }
  }
}
