import Foundation
import Testing

/// The rooms and their rows, as `docs/architecture.md` draws them. An import may only point to a lower row, or
/// sideways where the manifest says so.
enum Rooms {
  static let rows: [String: Int] = [
    "CLinux": 0, "CISAL": 0, "CZstd": 0,
    "Diagnostics": 1, "JSON": 1, "NetworkAddresses": 1, "ClassicBPF": 1, "ExtendedBPF": 1,
    "OCIRuntimeSpec": 2, "OCIImageSpec": 2, "EngineAPI": 2, "TarFormat": 2, "SeccompFilter": 2, "ShimProtocol": 2,
    "CommandLine": 2, "Netlink": 2, "DNSFormat": 2,
    "LinuxKernel": 3, "LinuxNetwork": 3, "Cgroups": 3,
    "ContainerRuntime": 4, "ContainerNetwork": 4, "NameService": 4, "LayerArchive": 4, "RegistryClient": 4,
    "StateStore": 4, "ImageStore": 4,
    "Engine": 5,
    "EngineServer": 6, "EngineClient": 6,
    "apus": 7, "apusd": 7, "apus-runtime": 7, "apus-shim": 7,
    "TestSupport": 8,
  ]

  /// Arrows within a row.
  static let sideways: Set<String> = [
    "SeccompFilter → OCIRuntimeSpec", "Cgroups → LinuxKernel", "LinuxNetwork → LinuxKernel",
    "ImageStore → LayerArchive", "ImageStore → StateStore",
  ]

  /// Rooms whose start time or size forbids Foundation in full, and those that may not even use its essentials.
  static let withoutFoundation: Set<String> = [
    "LinuxKernel", "Cgroups", "ContainerRuntime", "SeccompFilter", "OCIRuntimeSpec", "Diagnostics", "ShimProtocol",
    "JSON", "CommandLine", "EngineAPI", "EngineClient", "NetworkAddresses", "ClassicBPF", "ExtendedBPF", "Netlink",
    "apus", "apus-runtime", "apus-shim",
  ]
  static let withoutEssentials: Set<String> = [
    "Diagnostics", "JSON", "LinuxKernel", "ShimProtocol", "CommandLine", "EngineAPI", "EngineClient",
    "NetworkAddresses", "ClassicBPF", "ExtendedBPF", "Netlink", "apus", "apus-shim",
  ]

  /// Where the kernel is spoken to: only here may pointers and raw descriptors be handled.
  static let unsafe: Set<String> = [
    "CLinux", "LinuxKernel", "LinuxNetwork", "Cgroups", "Diagnostics", "CISAL", "CZstd",
  ]
}

struct SourceFile: Sendable, CustomTestStringConvertible {
  let room: String
  let path: String
  let text: String

  var testDescription: String { path }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// Lines without comments and string contents, enough to look for words of the language.
  var code: [String] {
    lines.map { line in
      let trimmed = line.drop { $0 == " " }
      return trimmed.hasPrefix("//") ? "" : String(line)
    }
  }

  var imports: [String] {
    code.compactMap { line in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"), index <= 2, index + 1 < words.count else { return nil }
      let module = words[index + 1] == "struct" || words[index + 1] == "class" ? words[index + 2] : words[index + 1]
      return String(module.split(separator: ".").first ?? module)
    }
  }

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static let all: [SourceFile] = {
    let folders = ["Sources", "Tests/TestSupport"].map { root.appending(path: $0) }
    let names = folders.flatMap {
      FileManager.default.enumerator(at: $0, includingPropertiesForKeys: nil)?.allObjects ?? []
    }
    return names.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.compactMap { file in
      guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
      let path = String(file.path.dropFirst(root.path.count + 1))
      return SourceFile(room: String(path.split(separator: "/")[1]), path: path, text: text)
    }.sorted { $0.path < $1.path }
  }()
}

@Suite struct RoomTests {
  @Test func everyRoomHasARowAndCode() {
    let rooms = Set(SourceFile.all.map(\.room))
    #expect(rooms.count > 15)
    for room in rooms { #expect(Rooms.rows[room] != nil, "\(room) has no row in docs/architecture.md and here") }
  }

  @Test(arguments: SourceFile.all)
  func importsPointDown(_ file: SourceFile) throws {
    let row = try #require(Rooms.rows[file.room])
    for module in file.imports {
      guard let other = Rooms.rows[module], module != file.room else { continue }
      let allowed = other < row || Rooms.sideways.contains("\(file.room) → \(module)")
      #expect(allowed, "\(file.path) (row \(row)) imports \(module) (row \(other))")
      if file.room == "EngineClient" {
        #expect(other <= 3, "\(file.path): the client asks the server, it knows no engine")
      }
    }
  }

  @Test(arguments: SourceFile.all.filter { Rooms.withoutFoundation.contains($0.room) })
  func smallProgramsStaySmall(_ file: SourceFile) {
    #expect(!file.imports.contains("Foundation"), "\(file.path) imports Foundation")
    if Rooms.withoutEssentials.contains(file.room) {
      #expect(!file.imports.contains("FoundationEssentials"), "\(file.path) imports FoundationEssentials")
    }
  }

  @Test(arguments: SourceFile.all.filter { !Rooms.unsafe.contains($0.room) })
  func pointersStayInTheKernelRooms(_ file: SourceFile) {
    // The codecs' C interfaces take pointers; they have their own folder.
    guard !file.path.contains("LayerArchive/Compression/") else { return }
    for (number, line) in file.code.enumerated() where line.contains("UnsafeMutable") || line.contains("UnsafePointer")
    {
      Issue.record("\(file.path):\(number + 1) handles a pointer")
    }
  }

  @Test(arguments: SourceFile.all)
  func bannedWords(_ file: SourceFile) {
    let name = file.path.split(separator: "/").last.map(String.init) ?? ""
    // A credential helper is a thing of the field: docker-credential-….
    for word in ["Utils", "Utility", "Helper", "Manager", "Extras"] where name != "CredentialHelper.swift" {
      #expect(!name.contains(word), "\(file.path): say what it does")
    }
    for (number, line) in file.code.enumerated() {
      for word in ["try!", "FIXME", "XXX", "fatalError(", "as! "] where line.contains(word) {
        Issue.record("\(file.path):\(number + 1) has \(word)")
      }
    }
  }

  /// Habits, not gates, up to a point: past these a second subject is surely hiding.
  @Test(arguments: SourceFile.all)
  func filesStayReadable(_ file: SourceFile) {
    #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines")
  }

  /// Only `converge` takes away what the engine made (design, rule B).
  @Test(arguments: SourceFile.all.filter { $0.room == "Engine" })
  func onlyConvergeRemoves(_ file: SourceFile) {
    guard !file.path.hasSuffix("Containers/Converge.swift") else { return }
    for (number, line) in file.code.enumerated() {
      for call in ["rmdir", "umount", "unmount(", "deleteLink", ".removeTree(", "removeItem(", "unlink("]
      where line.contains(call) {
        Issue.record("\(file.path):\(number + 1) removes with \(call); Converge.swift does that")
      }
    }
  }
}
