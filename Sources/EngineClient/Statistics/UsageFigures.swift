public import EngineAPI

/// What `stats` shows of a reading, by the rules of Docker's client.
public struct UsageFigures: Sendable, Equatable {
  /// 100 is one whole processor.
  public let processorPercent: Double
  /// In bytes, without the file cache that the kernel gives back first.
  public let memory: UInt64
  public let memoryLimit: UInt64
  public let memoryPercent: Double
  /// In bytes, all interfaces together.
  public let received: UInt64
  public let sent: UInt64
  /// In bytes, all block devices together.
  public let read: UInt64
  public let written: UInt64
  public let processes: UInt64

  public init(_ reading: ContainerStatistics) {
    processorPercent = Self.processorPercent(reading.previousCPU, reading.cpu)
    memory = Self.memoryWithoutCache(reading.memory)
    memoryLimit = reading.memory.limit ?? 0
    memoryPercent = memoryLimit == 0 ? 0 : Double(memory) / Double(memoryLimit) * 100
    let interfaces = reading.networks ?? [:]
    received = interfaces.values.reduce(0) { $0 &+ $1.receivedBytes }
    sent = interfaces.values.reduce(0) { $0 &+ $1.sentBytes }
    func bytes(_ letter: Character) -> UInt64 {
      (reading.blockIO.bytes ?? []).filter { $0.operation.first?.lowercased() == String(letter) }
        .reduce(0) { $0 &+ $1.value }
    }
    (read, written) = (bytes("r"), bytes("w"))
    processes = reading.pids.current ?? 0
  }

  private static func processorPercent(_ before: CPUStatistics, _ now: CPUStatistics) -> Double {
    let own = Double(now.usage.total) - Double(before.usage.total)
    let all = Double(now.system ?? 0) - Double(before.system ?? 0)
    guard own > 0, all > 0 else { return 0 }
    let processors = now.onlineProcessors ?? 0
    let count = processors == 0 ? now.usage.byProcessor?.count ?? 0 : Int(processors)
    return own / all * Double(count) * 100
  }

  /// The first name is that of cgroup v1.
  private static func memoryWithoutCache(_ memory: MemoryStatistics) -> UInt64 {
    let (usage, details) = (memory.usage ?? 0, memory.details ?? [:])
    if let inactive = details["total_inactive_file"], inactive < usage { return usage - inactive }
    if let inactive = details["inactive_file"], inactive < usage { return usage - inactive }
    return usage
  }
}
