public import LinuxKernel

import LinuxNetwork
import Netlink
import NetworkAddresses

/// The sockets on which a container's questions about names arrive: 127.0.0.11 of its network namespace, at ports that
/// the kernel chose. What goes to port 53 of that address is led there (``NetworkSandbox/leadNames(to:)``), so that a
/// program of the container's may still take port 53 at every address.
public struct NameSockets: Sendable {
  /// Of UDP, bound.
  public let datagrams: SharedDescriptor
  /// Of TCP, listening.
  public let connections: SharedDescriptor

  private let ports: (udp: UInt16, tcp: UInt16)

  /// Where containers ask.
  public static let address = IPAddress(127, 0, 0, 11)

  /// How many connections wait while nobody accepts them.
  private static let backlog: Int32 = 64

  /// Opens them in the calling thread's network namespace, whose loopback is up.
  ///
  init() throws(SystemError) {
    let udp = try PortReservation(.udp, Self.address, port: 0)
    let tcp = try PortReservation(.tcp, Self.address, port: 0)
    try tcp.listen(backlog: Self.backlog)
    ports = (udp.port, tcp.port)
    datagrams = SharedDescriptor(udp.take())
    connections = SharedDescriptor(tcp.take())
  }

  /// Copies of those that another process holds. pidfd_getfd(2).
  ///
  /// Throws: ESRCH when there is no such process, EBADF when it has none.
  public init(heldBy process: Int32, datagrams: Int32, connections: Int32) throws(SystemError) {
    let holder = try PidFD(process)
    self.datagrams = SharedDescriptor(try holder.copyDescriptor(datagrams))
    self.connections = SharedDescriptor(try holder.copyDescriptor(connections))
    ports = (
      try PortReservation.port(of: self.datagrams.descriptor), try PortReservation.port(of: self.connections.descriptor)
    )
  }

  /// The rules that lead questions to the sockets. They change packets one by one and know no connections: nothing else in
  /// the namespace is slower for it.
  var redirection: FirewallTransaction {
    let table = FirewallTable(.ip, "apus-names")
    let questions = FirewallChain(
      "questions", in: table, hook: FirewallHook(.filter, .output, priority: FirewallHook.Priority.raw))
    let answers = FirewallChain(
      "answers", in: table, hook: FirewallHook(.filter, .prerouting, priority: FirewallHook.Priority.raw))
    var transaction = FirewallTransaction()
    transaction.deleteIfPresent(table)
    transaction.add(table)
    transaction.add(questions)
    transaction.add(answers)
    for (transport, port) in [(UInt8(17), ports.udp), (6, ports.tcp)] {
      let isTransport = FirewallStatement.match(.transportProtocol, .equal, .transport(transport))
      transaction.add(
        FirewallRule(
          in: questions,
          [
            .match(.ip4Destination, .equal, .address(Self.address)), isTransport,
            .match(.destinationPort, .equal, .port(53)), .setDestinationPort(port, of: transport),
          ]))
      transaction.add(
        FirewallRule(
          in: answers,
          [
            .match(.ip4Source, .equal, .address(Self.address)), isTransport, .match(.sourcePort, .equal, .port(port)),
            .setSourcePort(53, of: transport),
          ]))
    }
    return transaction
  }
}
