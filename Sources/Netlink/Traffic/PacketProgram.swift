public import ClassicBPF

/// A program that says of each packet that comes in by a link what becomes of it, before anyone else sees it. It reads the
/// packet from the Ethernet header on. tc-bpf(8), bpf(4).
public struct PacketProgram: Sendable, Equatable {
  public let instructions: [BPFInstruction]

  public init(_ instructions: [BPFInstruction]) {
    self.instructions = instructions
  }

  /// What it may return: the packet goes on to the filters behind it, or is dropped. TC_ACT_UNSPEC and TC_ACT_SHOT of
  /// linux/pkt_cls.h.
  public enum Verdict {
    public static let goOn: UInt32 = 0xFFFF_FFFF
    public static let drop: UInt32 = 2
  }

  /// Its attributes. linux/pkt_cls.h, TCA_BPF_….
  fileprivate static let count: UInt16 = 4
  static let instructions: UInt16 = 5
  fileprivate static let flags: UInt16 = 8

  fileprivate var bytes: [UInt8] {
    instructions.flatMap { $0.code.hostBytes + [$0.jumpTrue, $0.jumpFalse] + $0.operand.hostBytes }
  }

  init(_ bytes: ArraySlice<UInt8>) {
    instructions = stride(from: 0, through: bytes.count - 8, by: 8).map { place in
      BPFInstruction(
        code: bytes.field(place), jumpTrue: bytes.field(place + 2), jumpFalse: bytes.field(place + 3),
        operand: bytes.field(place + 4))
    }
  }
}

extension NetlinkMessage {
  /// Has a program look at what comes in by a link, in place of the one that did so far: not a packet goes past it
  /// meanwhile. Needs `Qdisc.filtering` on the link. Fails with ENOENT when the kernel lacks such filters (cls_bpf).
  public static func look(with program: PacketProgram, atWhatComesBy link: UInt32) -> NetlinkMessage {
    var writer = MessageWriter(type: RouteMessage.newFilter, flags: .create)
    writer.trafficHeader(link, handle: 1, filters: .program, of: .incoming)
    writer.put(TrafficAttribute.kind, "bpf")
    writer.nest(TrafficAttribute.options) { options in
      options.put(PacketProgram.count, UInt16(truncatingIfNeeded: program.instructions.count))
      options.put(PacketProgram.instructions, bytes: program.bytes)
      // What it returns is the verdict itself, not a class. TCA_BPF_FLAG_ACT_DIRECT.
      options.put(PacketProgram.flags, UInt32(1))
    }
    return writer.message("look at packets of", "link \(link)")
  }
}
