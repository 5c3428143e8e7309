import ShimProtocol
import Testing

@Suite struct ConnectionOrderTests {
  @Test(
    arguments: [
      (.launching, [.launch(Samples.launch), .start, .signal(number: 9, wholeContainer: true), .acknowledge]),
      (.unnamed, [.control, .start, .resize(exec: nil, rows: 1, columns: 1), .acknowledge]),
      (.unnamed, [.attach(ShimAttach(stdin: true, stdout: true, stderr: true)), .input([1]), .input([2]), .inputEnd]),
      (.unnamed, [.exec(Samples.exec), .inputEnd]),
    ] as [(ConnectionOrder.Role, [ShimRequest])])
  func legal(role: ConnectionOrder.Role, requests: [ShimRequest]) throws {
    var order = ConnectionOrder(role)
    for request in requests { try order.accept(request) }
  }

  @Test(
    arguments: [
      (.launching, [.start]), (.launching, [.control]),
      (.launching, [.launch(Samples.launch), .launch(Samples.launch)]),
      (.unnamed, [.launch(Samples.launch)]), (.unnamed, [.start]), (.unnamed, [.input([1])]),
      (.unnamed, [.control, .input([1])]), (.unnamed, [.control, .exec(Samples.exec)]),
      (.unnamed, [.exec(Samples.exec), .start]), (.unnamed, [.exec(Samples.exec), .inputEnd, .input([1])]),
    ] as [(ConnectionOrder.Role, [ShimRequest])])
  func illegal(role: ConnectionOrder.Role, requests: [ShimRequest]) throws {
    var order = ConnectionOrder(role)
    for request in requests.dropLast() { try order.accept(request) }
    let last = try #require(requests.last)
    #expect(throws: ProtocolError.outOfOrder(message: last.name, role: order.role.rawValue)) {
      try order.accept(last)
    }
  }
}
