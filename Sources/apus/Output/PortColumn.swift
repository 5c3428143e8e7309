import EngineAPI

/// The ports of a container as `ps` shows them.
enum PortColumn {
  /// `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 9000-9002/tcp`. Ports that follow one another become a range.
  static func text(_ ports: [PortSummary]) -> String {
    var ranges: [Range] = []
    for port in ports.sorted(by: precedes) {
      if let last = ranges.last, last.isFollowed(by: port) {
        ranges[ranges.count - 1].last = port
      } else {
        ranges.append(Range(first: port, last: port))
      }
    }
    return ranges.map(\.text).joined(separator: ", ")
  }

  private static func precedes(_ left: PortSummary, _ right: PortSummary) -> Bool {
    (left.ip ?? "", left.type, left.privatePort, left.publicPort ?? 0)
      < (right.ip ?? "", right.type, right.privatePort, right.publicPort ?? 0)
  }

  private struct Range {
    let first: PortSummary
    var last: PortSummary

    func isFollowed(by port: PortSummary) -> Bool {
      guard port.ip == last.ip, port.type == last.type, Int(port.privatePort) == Int(last.privatePort) + 1 else {
        return false
      }
      return switch (last.publicPort, port.publicPort) {
      case (nil, nil): true
      case (let before?, let next?): Int(next) == Int(before) + 1
      default: false
      }
    }

    var text: String {
      let inside = span(first.privatePort, last.privatePort) + "/\(first.type)"
      guard let from = first.publicPort, let to = last.publicPort else { return inside }
      let address = first.ip ?? ""
      let host = address.contains(":") ? "[\(address)]" : address
      return "\(host):\(span(from, to))->\(inside)"
    }

    private func span(_ from: UInt16, _ to: UInt16) -> String {
      from == to ? "\(from)" : "\(from)-\(to)"
    }
  }
}
