/// Why bytes are no message of the domain name system that can be understood.
public enum DNSFormatError: Error, Sendable, Equatable, CustomStringConvertible {
  /// It ends too early.
  case short
  /// A label or a name that is empty or too long, or a compression that leads nowhere.
  case name
  /// An answer where a question is expected.
  case notAQuery
  /// No question, or more than one.
  case questionCount

  public var description: String {
    switch self {
    case .short: "a DNS message that ends too early"
    case .name: "a malformed domain name"
    case .notAQuery: "a DNS answer in place of a question"
    case .questionCount: "a DNS message without exactly one question"
    }
  }
}
