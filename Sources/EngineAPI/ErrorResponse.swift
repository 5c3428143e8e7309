/// The body of every answer with a status from 400 on.
public struct ErrorResponse: APIObject, Equatable {
  public var message: String = ""

  public init() {}

  public init(message: String = "") {
    self.message = message
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("message", &message)
  }
}
