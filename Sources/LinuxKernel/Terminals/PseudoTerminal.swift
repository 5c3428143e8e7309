import CLinux
import Glibc

/// The side of a terminal that stands in for the screen and keyboard. pty(7).
@frozen public struct PseudoTerminal: ~Copyable, Sendable {
  /// What is written here the program reads, and the other way round.
  public let master: Descriptor
  /// The N of /dev/pts/N.
  public let number: UInt32

  /// Makes a terminal of the devpts that `multiplexer`, its ptmx, belongs to.
  public init(multiplexer: String = "/dev/ptmx") throws(SystemError) {
    try self.init(owning: try HostFiles.open(multiplexer, [.readWrite, .noControllingTerminal]))
  }

  /// Makes a terminal from an opened ptmx, such as a container's own.
  public init(owning multiplexer: consuming Descriptor) throws(SystemError) {
    var number: UInt32 = 0
    let raw = multiplexer.rawValue
    try systemCall("unlock terminal") { clinux_pty_unlock(raw) }
    try systemCall("number of terminal") { unsafe clinux_pty_number(raw, &number) }
    master = multiplexer
    self.number = number
  }

  /// Opens the program's side, without a look-up by name. TIOCGPTPEER of ioctl_tty(2), Linux 4.13.
  public func openSlave() throws(SystemError) -> Descriptor {
    Descriptor(
      owning: try systemCall("open terminal", "\(number)") {
        clinux_pty_open_peer(master.rawValue, O_RDWR | O_NOCTTY | O_CLOEXEC)
      })
  }
}
