import LinuxKernel
import ShimProtocol

/// The socket at which a server, this one or a later one, reaches the shim.
final class ControlSocket: LoopSource {
  private let listener: SharedDescriptor
  private let loop: EventLoop
  private let accepted: (SharedDescriptor) -> Void

  /// Listens at `path`, where a shim of an earlier start of this container may have left its socket. Connections wait
  /// until `open`.
  init(at path: String, loop: EventLoop, accepted: @escaping (SharedDescriptor) -> Void) throws(SystemError) {
    if try HostFiles.exists(path) { try HostFiles.remove(path) }
    listener = SharedDescriptor(try UnixSocket.listen(at: path))
    self.loop = loop
    self.accepted = accepted
  }

  func open() {
    _ = loop.watch(listener, for: .readable, source: self)
  }

  func ready(_ events: Epoll.Events) {
    do {
      while let socket = try listener.descriptor.accept(nonblocking: true) {
        let peer = try socket.peerCredentials()
        guard peer.user == 0 || peer.user == Credentials.user else {
          complain("connection of user \(peer.user) refused")
          continue
        }
        accepted(SharedDescriptor(socket))
      }
    } catch {
      complain("control socket: \(error.explanation)")
    }
  }
}
