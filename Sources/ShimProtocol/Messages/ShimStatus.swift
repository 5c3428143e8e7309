/// What a shim knows about its container, for a server that comes back.
public struct ShimStatus: Equatable, Sendable {
  public enum Phase: UInt8, Sendable {
    case created = 0
    case running = 1
    case exited = 2
  }

  /// An exec that has not ended.
  public struct RunningExec: Equatable, Sendable {
    public let id: String
    public let pid: Int32

    public init(id: String, pid: Int32) {
      self.id = id
      self.pid = pid
    }
  }

  public var phase: Phase
  public var pid: Int32
  /// When the container was started, in Unix nanoseconds; 0 before.
  public var startedAt: Int64
  public var execs: [RunningExec]
  /// How it exited; there in phase `exited`, and only there.
  public var exit: ExitRecord?

  public init(phase: Phase, pid: Int32, startedAt: Int64, execs: [RunningExec], exit: ExitRecord?) {
    self.phase = phase
    self.pid = pid
    self.startedAt = startedAt
    self.execs = execs
    self.exit = exit
  }

  init(from reader: inout PayloadReader) throws(ProtocolError) {
    phase = try reader.value("phase")
    pid = try reader.integer("pid")
    startedAt = try reader.integer("start time")
    execs = try reader.list("execs") { reader throws(ProtocolError) in
      let id = try reader.string("exec id")
      return RunningExec(id: id, pid: try reader.integer("exec pid"))
    }
    exit = try reader.optional("exit") { reader throws(ProtocolError) in try ExitRecord(from: &reader) }
  }

  func write(to writer: inout FrameWriter) {
    writer.put(phase.rawValue)
    writer.put(pid)
    writer.put(startedAt)
    writer.put(list: execs) { writer, exec in
      writer.put(exec.id)
      writer.put(exec.pid)
    }
    writer.put(optional: exit) { $1.write(to: &$0) }
  }
}
