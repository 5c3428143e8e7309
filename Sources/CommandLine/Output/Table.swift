/// Columns of text, each as wide as its widest cell.
public struct Table: Sendable {
  private var rows: [[String]] = []
  private let minimumWidth: Int
  private let gap: Int

  /// `minimumWidth` counts the gap of `gap` blanks after each column but the last.
  public init(minimumWidth: Int = 10, gap: Int = 3) {
    self.minimumWidth = minimumWidth
    self.gap = gap
  }

  public mutating func add(_ cells: [String]) {
    rows.append(cells)
  }

  /// The rows, each with a line feed. The last cell of a row has no blanks after it.
  public func render() -> String {
    var widths: [Int] = []
    for row in rows {
      for (column, cell) in row.dropLast().enumerated() {
        let width = max(cell.unicodeScalars.count + gap, minimumWidth)
        if column == widths.count { widths.append(width) } else { widths[column] = max(widths[column], width) }
      }
    }
    var text = ""
    for row in rows {
      for (column, cell) in row.dropLast().enumerated() {
        text += cell + String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
      }
      text += (row.last ?? "") + "\n"
    }
    return text
  }
}
