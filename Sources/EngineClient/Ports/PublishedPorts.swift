public import EngineAPI

/// The ports of containers as people read them.
public enum PublishedPorts {
  /// The column of `ps`: `0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 9000-9002/tcp`.
  ///
  /// As Docker has it: ports that follow one another become a range when they are not published, or have the same number
  /// inside and outside; first the ranges, each closed as soon as a gap is seen, then what leads to another number.
  public static func column(_ ports: [PortSummary]) -> String {
    var open: [Range] = []
    var closed: [String] = []
    var translated: [String] = []
    for port in ports.sorted(by: precedes) {
      let address = port.ip ?? ""
      if !address.isEmpty, port.publicPort != port.privatePort {
        translated.append("\(host(address, "\(port.publicPort ?? 0)"))->\(port.privatePort)/\(port.type)")
        continue
      }
      guard let index = open.firstIndex(where: { $0.address == address && $0.type == port.type }) else {
        open.append(Range(address: address, type: port.type, first: port.privatePort, last: port.privatePort))
        continue
      }
      if Int(port.privatePort) != Int(open[index].last) + 1 {
        closed.append(open[index].text)
        open[index].first = port.privatePort
      }
      open[index].last = port.privatePort
    }
    return (closed + open.map(\.text) + translated).joined(separator: ", ")
  }

  /// The lines of `port`: `80/tcp -> 0.0.0.0:8080`, in natural order.
  public static func lines(_ ports: PortMap) -> [String] {
    ports.flatMap { port, bindings in (bindings ?? []).map { "\(port) -> \(host($0.hostIP, $0.hostPort))" } }
      .sorted { $0.naturallyPrecedes($1) }
  }

  /// Where one port of the container is published: `0.0.0.0:8080`, in natural order.
  public static func lines(_ ports: PortMap, of port: String) -> [String] {
    ((ports[port] ?? nil) ?? []).map { host($0.hostIP, $0.hostPort) }.sorted { $0.naturallyPrecedes($1) }
  }

  private static func host(_ address: String, _ ports: String) -> String {
    address.contains(":") ? "[\(address)]:\(ports)" : "\(address):\(ports)"
  }

  private static func precedes(_ left: PortSummary, _ right: PortSummary) -> Bool {
    (left.privatePort, left.ip ?? "", left.publicPort ?? 0, left.type)
      < (right.privatePort, right.ip ?? "", right.publicPort ?? 0, right.type)
  }

  private struct Range {
    let address: String
    let type: String
    var first: UInt16
    var last: UInt16

    var text: String {
      let span = first == last ? "\(first)" : "\(first)-\(last)"
      return (address.isEmpty ? span : "\(host(address, span))->\(span)") + "/\(type)"
    }
  }
}

extension String {
  /// The order in which people count: `n2` before `n10`.
  public func naturallyPrecedes(_ other: String) -> Bool {
    var (left, right) = (self[...], other[...])
    while let first = left.first, let second = right.first {
      if first.isCountingDigit, second.isCountingDigit {
        let (mine, theirs) = (left.takeNumber(), right.takeNumber())
        if mine.digits != theirs.digits {
          return (mine.digits.count, mine.digits) < (theirs.digits.count, theirs.digits)
        }
        // Equal numbers: fewer zeros in front come first.
        if mine.zeros != theirs.zeros { return mine.zeros < theirs.zeros }
      } else {
        if first != second { return first < second }
        left.removeFirst()
        right.removeFirst()
      }
    }
    return left.isEmpty && !right.isEmpty
  }
}

extension Character {
  fileprivate var isCountingDigit: Bool { isASCII && isNumber }
}

extension Substring {
  fileprivate mutating func takeNumber() -> (zeros: Int, digits: String) {
    let run = prefix(while: \.isCountingDigit)
    removeFirst(run.count)
    let digits = run.drop { $0 == "0" }
    return (run.count - digits.count, String(digits))
  }
}
