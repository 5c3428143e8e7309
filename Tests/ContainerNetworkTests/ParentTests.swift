import ContainerNetwork
import Diagnostics
import LinuxKernel
import NetworkAddresses
import Synchronization
import TestSupport
import Testing

/// Interfaces on a parent link, in a network namespace of the test's own. A kernel without a module says so by its name.
@Suite(.needs(.root)) struct ParentTests {
  /// Runs `body` on a thread that is in a new network namespace.
  private func inNewNamespace<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) throws -> Value {
    let result = Mutex<Value?>(nil)
    try BackgroundThread {
      try Namespace.unshare(.net)
      let value = try body()
      result.withLock { $0 = value }
    }.join()
    return try #require(result.withLock { $0 })
  }

  private func interface(_ address: String, gateways: [IPAddress] = []) throws -> SandboxInterface {
    SandboxInterface(
      "eth0", macAddress: try .random(), addresses: [try #require(InterfaceAddress(address))], gateways: gateways)
  }

  /// A bridge serves as a parent, too.
  private static func makeParent(_ links: HostLinks) throws -> UInt32 {
    try links.establish(Bridge("parent", gateways: []), mark: "of this test")
  }

  @Test(arguments: [
    ParentedInterface.macvlan(.bridge), .macvlan(.isolated), .macvlan(.vepa), .macvlan(.passthru),
    .ipvlan(.layer2, .bridge), .ipvlan(.layer3, .isolated), .ipvlan(.layer3Symmetric, .vepa),
  ])
  func anInterfaceIsInItsSandboxOnly(_ kind: ParentedInterface) throws {
    try inNewNamespace {
      let links = try HostLinks()
      let parent = try Self.makeParent(links)
      let sandbox = try NetworkSandbox()
      let wire = try interface("10.9.0.2/24", gateways: [.unspecified(.version4)])
      do {
        try links.check(kind, on: ParentLink("parent"))
      } catch let error as ClassifiedError {
        #expect(error.kind == .unsupported && error.description.contains("module \(kind.kind)"))
        let again = #expect(throws: ClassifiedError.self) {
          try links.connect(sandbox, wire, to: parent, named: "parent", as: kind)
        }
        #expect(again?.description == error.description)
        return
      }
      try links.connect(sandbox, wire, to: parent, named: "parent", as: kind)
      #expect(try links.foreignNames(bridgeMark: "of another", limiterGroup: 1) == ["parent"])
      try sandbox.remove("eth0")
      try links.connect(sandbox, wire, to: parent, named: "parent", as: kind)
    }
  }

  @Test func aParentIsMadeAndTakenAwayByItsMark() throws {
    try inNewNamespace {
      let links = try HostLinks()
      _ = try Self.makeParent(links)
      for parent in [ParentLink("parent.7", .vlan(on: "parent", identifier: 7)), ParentLink("dm-1", .dummy)] {
        do {
          try links.check(.macvlan(.bridge), on: parent)
        } catch let error as ClassifiedError {
          #expect(error.kind == .unsupported && error.description.contains("load its module"))
          #expect(throws: ClassifiedError.self) { try links.establish(parent, mark: "ours") }
          #expect(try !links.exists(parent.name))
          continue
        }
        let index = try links.establish(parent, mark: "ours")
        #expect(try links.establish(parent, mark: "others'") == index)
        try links.remove(parent, mark: "others'")
        #expect(try links.exists(parent.name))
        try links.remove(parent, mark: "ours")
        #expect(try !links.exists(parent.name))
      }
    }
  }

  @Test func aParentThatIsNotThere() throws {
    try inNewNamespace {
      let links = try HostLinks()
      for parent in [ParentLink("none0"), ParentLink("none0.7", .vlan(on: "none0", identifier: 7))] {
        let error = #expect(throws: ClassifiedError.self) { try links.establish(parent, mark: "ours") }
        #expect(error?.kind == .invalid && error?.description.contains("none0 was not found") == true)
      }
    }
  }
}
