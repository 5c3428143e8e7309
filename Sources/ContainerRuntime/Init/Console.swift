import Diagnostics
import LinuxKernel

/// The container's terminal: made in its own devpts, handed to whoever holds the console socket.
enum Console {
  /// Makes the terminal and returns the program's side. The other side goes over `socket`.
  ///
  /// All through descriptors: what the names in the container's /dev lead to may change at any time (CVE-2025-52565).
  static func make(
    in root: borrowing RootedDirectory, size: WindowSize?, owner: UInt32, socket: borrowing Descriptor
  ) throws -> Descriptor {
    let terminal = try PseudoTerminal(owning: openMultiplexer(in: root))
    let slave = try terminal.openSlave()
    if let size { try slave.setWindowSize(size) }
    if owner != 0 { try slave.setOwner(user: owner, group: .max) }
    // The receiver takes any text; this one it may print.
    try socket.send(Array("/dev/ptmx".utf8), with: terminal.master)
    return slave
  }

  /// Shows the terminal at /dev/console too.
  static func bind(_ slave: borrowing Descriptor, in root: borrowing RootedDirectory) throws {
    let place = try MountTarget.openOrMake("/dev/console", isDirectory: false, in: root)
    try MountTree(copying: slave).attach(at: place)
  }

  /// Makes it the session's terminal, and standard input, output and error.
  static func adopt(_ slave: borrowing Descriptor) throws {
    try slave.makeControllingTerminal()
    for number: Int32 in 0...2 { try slave.install(as: number) }
  }

  private static func openMultiplexer(in root: borrowing RootedDirectory) throws -> Descriptor {
    do {
      return try root.open("/dev/pts/ptmx", [.readWrite, .noControllingTerminal])
    } catch {
      throw ClassifiedError(
        error.kind, "process.terminal needs devpts at /dev/pts: \(error.reason)", object: "/dev/pts/ptmx")
    }
  }
}
