import CommandLine
import JSON

/// A list of objects, printed as a table or by a template.
struct ListView {
  /// One column that a row has: its name in templates, and its heading.
  struct Column {
    let name: String
    let heading: String

    init(_ name: String, _ heading: String) {
      self.name = name
      self.heading = heading
    }
  }

  let columns: [Column]
  /// The template of the table without `--format`.
  let standardTemplate: String
  /// Values by the columns' names. What is no column (`Label`) templates can use, JSON does not show.
  let rows: [[(String, JSONValue)]]

  /// The text for `--format`; nil is the standard table.
  ///
  /// Throws: `ExitRequest` for a template that cannot be used.
  func render(format: String?) throws -> String {
    var template = format ?? "table"
    if template == "json" { return rows.map { shown($0).compact + "\n" }.joined() }
    guard template == "table" || template.hasPrefix("table ") else {
      let parsed = try FormatTemplate(template)
      return try rows.map { try parsed.render(.members($0)) + "\n" }.joined()
    }
    template = template == "table" ? standardTemplate : String(template.dropFirst(6)).trimmingBlanks
    let parsed = try FormatTemplate(template)
    var table = Table()
    let headings = columns.map { ($0.name, JSONValue.string($0.heading)) }
    let labels: [(String, JSONValue)] = [("Label", .string("LABEL"))]
    table.add(cells(try parsed.render(.members(headings + labels), headings: true)))
    for row in rows { table.add(cells(try parsed.render(.members(row)))) }
    return table.render()
  }

  private func cells(_ line: String) -> [String] {
    line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
  }

  private func shown(_ row: [(String, JSONValue)]) -> JSONValue {
    let names = Set(columns.map(\.name))
    return .members(row.filter { names.contains($0.0) }.sorted { $0.0 < $1.0 })
  }
}

/// A `--format` template, with the escapes that a shell's user writes for tabs and line feeds.
struct FormatTemplate {
  private let template: Template

  /// Throws: `ExitRequest` with the template's fault.
  init(_ text: String) throws(ExitRequest) {
    do {
      template = try Template(text.replacing("\\t", with: "\t").replacing("\\n", with: "\n"))
    } catch {
      throw ExitRequest(status: 64, message: "template parsing error: \(error.description)")
    }
  }

  var fields: Set<String> { template.fields }

  /// With `headings`, functions of the template see headings in place of values.
  func render(_ value: JSONValue, headings: Bool = false) throws(ExitRequest) -> String {
    do {
      return try template.render(value, asHeadings: headings)
    } catch {
      throw ExitRequest(status: 1, message: "template parsing error: \(error.description)")
    }
  }
}

extension String {
  var trimmingBlanks: String {
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// At most `count` characters; the last is an ellipsis when some are missing.
  func abbreviated(to count: Int) -> String {
    self.count > count ? prefix(count - 1) + "…" : self
  }

  /// The first twelve digits of an id or digest.
  var shortID: String {
    let digits = hasPrefix("sha256:") ? dropFirst(7) : self[...]
    return String(digits.prefix(12))
  }
}
