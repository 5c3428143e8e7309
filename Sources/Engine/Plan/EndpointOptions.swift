import Diagnostics
import EngineAPI

/// What the driver options of one container in one network say.
struct EndpointOptions: Sendable, Equatable {
  /// The interface's name inside the container; nil: the next free one.
  var interfaceName: String?
  /// Files below /proc/sys/net and what is written to them, with `IFNAME` for the interface's name.
  var settings: [String: String] = [:]

  private static let prefix = "com.docker.network.endpoint."

  /// Throws: `unsupported` for options that are not known, `invalid` for values that cannot be.
  static func plan(_ settings: EndpointSettings, network: String) throws(ClassifiedError) -> EndpointOptions {
    var options = EndpointOptions()
    for (key, value) in (settings.driverOpts ?? [:]).sorted(by: { $0.key < $1.key }) {
      switch key {
      case prefix + "ifname":
        try require(NetworkDefinition.isLinkName(value), "invalid interface name: \"\(value)\"")
        options.interfaceName = value
      case prefix + "sysctls":
        for part in value.split(separator: ",", omittingEmptySubsequences: false) {
          let (name, text) = try setting(String(part))
          options.settings[name] = text
        }
      default: try refuse("the driver option \(key) in network \(network)", if: true)
      }
    }
    return options
  }

  /// Reads `net.ipv4.conf.IFNAME.log_martians=1`. Some versions of Docker's client write all of it small.
  private static func setting(_ text: String) throws(ClassifiedError) -> (String, String) {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let words = sides[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    let isPath = words.allSatisfy { word in
      !word.isEmpty && word.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "/") }
    }
    // Others belong to the whole container, whose --sysctl they are.
    try require(
      sides.count == 2 && !sides[1].isEmpty && isPath && words.count == 5 && words[0] == "net"
        && words[3].uppercased() == "IFNAME",
      "invalid sysctl of an endpoint: \"\(text)\" is not of the form net.X.Y.IFNAME.Z=VALUE")
    return ([words[1], words[2], "IFNAME", words[4]].joined(separator: "/"), sides[1])
  }

  /// The settings of an interface by its name.
  func settings(of interface: String) -> [String: String] {
    var found: [String: String] = [:]
    for (name, value) in settings {
      found[name.split(separator: "/").map { $0 == "IFNAME" ? interface : String($0) }.joined(separator: "/")] = value
    }
    return found
  }
}
