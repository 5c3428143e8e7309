import ExtendedBPF
import LinuxKernel
import NetworkAddresses

/// Says of a packet on one of this machine's links whether a socket of a cgroup sends it, or is to receive it: all ones if
/// so, else zero. struct __sk_buff and struct bpf_sock_tuple of linux/bpf.h, bpf-helpers(7).
///
/// Which socket a packet is for is not known yet where it comes in, so that is looked up, for TCP and UDP; of a datagram in
/// fragments only the first one tells. And which cgroup that socket is in nobody says there: so a program of the cgroup's
/// marks each of its sockets when the first packet reaches it.
struct SocketProgram {
  private var program = ExtendedProgram()

  var instructions: [UInt64] { program.instructions }

  /// Cgroups are looked for at so many levels from the root down: as deep as anyone nests them.
  private static let deepest: UInt32 = 24

  private enum Helper {
    static let loadBytes: UInt32 = 68
    static let ancestorOfPacket: UInt32 = 83
    static let (findTCP, findUDP, release): (UInt32, UInt32, UInt32) = (84, 85, 86)
    static let (fullSocket, mark): (UInt32, UInt32) = (95, 107)
  }

  /// Fields of struct __sk_buff.
  private enum Field {
    static let (packetType, protocolType, origin): (Int16, Int16, Int16) = (4, 16, 36)
    /// Where there is no tag, the number of the last one may stand still.
    static let (hasTag, tag): (Int16, Int16) = (20, 24)
    static let socket: Int16 = 168
  }

  /// From the end of the frame: what is looked for, in its longest form of 36 bytes, and 8 bytes of the header before it.
  private enum Memory {
    static let tuple: Int16 = -40
    static let header: Int16 = -48
  }

  /// Where things are in an IP packet: whatever its link puts before it, or nothing. RFC 791, RFC 8200.
  private struct Version {
    /// ETH_P_… as a little-endian machine reads it from the packet.
    let type: UInt32
    /// The part of the header with the protocol: where it begins, and which of its bytes that is.
    let part: (start: UInt32, protocolByte: Int16)
    let addresses: (start: UInt32, size: UInt32)

    static let four = Version(type: 0x0008, part: (2, 7), addresses: (12, 8))
    static let six = Version(type: 0xDD86, part: (0, 6), addresses: (8, 32))
  }

  private typealias Label = ExtendedProgram.Label
  private typealias Register = ExtendedProgram.Register

  private static let (packet, wanted, socket, answer): (Register, Register, Register, Register) = (
    .kept0, .kept1, .kept2, .kept3
  )

  // MARK: What is sent

  static func sent(by cgroup: UInt64) -> SocketProgram {
    var new = SocketProgram()
    new.writeSent(cgroup)
    return new
  }

  private mutating func writeSent(_ cgroup: UInt64) {
    let (others, own) = (program.label(), program.label())
    program.copy(.first, to: Self.packet)
    program.set(Self.wanted, toAll: cgroup)
    // What has made the detour, or comes from elsewhere: of a VLAN's packets the link below sees the same once more.
    program.load(.word, at: Field.origin, of: Self.packet, into: .second)
    program.jump(to: others, if: .second, .isNot, 0)
    for level in 1...Self.deepest {
      program.copy(Self.packet, to: .first)
      program.apply(.set, to: .second, level)
      program.call(Helper.ancestorOfPacket)
      // Deeper than that it is in none.
      program.jump(to: others, if: .result, .isEqual, 0)
      program.jump(to: own, ifEqual: .result, Self.wanted)
    }
    program.set(others)
    program.exit(0)
    program.set(own)
    program.exit(.max)
  }

  // MARK: What is received

  /// Of a cgroup: marks each socket that a packet has reached. It lets all of them pass.
  static func marking(_ marks: borrowing SocketMarks) -> SocketProgram {
    var new = SocketProgram()
    new.writeMarking(marks.descriptor.rawValue)
    return new
  }

  private mutating func writeMarking(_ marks: Int32) {
    let end = program.label()
    program.load(.double, at: Field.socket, of: .first, into: .first)
    program.jump(to: end, if: .first, .isEqual, 0)
    program.call(Helper.fullSocket)
    program.jump(to: end, if: .result, .isEqual, 0)
    // Makes one where there is none: BPF_SK_STORAGE_GET_F_CREATE.
    look(at: .result, for: marks, flags: 1)
    program.set(end)
    program.exit(1)
  }

  /// Of a link.
  ///
  /// - Parameter addresses: This machine's own. What it forwards would else find sockets that listen at every address.
  static func received(by marks: borrowing SocketMarks, at addresses: [IPAddress]) -> SocketProgram {
    var new = SocketProgram()
    new.writeReceived(marks.descriptor.rawValue, addresses)
    return new
  }

  private mutating func writeReceived(_ marks: Int32, _ addresses: [IPAddress]) {
    let (others, untagged, version6) = (program.label(), program.label(), program.label())
    program.copy(.first, to: Self.packet)
    // For somebody else, or for a group.
    program.load(.word, at: Field.packetType, of: Self.packet, into: .second)
    program.jump(to: others, if: .second, .isNot, 0)
    // For a VLAN, on whose link it is seen again. A tag may say nothing but a priority.
    program.load(.word, at: Field.hasTag, of: Self.packet, into: .second)
    program.jump(to: untagged, if: .second, .isEqual, 0)
    program.load(.word, at: Field.tag, of: Self.packet, into: .second)
    program.apply(.and, to: .second, 0xFFF)
    program.jump(to: others, if: .second, .isNot, 0)
    program.set(untagged)
    program.load(.word, at: Field.protocolType, of: Self.packet, into: .second)
    program.jump(to: version6, if: .second, .isEqual, Version.six.type)
    program.jump(to: others, if: .second, .isNot, Version.four.type)
    write(.four, marks, addresses.filter { $0.family == .version4 }, others)
    program.set(version6)
    write(.six, marks, addresses.filter { $0.family == .version6 }, others)
    program.set(others)
    program.exit(0)
  }

