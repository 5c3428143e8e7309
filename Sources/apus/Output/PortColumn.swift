import EngineAPI

/// The ports of a container as `ps` shows them.
enum PortColumn {
  /// `80/tcp, 9000-9002/tcp, 0.0.0.0:443->443/tcp, [::]:8080->80/tcp`, in the order of Docker's client: ports of one
  /// protocol and address that follow one another become a range, unless they are published under another number;
  /// a range is written when the next one of its kind begins, or at the end.
  static func text(_ ports: [PortSummary]) -> String {
    var result: [String] = []
    var mappings: [String] = []
    var open: [Range] = []
    for port in ports.sorted(by: precedes) {
      if let address = port.ip, !address.isEmpty, let outside = port.publicPort, outside != port.privatePort {
        mappings.append("\(host(address)):\(outside)->\(port.privatePort)/\(port.type)")
        continue
      }
      guard let index = open.firstIndex(where: { $0.address == port.ip ?? "" && $0.type == port.type }) else {
        open.append(Range(port))
        continue
      }
      if Int(port.privatePort) == Int(open[index].last) + 1 {
        open[index].last = port.privatePort
      } else {
        result.append(open[index].text)
        open[index] = Range(port)
      }
    }
    return (result + open.map(\.text) + mappings).joined(separator: ", ")
  }

  private static func precedes(_ left: PortSummary, _ right: PortSummary) -> Bool {
    (left.privatePort, left.ip ?? "", left.publicPort ?? 0, left.type)
      < (right.privatePort, right.ip ?? "", right.publicPort ?? 0, right.type)
  }

  private static func host(_ address: String) -> String {
    address.contains(":") ? "[\(address)]" : address
  }

  private struct Range {
    let address: String
    let type: String
    let first: UInt16
    var last: UInt16

    init(_ port: PortSummary) {
      address = port.ip ?? ""
      type = port.type
      first = port.privatePort
      last = port.privatePort
    }

    var text: String {
      let span = first == last ? "\(first)" : "\(first)-\(last)"
      return address.isEmpty ? "\(span)/\(type)" : "\(PortColumn.host(address)):\(span)->\(span)/\(type)"
    }
  }
}
