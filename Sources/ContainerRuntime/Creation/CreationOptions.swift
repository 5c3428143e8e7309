import LinuxKernel

/// Where a process's terminal goes.
public enum ConsoleReceiver: Sendable {
  /// To whoever listens at this unix socket.
  case socket(path: String)
  /// Over a socket that is already connected.
  case connection(SharedDescriptor)

  func open() throws -> SharedDescriptor {
    switch self {
    case .socket(let path): SharedDescriptor(try UnixSocket.connect(to: path))
    case .connection(let socket): socket
    }
  }
}

/// What the caller of `create` and `run` decides, beside the bundle.
public struct CreationOptions: Sendable {
  /// Who receives the container's terminal.
  public var console: ConsoleReceiver?
  /// Where init's number is written.
  public var pidFile: String?
  /// Moves the root over "/" instead of pivoting, for hosts that run from a ramdisk.
  public var withoutPivot = false
  /// Keeps the caller's session keyring.
  public var keepsKeyring = false
  /// How many descriptors after the standard three the program inherits.
  public var preservedDescriptors: Int32 = 0
  /// LISTEN_FDS and LISTEN_PID, when the caller was activated by its sockets (sd_listen_fds(3)).
  public var activationEnvironment: [String] = []

  public init() {}
}