  private mutating func write(_ version: Version, _ marks: Int32, _ addresses: [IPAddress], _ others: Label) {
    read(version.addresses.start, version.addresses.size, to: Memory.tuple, others)
    writeDestination(addresses, others)
    read(version.part.start, 8, to: Memory.header, others)
    writePorts(version, others)
    let (datagram, found) = (program.label(), program.label())
    program.load(.byte, at: Memory.header + version.part.protocolByte, of: .frame, into: .second)
    program.jump(to: datagram, if: .second, .isEqual, 17)
    program.jump(to: others, if: .second, .isNot, 6)
    look(Helper.findTCP, version)
    program.jump(to: found)
    program.set(datagram)
    look(Helper.findUDP, version)
    program.set(found)
    program.jump(to: others, if: .result, .isEqual, 0)
    writeAnswer(marks)
  }

  /// Goes on only with what is for one of some addresses, all of one family.
  private mutating func writeDestination(_ addresses: [IPAddress], _ others: Label) {
    let own = program.label()
    for address in addresses {
      let next = program.label()
      let words = Self.words(address)
      // Behind the source.
      let start = Memory.tuple + Int16(4 * words.count)
      for (index, word) in words.enumerated() {
        program.load(.word, at: start + Int16(4 * index), of: .frame, into: .second)
        if index == words.count - 1 {
          program.jump(to: own, if: .second, .isEqualWord, word)
        } else {
          program.jump(to: next, if: .second, .isNotWord, word)
        }
      }
      program.set(next)
    }
    program.jump(to: others)
    program.set(own)
  }

  /// As a little-endian machine reads them from a packet.
  private static func words(_ address: IPAddress) -> [UInt32] {
    stride(from: 0, to: address.bytes.count, by: 4).map { start in
      address.bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  /// The ports follow the addresses in what is looked for, and the header in the packet.
  private mutating func writePorts(_ version: Version, _ others: Label) {
    let place = Memory.tuple + Int16(version.addresses.size)
    guard version.type == Version.four.type else { return read(40, 4, to: place, others) }
    // The part begins with identification, flags and the fragment's place: one that is not the first has no ports.
    program.load(.half, at: Memory.header + 4, of: .frame, into: .second)
    program.apply(.and, to: .second, 0xFF1F)
    program.jump(to: others, if: .second, .isNot, 0)
    // The header's length in words is in the lower half of its first byte.
    read(0, 1, to: Memory.header, others)
    program.load(.byte, at: Memory.header, of: .frame, into: .second)
    program.apply(.and, to: .second, 0xF)
    program.apply(.shiftLeft, to: .second, 2)
    readAtSecond(4, to: place, others)
  }

  /// Bytes of the packet into memory.
  private mutating func read(_ start: UInt32, _ size: UInt32, to memory: Int16, _ others: Label) {
    program.apply(.set, to: .second, start)
    readAtSecond(size, to: memory, others)
  }

  private mutating func readAtSecond(_ size: UInt32, to memory: Int16, _ others: Label) {
    program.copy(Self.packet, to: .first)
    program.copy(.frame, to: .third)
    program.add(Int32(memory), to: .third)
    program.apply(.set, to: .fourth, size)
    // From the IP header on: BPF_HDR_START_NET.
    program.set(.fifth, to: 1)
    program.call(Helper.loadBytes)
    program.jump(to: others, if: .result, .isNot, 0)
  }

  /// Leaves the socket in `result`, or zero.
  private mutating func look(_ helper: UInt32, _ version: Version) {
    program.copy(Self.packet, to: .first)
    program.copy(.frame, to: .second)
    program.add(Int32(Memory.tuple), to: .second)
    program.apply(.set, to: .third, version.addresses.size + 4)
    // In the network namespace of the link: BPF_F_CURRENT_NETNS.
    program.set(.fourth, to: -1)
    program.set(.fifth, to: 0)
    program.call(helper)
  }

  /// Ends with the answer about the socket in `result`, which has to be let go of.
  private mutating func writeAnswer(_ marks: Int32) {
    let done = program.label()
    program.copy(.result, to: Self.socket)
    program.set(Self.answer, to: 0)
    look(at: Self.socket, for: marks, flags: 0)
    program.jump(to: done, if: .result, .isEqual, 0)
    program.set(Self.answer, to: -1)
    program.set(done)
    program.copy(Self.socket, to: .first)
    program.call(Helper.release)
    program.copy(Self.answer, to: .result)
    program.exit()
  }

  /// Leaves the place of the mark in `result`, or zero.
  private mutating func look(at socket: Register, for marks: Int32, flags: Int32) {
    program.copy(socket, to: .second)
    program.set(.first, toMap: marks)
    program.set(.third, to: 0)
    program.set(.fourth, to: flags)
    program.call(Helper.mark)
  }
}
