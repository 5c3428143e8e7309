import Foundation
import Testing

/// The documents name files and functions; each must exist.
@Suite struct DocumentTests {
  static func document(_ path: String) throws -> String {
    try String(contentsOf: SourceFile.root.appending(path: path), encoding: .utf8)
  }

  /// Each stop of the walk is written `Sources/…/File.swift` followed by `function` in backquotes.
  @Test func walkThroughTheCodeNamesWhatExists() throws {
    let text = try Self.document("docs/architecture.md")
    let walk = try #require(text.range(of: "## The walk"))
    var stops = 0
    var file = ""
    var source = ""
    let quoted = text[walk.upperBound...].split(separator: "`", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    for name in quoted {
      if name.hasPrefix("Sources/") {
        file = name
        let url = SourceFile.root.appending(path: name)
        guard name.hasSuffix(".swift") else {
          #expect(FileManager.default.fileExists(atPath: url.path), "\(name) does not exist")
          continue
        }
        source = try #require(try? String(contentsOf: url, encoding: .utf8), "\(name) does not exist")
      } else if name.hasSuffix("()") {
        let function = name.dropLast(2).split(separator: ".").last ?? ""
        let defined = source.contains("func \(function)(") || source.contains("func \(function)<")
        #expect(defined, "\(file) has no \(name)")
        stops += 1
      }
    }
    #expect(stops >= 12, "the walk has only \(stops) stops")
  }

  @Test func readmesAreInStep() throws {
    let english = try Self.document("README.md")
    let korean = try Self.document("README.ko.md")
    let headings = { (text: String) in text.split(separator: "\n").filter { $0.hasPrefix("#") }.count }
    let blocks = { (text: String) in text.components(separatedBy: "```").count }
    #expect(headings(english) == headings(korean))
    #expect(blocks(english) == blocks(korean))
  }

  @Test(arguments: ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/compatibility.md"])
  func linksLeadSomewhere(_ path: String) throws {
    let text = try Self.document(path)
    let folder = SourceFile.root.appending(path: path).deletingLastPathComponent()
    for part in text.components(separatedBy: "](").dropFirst() {
      let target = part.prefix { $0 != ")" && $0 != "#" }
      guard !target.isEmpty, !target.contains("://") else { continue }
      let exists = FileManager.default.fileExists(atPath: folder.appending(path: String(target)).path)
      #expect(exists, "\(path) links to \(target)")
    }
  }
}
