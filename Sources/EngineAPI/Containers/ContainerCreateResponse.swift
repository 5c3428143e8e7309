/// What `POST /containers/create` answers.
public struct ContainerCreateResponse: APIObject, Equatable {
  public var id: String = ""
  public var warnings: [String] = []

  public init() {}

  public init(id: String = "", warnings: [String] = []) {
    self.id = id
    self.warnings = warnings
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("Warnings", &warnings)
  }
}
