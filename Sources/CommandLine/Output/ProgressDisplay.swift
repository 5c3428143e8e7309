/// Draws the steps of a pull or load: one line for each step, drawn again as it moves on a terminal, one line for each
/// change of state elsewhere.
public struct ProgressDisplay: Sendable {
  /// One report about a step.
  public struct Report: Sendable {
    /// The step, such as a layer's short id; nil for a sentence about the whole.
    public var id: String?
    public var status: String
    /// Bytes done and in all; 0: unknown.
    public var current: Int64
    public var total: Int64

    public init(id: String?, status: String, current: Int64 = 0, total: Int64 = 0) {
      self.id = id
      self.status = status
      self.current = current
      self.total = total
    }
  }

  private let columns: Int?
  private var lineOfStep: [String: Int] = [:]
  private var lineCount = 0

  /// `columns` is the terminal's width; nil when the output is no terminal.
  public init(columns: Int?) {
    self.columns = columns
  }

  /// The text to print for a report: on a terminal with the movements of the cursor, else nothing for mere progress.
  public mutating func show(_ report: Report) -> String {
    guard let id = report.id, let columns else {
      lineOfStep.removeAll()
      lineCount = 0
      if columns == nil, report.current > 0 || report.total > 0 { return "" }
      return (report.id.map { "\($0): " } ?? "") + report.status + "\n"
    }
    let text = String("\(id): \(report.status)\(bar(report, columns: columns))".prefix(columns))
    guard let line = lineOfStep[id] else {
      lineOfStep[id] = lineCount
      lineCount += 1
      return text + "\n"
    }
    let up = lineCount - line
    return "\u{1b}[\(up)A\u{1b}[2K\r\(text)\r\u{1b}[\(up)B"
  }

  private func bar(_ report: Report, columns: Int) -> String {
    guard report.current > 0 || report.total > 0 else { return " " }
    guard report.total > 0, report.current <= report.total else {
      return "  \(HumanSize.decimal(report.current, digits: 4))"
    }
    let numbers = "\(HumanSize.decimal(report.current, digits: 4))/\(HumanSize.decimal(report.total, digits: 4))"
    let cells = min(50, columns - 60)
    guard cells >= 10 else { return "  \(numbers)" }
    let filled = Int(Double(cells) * Double(report.current) / Double(report.total))
    let head = filled < cells ? ">" : ""
    let blanks = String(repeating: " ", count: cells - filled - head.count)
    return " [\(String(repeating: "=", count: filled))\(head)\(blanks)]  \(numbers)"
  }
}
