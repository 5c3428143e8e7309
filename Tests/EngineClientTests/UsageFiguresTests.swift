import EngineAPI
import EngineClient
import Testing

/// The arithmetic of `docker stats`.
struct UsageFiguresTests {
  private static func cpu(_ total: UInt64, _ system: UInt64?, processors: UInt32? = nil, each: [UInt64]? = nil)
    -> CPUStatistics
  {
    var cpu = CPUStatistics()
    (cpu.usage.total, cpu.system, cpu.onlineProcessors, cpu.usage.byProcessor) = (total, system, processors, each)
    return cpu
  }

  @Test func aProcessorInUseIsAHundred() {
    var reading = ContainerStatistics()
    reading.previousCPU = Self.cpu(1_000, 10_000)
    reading.cpu = Self.cpu(2_000, 14_000, processors: 4)
    #expect(UsageFigures(reading).processorPercent == 100)
    // Servers of old say how many there are only by their list.
    reading.cpu = Self.cpu(2_000, 14_000, each: [1, 2])
    #expect(UsageFigures(reading).processorPercent == 50)
    reading.cpu = Self.cpu(500, 14_000, processors: 4)
    #expect(UsageFigures(reading).processorPercent == 0)
    #expect(UsageFigures(ContainerStatistics()).processorPercent == 0)
  }

  @Test(
    arguments: [
      (["total_inactive_file": 30, "inactive_file": 10], 70), (["inactive_file": 10], 90),
      (["inactive_file": 200], 100),
      ([:], 100),
    ] as [([String: UInt64], UInt64)])
  func theFileCacheDoesNotCount(_ details: [String: UInt64], _ used: UInt64) {
    var reading = ContainerStatistics()
    (reading.memory.usage, reading.memory.limit, reading.memory.details) = (100, 200, details)
    let figures = UsageFigures(reading)
    #expect(figures.memory == used && figures.memoryPercent == Double(used) / 2)
  }

  @Test func sums() {
    var reading = ContainerStatistics()
    var interface = InterfaceStatistics()
    (interface.receivedBytes, interface.sentBytes) = (5, 7)
    reading.networks = ["eth0": interface, "eth1": interface]
    reading.blockIO.bytes = [("Read", 1), ("read", 2), ("Write", 4), ("Total", 100), ("", 100)].map {
      .init(major: 8, minor: 0, operation: $0.0, value: $0.1)
    }
    let figures = UsageFigures(reading)
    #expect((figures.received, figures.sent, figures.read, figures.written) == (10, 14, 3, 4))
  }
}
