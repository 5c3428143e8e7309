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

  @Test(arguments: [
    "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/compatibility.md", "docs/networking.md",
  ])
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

  /// Whatever is refused as not supported stands in the last section of `docs/compatibility.md`, word by word, and
  /// nothing else does.
  @Test func everyRefusalIsListed() throws {
    let text = try Self.document("docs/compatibility.md")
    let section = try #require(text.range(of: "## What a refusal says"))
    let rows = text[section.upperBound...].split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
    let listed = Set(
      rows.flatMap { row in
        row.components(separatedBy: " | ")[0].dropFirst(2).components(separatedBy: "; ")
      })
    // What a kernel without a controller cannot limit is no gap of ours.
    let said = SourceFile.all.filter { $0.room != "Cgroups" }.flatMap { file in
      Self.literals(after: ".unsupported,", in: file.text)
        + (file.room == "Engine" ? Self.literals(after: "refuse(", in: file.text) : [])
    }
    #expect(said.count > 50)
    for words in Set(said).subtracting(listed).sorted() {
      Issue.record("docs/compatibility.md does not list the refusal: \(words)")
    }
    for words in listed.subtracting(said).sorted() {
      Issue.record("docs/compatibility.md lists a refusal that nothing says: \(words)")
    }
  }

  /// The string literals that follow a word directly, with … in place of each interpolation.
  private static func literals(after word: String, in text: String) -> [String] {
    text.components(separatedBy: word).dropFirst().compactMap { rest in
      var rest = rest.drop { $0.isWhitespace }
      guard rest.first == "\"" else { return nil }
      rest.removeFirst()
      var words = ""
      var depth = 0
      while let next = rest.popFirst() {
        switch next {
        case "(" where depth > 0: depth += 1
        case ")" where depth > 0:
          depth -= 1
          if depth == 0 { words += "…" }
        case _ where depth > 0: break
        case "\\" where rest.first == "(":
          rest.removeFirst()
          depth = 1
        case "\\": words += rest.popFirst().map(String.init) ?? ""
        case "\"": return words
        default: words.append(next)
        }
      }
      return nil
    }
  }
}
