/// `GET /containers/{id}/top`: a table of processes.
public struct ContainerTopResponse: APIObject, Equatable {
  public var processes: [[String]] = []
  public var titles: [String] = []

  public init() {}

  public init(processes: [[String]] = [], titles: [String] = []) {
    self.processes = processes
    self.titles = titles
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Processes", &processes)
    try object.present("Titles", &titles)
  }
}
