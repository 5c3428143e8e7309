import EngineAPI
import LinuxKernel
import Testing

@testable import Cgroups
@testable import Engine

/// The shape in which clients read what a container uses.
struct StatisticsTests {
  private static let machine = MachineUsage(
    stat: "cpu  10 20 30 40 50 60 70 80 90 100\ncpu0 1 2 3\ncpu1 1 2 3\ncpu3 1 2 3\nintr 5\n",
    memory: "MemTotal:       1000 kB\nMemFree: 5 kB\n")

  @Test func theMachinesTimeIsThatOfAllProcessorsButNotOfItsGuests() {
    #expect(Self.machine.processorTime == 280 * 10_000_000)
    #expect(Self.machine.onlineProcessors == 3 && Self.machine.memory == 1_024_000)
  }

  private static func reading(isVersion1: Bool) -> ContainerStatistics {
    var usage = CgroupStatistics()
    usage.cpu = CgroupStatistics.CPU()
    usage.cpu?.total = 5
    if isVersion1 { usage.cpu?.byProcessor = [2, 3] }
    var memory = CgroupStatistics.Memory()
    (memory.usage, memory.peak, memory.failures) = (7, 9, 4)
    memory.details = ["inactive_file": 1]
    usage.memory = memory
    usage.pids = CgroupStatistics.Pids(current: 3)
    var device = CgroupStatistics.Device(number: DeviceNumber(major: 8, minor: 16))
    (device.readBytes, device.writtenBytes, device.reads) = (10, 20, 1)
    usage.devices = [device]
    var reading = ContainerStatistics()
    reading.take(usage, machine, isVersion1: isVersion1)
    return reading
  }

  @Test func version1() {
    let reading = Self.reading(isVersion1: true)
    #expect(reading.cpu.usage.byProcessor == [2, 3] && reading.cpu.system == 2_800_000_000)
    #expect(reading.memory.peak == 9 && reading.memory.failures == 4)
    // Without a limit, the machine's memory is one.
    #expect(reading.memory.limit == 1_024_000)
    #expect(
      reading.blockIO.bytes?.map(\.operation) == ["read", "write"] && reading.blockIO.bytes?.map(\.value) == [10, 20])
    #expect(reading.blockIO.operations?.map(\.value) == [1, 0])
    #expect(reading.pids.current == 3 && reading.pids.limit == nil)
  }

  @Test func version2TellsLess() {
    let reading = Self.reading(isVersion1: false)
    #expect(reading.cpu.usage.byProcessor == nil && reading.memory.peak == nil && reading.memory.failures == nil)
    #expect(reading.blockIO.operations == nil && reading.blockIO.bytes?.count == 2)
  }

  /// Docker's own answer about a container that does not run, but for the order of its members.
  @Test func nothingIsUsedByWhatDoesNotRun() throws {
    let text = String(decoding: EngineJSON.encode(ContainerStatistics()), as: UTF8.self)
    let never = "\"0001-01-01T00:00:00Z\""
    let none = [
      "io_service_bytes", "io_serviced", "io_queue", "io_service_time", "io_wait_time", "io_merged", "io_time",
    ]
    .map { "\"\($0)_recursive\":null," }.joined()
    let cpu =
      "{\"cpu_usage\":{\"total_usage\":0,\"usage_in_kernelmode\":0,\"usage_in_usermode\":0},"
      + "\"throttling_data\":{\"periods\":0,\"throttled_periods\":0,\"throttled_time\":0}}"
    #expect(
      text == "{\"name\":\"\",\"id\":\"\",\"read\":\(never),\"preread\":\(never),\"pids_stats\":{},"
        + "\"blkio_stats\":{\(none)\"sectors_recursive\":null},\"num_procs\":0,\"storage_stats\":{},"
        + "\"cpu_stats\":\(cpu),\"precpu_stats\":\(cpu),\"memory_stats\":{}}")
    #expect(try EngineJSON.decode(ContainerStatistics.self, from: Array(text.utf8)) == ContainerStatistics())
  }
}
