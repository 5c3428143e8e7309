/// What the server says to a shim. A connection's first request fixes its role (`ConnectionOrder`).
public enum ShimRequest: Equatable, Sendable {
  /// First on the descriptor that the shim was spawned with. Answer: `created` or `failed`.
  case launch(ShimLaunch)
  /// First on a socket connection that is to be a control connection. Answer: `status`, and from then on events.
  case control
  /// Lets init execute the program. Answer: `started` or `failed`.
  case start
  /// Sends a signal to init, or to every process of the container. Answer: `done` or `failed`.
  case signal(number: UInt8, wholeContainer: Bool)
  /// Resizes the terminal of the container (nil) or of an exec. Answer: `done` or `failed`.
  case resize(exec: String?, rows: UInt16, columns: UInt16)
  /// The server has recorded the exit: the shim may end. No answer.
  case acknowledge
  /// First on a socket connection that is to carry the container's streams. Answer: `done`, then `output`.
  case attach(ShimAttach)
  /// First on a socket connection that is to start and carry an exec. Answer: `execStarted` or `failed`.
  case exec(ShimExec)
  /// Bytes for standard input, at most `Frame.maximumChunk`. No answer: the socket's own back pressure serves.
  case input([UInt8])
  /// No more input comes on this connection. No answer.
  case inputEnd
}

extension ShimRequest: ShimMessage {
  private enum Code: UInt8 {
    case launch = 1
    case control, start, signal, resize, acknowledge, attach, exec, input, inputEnd
  }

  public init(type: UInt8, payload: ArraySlice<UInt8>) throws(ProtocolError) {
    guard let code = Code(rawValue: type) else { throw .unknownType(type) }
    var reader = PayloadReader(payload)
    switch code {
    case .launch: self = .launch(try ShimLaunch(from: &reader))
    case .control: self = .control
    case .start: self = .start
    case .signal:
      let number: UInt8 = try reader.integer("signal")
      self = .signal(number: number, wholeContainer: try reader.flag("whole container"))
    case .resize:
      let exec = try reader.string("exec id")
      let rows: UInt16 = try reader.integer("rows")
      self = .resize(exec: exec.isEmpty ? nil : exec, rows: rows, columns: try reader.integer("columns"))
    case .acknowledge: self = .acknowledge
    case .attach: self = .attach(try ShimAttach(from: &reader))
    case .exec: self = .exec(try ShimExec(from: &reader))
    case .input: self = .input(try reader.bytes("input"))
    case .inputEnd: self = .inputEnd
    }
    try reader.finish()
  }

  public func frame() throws(ProtocolError) -> [UInt8] {
    var writer = FrameWriter(type: code.rawValue)
    switch self {
    case .control, .start, .acknowledge, .inputEnd: break
    case .launch(let launch): launch.write(to: &writer)
    case .signal(let number, let wholeContainer):
      writer.put(number)
      writer.put(wholeContainer)
    case .resize(let exec, let rows, let columns):
      writer.put(exec ?? "")
      writer.put(rows)
      writer.put(columns)
    case .attach(let attach): attach.write(to: &writer)
    case .exec(let exec): exec.write(to: &writer)
    case .input(let bytes): writer.put(bytes)
    }
    return try writer.frame()
  }

  private var code: Code {
    switch self {
    case .launch: .launch
    case .control: .control
    case .start: .start
    case .signal: .signal
    case .resize: .resize
    case .acknowledge: .acknowledge
    case .attach: .attach
    case .exec: .exec
    case .input: .input
    case .inputEnd: .inputEnd
    }
  }

  /// The request's name, for messages.
  public var name: String { "\(code)" }
}
