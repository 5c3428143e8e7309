import Diagnostics
import EngineAPI
import LinuxKernel
import OCIImageSpec
import OCIRuntimeSpec
import Testing

@testable import Engine

private let surroundings = ContainerPlan.Surroundings(
  facts: HostFacts(cpuCount: 2, limitsSwap: true, cgroupVersion: 1), cgroupParent: "/apus", machineName: "machine",
  knownCapabilities: Capability.all.map(\.description), initProgram: "/lib/apus/apus-runtime")

private func configuration(_ change: (inout ContainerCreateRequest) -> Void) -> StoredConfiguration {
  var request = ContainerCreateRequest()
  request.config.cmd = ["true"]
  request.config.image = "busybox"
  change(&request)
  return StoredConfiguration(
    merging: request, into: ImageConfiguration.Config(), layers: ["l1"], platform: "linux/amd64")
}

private func plan(
  _ request: ContainerUpdateRequest, to configuration: StoredConfiguration,
  _ present: PortEdit.Present = PortEdit.Present(), limitsSwap: Bool = true
) throws -> UpdatePlan {
  var surroundings = surroundings
  surroundings.facts.limitsSwap = limitsSwap
  return try UpdatePlan(request, to: configuration, id: ContainerID.random(), present, in: surroundings)
}

private func update(_ change: (inout HostConfig) -> Void) -> ContainerUpdateRequest {
  var request = ContainerUpdateRequest()
  change(&request.changes)
  return request
}

private let mebibyte: Int64 = 1 << 20

/// What an update makes of limits.
struct UpdateTests {
  @Test func whatIsNotSaidStaysAsItIs() throws {
    let before = configuration {
      $0.hostConfig.memory = 64 * mebibyte
      $0.hostConfig.cpuShares = 512
      $0.hostConfig.cpusetCPUs = "0"
      $0.hostConfig.pidsLimit = 7
    }
    let plan = try plan(update { $0.memorySwappiness = -1 }, to: before)
    #expect(plan.configuration == before)
    #expect(plan.resources.update(after: plan.changes, blockNumbers: [:]) == LinuxResources())
    #expect(plan.ports == nil && plan.warnings.isEmpty)
  }

  @Test func onlyWhatIsChangedReachesTheCgroup() throws {
    let before = configuration {
      $0.hostConfig.cpuShares = 512
      $0.hostConfig.cpuPeriod = 50_000
      $0.hostConfig.cpuQuota = 10_000
      $0.hostConfig.pidsLimit = 7
    }
    let changed = try plan(
      update {
        $0.cpuQuota = 20_000
        $0.pidsLimit = -1
      }, to: before)
    let resources = changed.resources.update(after: changed.changes, blockNumbers: [:])
    #expect(resources == LinuxResources(cpu: LinuxCPU(quota: 20_000, period: 50_000), pids: LinuxPids(limit: -1)))
    #expect(changed.configuration.request.hostConfig.pidsLimit == 0)
  }

  /// What the container was made with, what is asked for, and the limits of memory, and of memory and swap, that result.
  @Test(
    arguments: [
      (64, 0, 100, 0, 100, 128), (64, 0, 200, 300, 200, 300), (64, -1, 500, 0, 500, -1), (64, 0, 32, -1, 32, -1),
      (64, 64, 0, 90, 64, 90), (0, 0, 64, 64, 64, 64),
    ] as [(Int64, Int64, Int64, Int64, Int64, Int64)])
  func memoryAndSwapGoTogether(
    _ memory: Int64, _ swap: Int64, _ newMemory: Int64, _ newSwap: Int64, _ limit: Int64, _ both: Int64
  ) throws {
    func bytes(_ value: Int64) -> Int64 { value < 0 ? value : value * mebibyte }
    let before = configuration { ($0.hostConfig.memory, $0.hostConfig.memorySwap) = (bytes(memory), bytes(swap)) }
    let plan = try plan(update { ($0.memory, $0.memorySwap) = (bytes(newMemory), bytes(newSwap)) }, to: before)
    let resources = plan.resources.update(after: plan.changes, blockNumbers: [:])
    #expect(resources.memory?.limit == bytes(limit) && resources.memory?.swap == bytes(both))
  }

  @Test func aMachineThatDoesNotLimitSwapSaysSo() throws {
    let before = configuration { $0.hostConfig.memory = 64 * mebibyte }
    let plan = try plan(update { $0.memory = 512 * mebibyte }, to: before, limitsSwap: false)
    #expect(plan.warnings.count == 1 && plan.warnings[0].contains("swap limit capabilities"))
    #expect(plan.resources.memory.limit == 512 * mebibyte && plan.resources.memory.swap == nil)
  }

