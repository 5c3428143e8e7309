import NIOCore
import Testing

@testable import Engine

struct RepairPaceTests {
  private func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(1) + .seconds(seconds) }

  @Test func whoeverKeepsTakingAwayIsAnsweredMoreAndMoreSlowly() {
    var pace = RepairPace()
    var pauses: [TimeAmount] = []
    var losses = 0
    for second in 0..<15 {
      pauses.append(pace.heard(at: at(Int64(second))))
      if pace.repaired(at: at(Int64(second))) { losses += 1 }
    }
    #expect(pauses.prefix(5).allSatisfy { $0 == RepairPace.usual })
    #expect(pauses[5...].prefix(4) == [.seconds(1), .seconds(2), .seconds(4), .seconds(8)])
    #expect(pauses.last == RepairPace.longest && losses == 1)
  }

  @Test func afterAQuietTimeItIsForgiven() {
    var pace = RepairPace()
    for _ in 0..<9 { _ = pace.repaired(at: at(0)) }
    #expect(pace.heard(at: at(100)) > RepairPace.usual)
    #expect(pace.heard(at: at(200)) == RepairPace.usual)
  }

  @Test func newsWithoutDamageCostNoPatience() {
    var pace = RepairPace()
    for second in 0..<100 { #expect(pace.heard(at: at(Int64(second))) == RepairPace.usual) }
  }
}
