/// What `POST /containers/{id}/wait` answers when the wait is over.
public struct WaitResponse: APIObject, Equatable {
  public var statusCode: Int = 0
  public var error: WaitError?

  public init() {}

  public init(statusCode: Int = 0, error: WaitError? = nil) {
    self.statusCode = statusCode
    self.error = error
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("StatusCode", &statusCode)
    try object.optional("Error", &error)
  }
}

/// Why waiting failed.
public struct WaitError: APIObject, Equatable {
  public var message: String = ""

  public init() {}

  public init(message: String = "") {
    self.message = message
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Message", &message)
  }
}
