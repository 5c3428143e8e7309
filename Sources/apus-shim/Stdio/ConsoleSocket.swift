import Diagnostics
import LinuxKernel

/// The socket over which the runtime hands over the master of a process's terminal, which it has to make inside the
/// container. runc, docs/terminals.md.
final class ConsoleSocket {
  let path: String
  private let listener: SharedDescriptor

  init(at path: String) throws(SystemError) {
    self.path = path
    listener = SharedDescriptor(try UnixSocket.listen(at: path))
  }

  /// The master that a runtime which has ended well has sent.
  func receiveTerminal() throws -> SharedDescriptor {
    guard let connection = try listener.descriptor.accept() else {
      throw ClassifiedError(.system, "the runtime sent no terminal")
    }
    let message = try connection.receive(upTo: 256)
    guard let master = message.descriptor else {
      throw ClassifiedError(.system, "the runtime sent a message without a terminal")
    }
    return SharedDescriptor(master)
  }

  /// Nobody is to connect any more.
  func close() {
    do {
      try HostFiles.remove(path)
    } catch {
      complain("console socket: \(error.explanation)")
    }
  }
}
