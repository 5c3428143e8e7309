/// `GET /containers/{id}/top`: a table of processes.
public struct ContainerTopResponse: Codable, Sendable, Equatable {
  @Present public var processes: [[String]] = []
  @Present public var titles: [String] = []

  public init(processes: [[String]] = [], titles: [String] = []) {
    self.processes = processes
    self.titles = titles
  }

  private enum CodingKeys: String, CodingKey {
    case processes = "Processes"
    case titles = "Titles"
  }
}
