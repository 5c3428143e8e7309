import FoundationEssentials

/// A registry's answer to a request that failed (distribution spec, "Error Codes").
public struct DistributionError: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    /// Upper case with underscores: `MANIFEST_UNKNOWN`.
    public let code: String
    public let message: String

    public init(code: String, message: String) {
      self.code = code
      self.message = message
    }

    /// As Docker writes it: `manifest unknown: manifest unknown`.
    public var description: String {
      let name = code.lowercased().replacing("_", with: " ")
      if name.isEmpty { return message }
      return message.isEmpty ? name : "\(name): \(message)"
    }
  }

  public let entries: [Entry]

  /// A single error, for answers that say it otherwise than in their body.
  public init(code: String, message: String) {
    entries = [Entry(code: code, message: message)]
  }

  /// Reads the body of an answer. Nil when it holds no error list that could be read, as with the pages of a proxy;
  /// a registry that is failing cannot be asked for well-formed answers, so this never throws.
  public init?(body: [UInt8]) {
    guard let document = try? JSONDecoder().decode(Document.self, from: Data(body)) else { return nil }
    if let errors = document.errors, !errors.isEmpty {
      entries = errors.map { Entry(code: $0.code ?? "", message: $0.message ?? "") }
    } else if let text = document.details ?? document.message ?? document.error {
      // Token servers and old registries answer with a single sentence.
      entries = [Entry(code: "", message: text)]
    } else {
      return nil
    }
  }

  public func has(code: String) -> Bool { entries.contains { $0.code == code } }

  private struct Document: Decodable {
    struct Item: Decodable {
      let code: String?
      let message: String?
    }

    let errors: [Item]?
    let details: String?
    let message: String?
    let error: String?
  }
}

extension DistributionError: CustomStringConvertible {
  public var description: String { entries.map(\.description).joined(separator: "; ") }
}
