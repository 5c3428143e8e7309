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
  fileprivate static let program: UInt16 = 5
  fileprivate static let flags: UInt16 = 8

  fileprivate var bytes: [UInt8] {
    instructions.flatMap { $0.code.hostBytes + [$0.jumpTrue, $0.jumpFalse] + $0.operand.hostBytes }
  }

  fileprivate init(_ bytes: ArraySlice<UInt8>) {
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
      options.put(PacketProgram.program, bytes: program.bytes)
      // What it returns is the verdict itself, not a class. TCA_BPF_FLAG_ACT_DIRECT.
      options.put(PacketProgram.flags, UInt32(1))
    }
    return writer.message("look at packets of", "link \(link)")
  }
}

/// A filter of what comes in by a link, as the kernel lists it or tells that it has gone.
public struct TrafficFilterInfo: NetlinkAnswer, Equatable {
  public let link: UInt32
  /// "bpf", "u32".
  public let kind: String
  /// Nil when it is of another kind, or of no priority that we use.
  public let program: PacketProgram?
  /// Whether it has gone; only in news.
  public let isDeleted: Bool

  public init?(_ message: ReceivedNetlinkMessage) throws(NetlinkFormatError) {
    guard message.type == RouteMessage.newFilter || message.type == RouteMessage.deleteFilter else { return nil }
    let (header, attributes) = try message.parts(fixed: 20, "filter")
    link = header.field(4)
    isDeleted = message.type == RouteMessage.deleteFilter
    kind = attributes.text(TrafficAttribute.kind) ?? ""
    let options = kind == "bpf" ? try attributes.nested(TrafficAttribute.options) : nil
    program = options?.bytes(PacketProgram.program).map(PacketProgram.init)
  }
}

extension NetlinkQuery<TrafficFilterInfo> {
  /// The filters of what comes in by a link.
  public static func filters(ofWhatComesBy link: UInt32) -> NetlinkQuery {
    var writer = MessageWriter(type: RouteMessage.getFilter, flags: .dump)
    writer.trafficHeader(link, handle: 0, parent: TrafficDirection.incoming.filters)
    return NetlinkQuery(writer.message("list filters of", "link \(link)")) { $0.link == link }
  }
}
