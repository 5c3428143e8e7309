import LinuxKernel
import OCIRuntimeSpec

/// What a command prints.
enum StandardOutput {
  static func write(_ text: String) throws {
    try StandardStream.duplicate(1).writeAll(text)
  }

  static func write(_ object: some JSONObject, indented: Bool = true) throws {
    try StandardStream.duplicate(1).writeAll(object.json(indented: indented) + [10])
  }
}

/// Columns as Go's text/tabwriter sets them for runc: at least 12 wide, 3 blanks between.
struct TextTable {
  private var rows: [[String]] = []

  init(_ header: [String]) {
    rows = [header]
  }

  mutating func add(_ row: [String]) {
    rows.append(row)
  }

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      max(12, (rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0) + 3)
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined() + "\n"
    }.joined()
  }
}
