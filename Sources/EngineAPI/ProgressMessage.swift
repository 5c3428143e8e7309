/// One line of a pull, import or load: a status, some plain text, or an error that came after the 200.
/// The layer's short id, or the tag.
public struct ProgressMessage: APIObject, Equatable {
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

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("id", &id)
    try object.optional("status", &status)
    try object.optional("progressDetail", &progressDetail)
    try object.optional("progress", &progress)
    try object.optional("stream", &stream)
    try object.optional("errorDetail", &errorDetail)
    try object.optional("error", &error)
  }
}

/// How far a step is, in bytes. An empty object says that there is nothing to count.
public struct ProgressDetail: APIObject, Equatable {
  public var current: Int64?
  public var total: Int64?

  public init() {}

  public init(current: Int64? = nil, total: Int64? = nil) {
    self.current = current
    self.total = total
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("current", &current)
    try object.optional("total", &total)
  }
}

/// An error inside a stream.
public struct ErrorDetail: APIObject, Equatable {
  public var code: Int?
  public var message: String = ""

  public init() {}

  public init(code: Int? = nil, message: String = "") {
    self.code = code
    self.message = message
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("code", &code)
    try object.present("message", &message)
  }
}
