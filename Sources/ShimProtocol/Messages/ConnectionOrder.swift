/// What the server may send next on one connection: the protocol's order, kept by the shim and readable by both.
///
///     descriptor 3:  launch, then as control
///     socket:        control, then start | signal | resize | acknowledge, any number
///                    attach,  then input…, inputEnd
///                    exec,    then input…, inputEnd
public struct ConnectionOrder: Sendable {
  public enum Role: String, Equatable, Sendable {
    /// Descriptor 3 before `launch`.
    case launching
    /// A socket connection that has not said what it is.
    case unnamed
    case control
    case attach
    case exec
    /// An attach or exec after `inputEnd`: nothing more comes.
    case inputEnded
  }

  public private(set) var role: Role

  /// The order on a fresh connection: `.launching` on descriptor 3, `.unnamed` on a socket's.
  public init(_ role: Role) {
    self.role = role
  }

  /// Takes note of a request. Throws `outOfOrder` when it may not come now; the connection is to be dropped.
  public mutating func accept(_ request: ShimRequest) throws(ProtocolError) {
    switch (role, request) {
    case (.launching, .launch), (.unnamed, .control): role = .control
    case (.unnamed, .attach): role = .attach
    case (.unnamed, .exec): role = .exec
    case (.control, .start), (.control, .signal), (.control, .resize), (.control, .acknowledge): break
    case (.attach, .input), (.exec, .input): break
    case (.attach, .inputEnd), (.exec, .inputEnd): role = .inputEnded
    default: throw .outOfOrder(message: request.name, role: role.rawValue)
    }
  }
}
