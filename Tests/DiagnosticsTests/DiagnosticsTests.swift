import Testing

@testable import Diagnostics

@Suite struct DiagnosticsTests {
  @Test func errorSaysObjectMessageAndAdvice() {
    let error = ClassifiedError(.notFound, "no such image", object: "alpine:9", advice: "pull it first")
    #expect(error.description == "alpine:9: no such image (pull it first)")
    #expect(error.during("create").message == "create: no such image")
    #expect(errorKind(of: error) == .notFound)
    #expect(errorKind(of: CancellationError()) == .system)
  }

  @Test(arguments: [
    ("create.after-record=error", true), ("create.after-record=2*die,stop.after-signal=stop", true),
    ("create.after-record=sleep:10", true), ("nonsense=error", false), ("create.after-record=explode", false),
    ("create.after-record", false),
  ])
  func failpointPlans(text: String, valid: Bool) {
    let parsed = FailPointPlan.parse(text)
    #expect(((try? parsed.get()) != nil) == valid)
  }

  @Test func failpointActsOnTheNamedPassOnly() throws {
    let plan = FailPointPlan(environment: "exit.before-record=2*error")
    try plan.act(.exitBeforeRecord)
    #expect(throws: ClassifiedError.self) { try plan.act(.exitBeforeRecord) }
    try plan.act(.exitBeforeRecord)
    try plan.act(.exitAfterRecord)
  }

  @Test func traceMeasuresSteps() {
    var trace = StepTrace()
    trace.begin("clone")
    trace.begin("exec")
    trace.end()
    #expect(trace.durations.map(\.name) == ["clone", "exec"])
    #expect(trace.current == "exec")
  }
}
