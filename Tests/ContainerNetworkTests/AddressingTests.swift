import ContainerNetwork
import Diagnostics
import NetworkAddresses
import Testing

struct AddressingTests {
  private func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix(text)) }
  private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

  // MARK: Addresses of one subnet

  @Test func addressesAreGivenInTurn() throws {
    var pool = AddressPool(try prefix("10.0.0.0/29"))
    try pool.take(try address("10.0.0.1"))
    #expect(pool.takeNext()?.description == "10.0.0.2")
    #expect(pool.takeNext()?.description == "10.0.0.3")
    // What has just been freed comes last.
    pool.release(try address("10.0.0.2"))
    #expect((0..<4).map { _ in pool.takeNext()?.description } == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.2"])
    #expect(pool.takeNext() == nil)
    pool.release(try address("10.0.0.5"))
    #expect(pool.takeNext()?.description == "10.0.0.5")
  }

  @Test func aRangeLimitsWhatIsChosenAndNotWhatIsAskedFor() throws {
    var pool = AddressPool(try prefix("10.0.0.0/24"), range: try prefix("10.0.0.128/31"))
    #expect(pool.takeNext()?.description == "10.0.0.128")
    #expect(pool.takeNext()?.description == "10.0.0.129")
    #expect(pool.takeNext() == nil)
    try pool.take(try address("10.0.0.7"))
    #expect(pool.takenCount == 3)
  }

  @Test(arguments: [
    ("10.0.0.0", ErrorKind.invalid), ("10.0.0.255", .invalid), ("10.0.1.1", .invalid), ("10.0.0.9", .conflict),
  ])
  func whatCannotBeTaken(_ text: String, _ kind: ErrorKind) throws {
    var pool = AddressPool(try prefix("10.0.0.0/24"))
    try pool.take(try address("10.0.0.9"))
    let wanted = try address(text)
    let error = #expect(throws: ClassifiedError.self) { try pool.take(wanted) }
    #expect(error?.kind == kind)
  }

  @Test func version6() throws {
    var pool = AddressPool(try prefix("fd00:1::/64"))
    #expect(pool.takeNext()?.description == "fd00:1::1")
    try pool.take(try address("fd00:1::ffff"))
    #expect(pool.takeNext()?.description == "fd00:1::2")
  }

  // MARK: Subnets of new networks

  private let pools = SubnetPools.standard(identity: [1, 2, 3, 4, 5])

  @Test func theFirstNetworkIsTheOneThatUsersKnow() throws {
    #expect(try pools.choose(.version4, besides: []).description == "172.17.0.0/16")
    #expect(try pools.choose(.version6, besides: []).description == "fd01:203:405::/64")
  }

  @Test func aSubnetClashesWithNothing() throws {
    let used = try ["172.16.0.0/12", "192.168.0.0/17", "10.8.0.0/24"].map { try prefix($0) }
    let chosen = try pools.choose(.version4, besides: used)
    #expect(chosen.description == "192.168.128.0/24")
    // A VPN that takes all traffic has two routes to half of everything.
    let halves = try ["0.0.0.0/1", "128.0.0.0/1", "0.0.0.0/0"].map { try prefix($0) }
    #expect(try pools.choose(.version4, besides: halves).description == "172.17.0.0/16")
  }

  @Test func hundredsOfNetworksFit() throws {
    var used: [IPPrefix] = []
    for _ in 0..<400 {
      let next = try pools.choose(.version4, besides: used)
      #expect(!used.contains { $0.overlaps(next) })
      used.append(next)
    }
  }

  @Test func whenAllAreUsedItIsSaid() throws {
    let pools = SubnetPools([try SubnetPools.Pool(try prefix("10.0.0.0/23"), size: 24)])
    let used = [try prefix("10.0.0.0/24"), try prefix("10.0.1.128/25")]
    let error = #expect(throws: ClassifiedError.self) { try pools.choose(.version4, besides: used) }
    #expect(error?.kind == .unavailable && error?.description.contains("fully subnetted") == true)
    #expect(throws: ClassifiedError.self) { try SubnetPools.Pool(try prefix("10.0.0.0/24"), size: 16) }
  }
}
