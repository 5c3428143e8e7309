import DNSFormat
import Glibc
import LinuxKernel
import LinuxNetwork
import NIOCore
import NIOPosix
import NetworkAddresses
import Testing

@testable import NameService

private let web = NameDirectory.Member(
  names: ["web", "Front", "aaaaaaaaaaaa"], addresses: [IPAddress(10, 1, 0, 2)])

private func directory() throws -> NameDirectory {
  var directory = NameDirectory()
  directory.put(web, id: "a", in: "net1", named: "shop")
  let second = NameDirectory.Member(
    names: ["db", "front"], addresses: [IPAddress(10, 1, 0, 3), try #require(IPAddress("fd00::3"))])
  directory.put(second, id: "b", in: "net1", named: "shop")
  directory.put(
    NameDirectory.Member(names: ["web"], addresses: [IPAddress(10, 2, 0, 9)]), id: "c", in: "net2", named: "other")
  return directory
}

struct ResolutionTests {
  private func ask(
    _ name: String, type: UInt16 = 1, _ scope: ResolverScope = ResolverScope(networks: ["net1"]), turn: Int = 0
  ) throws -> Resolution {
    let query = try DNSQuery(question(name, type: type))
    return Resolution(query, scope, try directory(), turn: turn, limit: 512)
  }

  /// The addresses of an answer's records, in their order.
  private func addresses(_ resolution: Resolution) throws -> [String] {
    guard case .answer(let bytes) = resolution else { return ["forwarded"] }
    let header = try DNSHeader(bytes)
    guard header.code == .success else { return ["code \(header.code.rawValue)"] }
    var found: [String] = []
    var rest = bytes.dropFirst(12)
    while let length = rest.popFirst(), length > 0 { rest = rest.dropFirst(Int(length)) }
    rest = rest.dropFirst(4)
    for _ in 0..<header.answerCount {
      let count = Int(rest.dropFirst(11).first ?? 0)
      found.append(IPAddress(bytes: Array(rest.dropFirst(12).prefix(count)))?.description ?? "?")
      rest = rest.dropFirst(12 + count)
    }
    return found
  }

  @Test func namesOfTheOwnNetworksOnly() throws {
    #expect(try addresses(ask("web")) == ["10.1.0.2"])
    #expect(try addresses(ask("WEB.")) == ["10.1.0.2"])
    #expect(try addresses(ask("aaaaaaaaaaaa")) == ["10.1.0.2"])
    #expect(try addresses(ask("web", ResolverScope(networks: ["net2"]))) == ["10.2.0.9"])
    #expect(try addresses(ask("web", ResolverScope(networks: ["net2", "net1"]))) == ["10.2.0.9"])
    #expect(try addresses(ask("db", ResolverScope(networks: ["net2"]))) == ["forwarded"])
    #expect(try addresses(ask("web.shop")) == ["10.1.0.2"] && addresses(ask("web.other")) == ["forwarded"])
    #expect(try addresses(ask("example.com")) == ["forwarded"])
  }

  @Test func severalAnswerInTurn() throws {
    let answers = try (0..<4).map { try addresses(ask("front", turn: $0)) }
    #expect(answers[0] == answers[2] && answers[1] == answers[3] && Set(answers).count == 2)
    #expect(answers.allSatisfy { Set($0) == ["10.1.0.2", "10.1.0.3"] })
  }

  @Test func familiesAndOtherTypes() throws {
    #expect(try addresses(ask("db", type: 28)) == ["fd00::3"])
    // The name is there and has no such address: not passed on, and not denied.
    #expect(try addresses(ask("web", type: 28)) == [] && addresses(ask("web", type: 15)) == [])
  }

  @Test func addressesLeadBackToNames() throws {
    let name = "2.0.1.10.in-addr.arpa"
    guard case .answer(let bytes) = try ask(name, type: 12) else {
      Issue.record("passed on")
      return
    }
    let target: [UInt8] = [3] + Array("web".utf8) + [4] + Array("shop".utf8) + [0]
    #expect(Array(bytes.suffix(10)) == target)
    #expect(try ask("9.0.2.10.in-addr.arpa", type: 12) == .forward)
  }

  @Test func linksAreTheirOwners() throws {
    let link = ResolverScope.Link(network: "net1", name: "db")
    let scope = ResolverScope(networks: ["net2"], links: ["store": link])
    #expect(try addresses(ask("store", scope)) == ["10.1.0.3"])
    #expect(try addresses(ask("store")) == ["forwarded"])
  }

  @Test func nothingLeavesAnInternalNetwork() throws {
    let scope = ResolverScope(networks: ["net1"], upstream: .nobody)
    #expect(try addresses(ask("example.com", scope)) == ["code 2"] && addresses(ask("web", scope)) == ["10.1.0.2"])
    let keeping = ResolverScope(networks: ["net1"], keepsSingleLabels: true)
    #expect(try addresses(ask("nobody", keeping)) == ["code 3"] && addresses(ask("a.b", keeping)) == ["forwarded"])
  }

  @Test func whoLeavesIsNotFound() throws {
    var names = try directory()
    names.remove("a", from: "net1")
    names.remove("a", from: "net1")
    let query = try DNSQuery(question("front"))
    let scope = ResolverScope(networks: ["net1"])
    #expect(try addresses(Resolution(query, scope, names, turn: 1, limit: nil)) == ["10.1.0.3"])
    #expect(try Resolution(DNSQuery(question("web")), scope, names, turn: 0, limit: nil) == .forward)
    names.remove("b", from: "net1")
    #expect(names.name(of: "net1") == nil)
  }

  @Test func resolversOfTheMachine() {
    let text =
      "# none\nnameserver 192.0.2.1\n  nameserver\t2001:db8::1 \nsearch a\nnameserver fe80::1%eth0\nnameserver\n"
    #expect(MachineResolvers.servers(in: text).map(\.description) == ["192.0.2.1", "2001:db8::1"])
  }
}

/// A question, byte by byte as a client writes it.
private func question(_ name: String, type: UInt16 = 1) -> [UInt8] {
  var message: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
  for label in name.split(separator: ".") { message += [UInt8(label.utf8.count)] + Array(label.utf8) }
  return message + [0, UInt8(type >> 8), UInt8(truncatingIfNeeded: type), 0, 1]
}
