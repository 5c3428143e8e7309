/// One line of a pull, import or load: a status, some plain text, or an error that came after the 200.
/// The layer's short id, or the tag.
public struct ProgressMessage: Codable, Sendable, Equatable {
  public var id: String?
  public var status: String?
  public var progressDetail: ProgressDetail?
  /// The bar as text, for clients that do not draw their own.
  public var progress: String?
  /// Plain text, such as `Loaded image: …\n`.
  public var stream: String?
  public var errorDetail: ErrorDetail?
  /// The message of `errorDetail` again, where older clients look for it.
  public var error: String?

  public init(
    id: String? = nil, status: String? = nil, progressDetail: ProgressDetail? = nil, progress: String? = nil,
    stream: String? = nil, errorDetail: ErrorDetail? = nil, error: String? = nil
  ) {
    self.id = id
    self.status = status
    self.progressDetail = progressDetail
    self.progress = progress
    self.stream = stream
    self.errorDetail = errorDetail
    self.error = error
  }

  private enum CodingKeys: String, CodingKey {
    case id
    case status
    case progressDetail
    case progress
    case stream
    case errorDetail
    case error
  }
}

/// How far a step is, in bytes. An empty object says that there is nothing to count.
public struct ProgressDetail: Codable, Sendable, Equatable {
  public var current: Int64?
  public var total: Int64?

  public init(current: Int64? = nil, total: Int64? = nil) {
    self.current = current
    self.total = total
  }

  private enum CodingKeys: String, CodingKey {
    case current
    case total
  }
}

/// An error inside a stream.
public struct ErrorDetail: Codable, Sendable, Equatable {
  public var code: Int?
  @Present public var message: String = ""

  public init(code: Int? = nil, message: String = "") {
    self.code = code
    self.message = message
  }

  private enum CodingKeys: String, CodingKey {
    case code
    case message
  }
}
