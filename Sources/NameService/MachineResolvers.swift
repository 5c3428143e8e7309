import LinuxKernel
import NetworkAddresses

/// The resolvers of this machine, from its `/etc/resolv.conf`, which is read again when it changes. resolv.conf(5).
///
/// It belongs to one thread.
final class MachineResolvers {
  private let path: String
  private var servers: [IPAddress] = []
  private var readAt: UInt64?

  /// How long a list is good for, in nanoseconds: reading it costs less than asking a server.
  private static let lifetime: UInt64 = 1_000_000_000

  init(path: String) {
    self.path = path
  }

  /// The servers, in their order; none when the file names none.
  ///
  /// - Parameter now: Of a clock that does not go back, in nanoseconds.
  func current(now: UInt64) -> [IPAddress] {
    if let readAt, now < readAt + Self.lifetime { return servers }
    readAt = now
    // A machine without the file has no resolvers; resolv.conf(5) means its own then, which cannot be asked by name.
    let text = (try? HostFiles.readIfPresent(path)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
    servers = Self.servers(in: text)
    return servers
  }

  static func servers(in text: String) -> [IPAddress] {
    text.split(whereSeparator: \.isNewline).compactMap { line in
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count >= 2, words[0] == "nameserver" else { return nil }
      // A zone (fe80::1%eth0) is the machine's own business; such a server cannot be reached without it.
      return IPAddress(words[1])
    }
  }
}
