import ContainerNetwork
import Diagnostics
import EngineAPI
import Testing

@testable import Engine

struct BandwidthPlanTests {
  @Test(arguments: [
    // Two packets at least; 10 ms and 50 ms of the rate; large packets stay whole where there are many of them.
    (8_000, 1_000, 3_036, 32_768, true),
    (1_000_000, 125_000, 3_036, 32_768, true),
    (50_000_000, 6_250_000, 62_500, 312_500, true),
    (999_999_992, 124_999_999, 1_249_999, 6_249_999, true),
    (1_000_000_000, 125_000_000, 1_250_000, 6_250_000, false),
    (1_000_000_000_000, 125_000_000_000, 1_250_000_000, 67_108_864, false),
  ])
  func buckets(_ bits: Int64, _ bytes: UInt64, _ burst: UInt32, _ queue: UInt32, _ cuts: Bool) {
    let plan = BandwidthPlan(NetworkBandwidth(receive: bits))
    #expect(plan.sent == nil)
    #expect(plan.received == BandwidthLimit(bytesPerSecond: bytes, burst: burst, queue: queue, cutsPackets: cuts))
  }

  @Test func aBurstIsForBothWays() {
    let plan = BandwidthPlan(NetworkBandwidth(receive: 80_000, transmit: 8_000_000, burst: 20_000))
    #expect(plan.received?.burst == 20_000 && plan.sent?.burst == 20_000)
    #expect(plan.received?.bytesPerSecond == 10_000 && plan.sent?.bytesPerSecond == 1_000_000)
  }

  @Test(
    arguments: [
      NetworkBandwidth(receive: -1), NetworkBandwidth(transmit: .min), NetworkBandwidth(receive: 7_999),
      NetworkBandwidth(transmit: .max), NetworkBandwidth(receive: 1_000_000_000_001),
      NetworkBandwidth(receive: 1_000_000, burst: 1_599), NetworkBandwidth(receive: 1_000_000, burst: -1),
      NetworkBandwidth(receive: 1_000_000, burst: (1 << 30) + 1), NetworkBandwidth(burst: 65_536),
      NetworkBandwidth(receive: 0, transmit: 0, burst: 65_536),
    ])
  func numbersThatCannotBe(_ bandwidth: NetworkBandwidth) {
    let error = #expect(throws: ClassifiedError.self) { try BandwidthPlan.check(bandwidth, .networks) }
    #expect(error?.kind == .invalid)
  }

  @Test(
    arguments: [
      nil, NetworkBandwidth(), NetworkBandwidth(receive: 0, transmit: 0), NetworkBandwidth(receive: 8_000),
      NetworkBandwidth(receive: 1_000_000, transmit: 0, burst: 0),
      NetworkBandwidth(transmit: 1_000_000_000_000, burst: 1 << 30),
    ] as [NetworkBandwidth?])
  func numbersThatPass(_ bandwidth: NetworkBandwidth?) throws {
    try BandwidthPlan.check(bandwidth, .networks)
  }

  @Test(
    arguments: [
      (.none, .invalid), (.container("other"), .invalid),
    ] as [(NetworkPlan.Mode, ErrorKind)])
  func networksThatCannotBeLimited(_ mode: NetworkPlan.Mode, _ kind: ErrorKind) throws {
    let error = #expect(throws: ClassifiedError.self) {
      try BandwidthPlan.check(NetworkBandwidth(receive: 1_000_000), mode)
    }
    #expect(error?.kind == kind)
    // No limit is none anywhere.
    try BandwidthPlan.check(NetworkBandwidth(receive: 0), mode)
  }

  @Test func theMachinesNetworkNeedsCgroupsOfVersion2() throws {
    var request = ContainerCreateRequest()
    request.hostConfig.networkMode = "host"
    request.hostConfig.networkBandwidth = NetworkBandwidth(receive: 1_000_000)
    #expect(try NetworkPlan.plan(request).bandwidth == NetworkBandwidth(receive: 1_000_000))
    var defaults = NetworkPlan.Defaults()
    defaults.limitsSockets = false
    let error = #expect(throws: ClassifiedError.self) { try NetworkPlan.plan(request, defaults: defaults) }
    #expect(error?.kind == .unsupported)
    // No limit needs nothing.
    request.hostConfig.networkBandwidth = NetworkBandwidth(receive: 0)
    #expect(try NetworkPlan.plan(request, defaults: defaults).bandwidth == nil)
  }

  @Test func whatHasNoCableHereCannotBeLimited() throws {
    var grant = NetworkGrant()
    let container = ContainerID.random()
    var endpoint = NetworkGrant.Endpoint()
    (endpoint.name, endpoint.link) = ("inner", "veth0")
    grant.endpoints = [endpoint]
    try grant.limit(NetworkBandwidth(receive: 1_000_000), of: container)
    #expect(grant.links == ["veth0", "ifb\(container.text.prefix(9))r", "ifb\(container.text.prefix(9))t"])
    (endpoint.name, endpoint.link) = ("wire", "")
    grant.endpoints.append(endpoint)
    let error = #expect(throws: ClassifiedError.self) { try grant.checkLimit() }
    #expect(error?.kind == .unsupported && error?.description.contains("network wire") == true)
    try grant.limit(nil, of: container)
    #expect(grant.links == ["veth0"])
  }
}