  struct Refusal: Sendable, CustomTestStringConvertible {
    let sentence: String
    let kind: ErrorKind
    var before: @Sendable (inout ContainerCreateRequest) -> Void = { _ in }
    let change: @Sendable (inout HostConfig) -> Void

    var testDescription: String { sentence }
  }

  static let refusals: [Refusal] = [
    Refusal(
      sentence: "Memory limit should be smaller than already set memoryswap limit", kind: .conflict,
      before: { $0.hostConfig.memory = 64 << 20 }, change: { $0.memory = 129 << 20 }),
    Refusal(sentence: "update the memoryswap at the same time", kind: .conflict) { $0.memory = 64 << 20 },
    Refusal(sentence: "You should always set the Memory limit", kind: .invalid) { $0.memorySwap = 64 << 20 },
    Refusal(
      sentence: "Minimum memoryswap limit should be larger", kind: .invalid,
      before: { $0.hostConfig.memory = 64 << 20 }, change: { $0.memorySwap = 32 << 20 }),
    Refusal(
      sentence: "Nano CPUs cannot be updated as CPU Quota", kind: .conflict,
      before: { $0.hostConfig.cpuQuota = 5000 }, change: { $0.nanoCPUs = 1_000_000_000 }),
    Refusal(
      sentence: "CPU Period cannot be updated as NanoCPUs", kind: .conflict,
      before: { $0.hostConfig.nanoCPUs = 1_000_000_000 }, change: { $0.cpuPeriod = 5000 }),
    Refusal(sentence: "range of CPUs", kind: .invalid) { $0.nanoCPUs = 3_000_000_000 },
    Refusal(sentence: "invalid weight for device", kind: .invalid) {
      $0.blkioWeightDevice = [WeightDevice(path: "/dev/x", weight: 5)]
    },
    Refusal(sentence: "the realtime CPU limit", kind: .unsupported) { $0.cpuRealtimeRuntime = 1 },
    Refusal(sentence: "KernelMemory", kind: .unsupported) { $0.kernelMemory = 64 << 20 },
    Refusal(sentence: "changing CgroupParent", kind: .unsupported) { $0.cgroupParent = "/other" },
    Refusal(sentence: "changing Devices", kind: .unsupported) { $0.devices = [DeviceMapping(pathOnHost: "/dev/null")] },
    Refusal(sentence: "invalid network bandwidth", kind: .invalid) {
      $0.networkBandwidth = NetworkBandwidth(receive: 1)
    },
    Refusal(sentence: "restart policy always", kind: .unsupported) { $0.restartPolicy = RestartPolicy(name: "always") },
    Refusal(
      sentence: "Restart policy cannot be updated because AutoRemove is enabled", kind: .conflict,
      before: { $0.hostConfig.autoRemove = true }, change: { $0.restartPolicy = RestartPolicy(name: "always") }),
  ]

  @Test(arguments: refusals) func whatDoesNotGoIsRefused(_ refusal: Refusal) throws {
    let before = configuration(refusal.before)
    let error = #expect(throws: ClassifiedError.self) { _ = try plan(update(refusal.change), to: before) }
    #expect(error?.kind == refusal.kind)
    #expect(error?.description.contains(refusal.sentence) == true, "\(error?.description ?? "")")
  }

  @Test func devicesAreChangedOneByOne() throws {
    let before = configuration {
      $0.hostConfig.blkioDeviceReadBps = [
        ThrottleDevice(path: "/dev/a", rate: 1), ThrottleDevice(path: "/dev/b", rate: 2),
      ]
    }
    let plan = try plan(
      update {
        $0.blkioDeviceReadBps = [ThrottleDevice(path: "/dev/b", rate: 0), ThrottleDevice(path: "/dev/c", rate: 3)]
      }, to: before)
    #expect(
      plan.configuration.request.hostConfig.blkioDeviceReadBps == [
        ThrottleDevice(path: "/dev/a", rate: 1), ThrottleDevice(path: "/dev/c", rate: 3),
      ])
    let numbers = ["/dev/b": DeviceNumber(major: 8, minor: 1), "/dev/c": DeviceNumber(major: 8, minor: 2)]
    let blockIO = plan.resources.update(after: plan.changes, blockNumbers: numbers).blockIO
    #expect(blockIO?.throttleReadBpsDevice.map(\.rate) == [0, 3] && blockIO?.weight == nil)
  }

  @Test func whatIsUnappliedIsKeptWithTheConfiguration() throws {
    var before = configuration { _ in }
    before.unapplied = HostConfig()
    before.unapplied?.memory = 5
    let read = try EngineJSON.decode(StoredConfiguration.self, from: EngineJSON.encode(before))
    #expect(read.unapplied?.memory == 5)
    #expect(try plan(update { $0.pidsLimit = 5 }, to: before).configuration.unapplied == nil)
  }
}
