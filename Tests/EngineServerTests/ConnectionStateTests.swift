import Testing

@testable import EngineServer

@Suite struct ConnectionStateTests {
  @Test func oneRequestAfterAnother() {
    var state = ConnectionState()
    for _ in 0..<3 {
      let id = state.headArrived(keepsAlive: true, mayTakeOver: false)
      #expect(state.requestEnded() == .nothing)
      #expect(!state.wantsInput)
      #expect(state.begin(id) == true)
      #expect(state.begin(id) == false)
      #expect(state.finish(id) == .proceed)
      #expect(state.begin(id) == false, "an earlier exchange is over")
    }
  }

  @Test func anUnreadBodyIsDroppedUpToALimit() {
    var state = ConnectionState()
    let first = state.headArrived(keepsAlive: true, mayTakeOver: false)
    #expect(state.begin(first) == true)
    #expect(state.finish(first) == .nothing)
    #expect(state.bodyArrived(1000) == (false, .nothing))
    #expect(state.requestEnded() == .proceed)
    let second = state.headArrived(keepsAlive: true, mayTakeOver: false)
    #expect(state.begin(second) == true)
    #expect(state.finish(second) == .nothing)
    #expect(state.bodyArrived(ConnectionState.discardLimit + 1) == (false, .linger))
    #expect(state.inputEnded(requestsWait: false) == .nothing)
  }

  @Test func takeoverHoldsTheInputUntilItIsDecided() {
    var state = ConnectionState()
    let id = state.headArrived(keepsAlive: true, mayTakeOver: true)
    #expect(state.requestEnded() == .holdInput)
    #expect(state.takeOver(id) == true)
    #expect(state.takeOver(id) == false)
    #expect(state.finish(id) == .nothing)
    #expect(state.wantsInput)
  }

  @Test func aClientThatShutsItsSideStillGetsItsAnswer() {
    var state = ConnectionState()
    let id = state.headArrived(keepsAlive: true, mayTakeOver: false)
    #expect(state.requestEnded() == .nothing)
    #expect(state.inputEnded(requestsWait: false) == .nothing)
    #expect(state.begin(id) == true)
    #expect(state.finish(id) == .proceed)
    #expect(state.caughtUp() == .linger)
  }

  @Test func aBrokenRequestFailsItsReader() {
    var state = ConnectionState()
    _ = state.headArrived(keepsAlive: true, mayTakeOver: false)
    #expect(state.inputEnded(requestsWait: false) == .failBody)
    var idle = ConnectionState()
    #expect(idle.inputWasRefused() == .refuse)
    #expect(idle.inputWasRefused() == .nothing)
  }

  @Test func afterAnErrorInTheNextRequestThisOneIsAnswered() {
    var state = ConnectionState()
    let id = state.headArrived(keepsAlive: true, mayTakeOver: false)
    #expect(state.requestEnded() == .nothing)
    #expect(state.inputWasRefused() == .nothing)
    #expect(state.begin(id) == true)
    #expect(state.finish(id) == .linger)
  }
}
