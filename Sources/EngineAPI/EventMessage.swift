/// One line of `GET /events`.
/// The kind of object: `container`, `image`, `network`, `volume`, `daemon`…
public struct EventMessage: Codable, Sendable, Equatable {
  @Present public var type: String = ""
  /// What happened: `create`, `start`, `die`, `pull`…
  @Present public var action: String = ""
  @Present public var actor: EventActor = EventActor()
  @Present public var scope: String = "local"
  /// Unix time in seconds.
  @Present public var time: Int64 = 0
  /// The same instant in nanoseconds.
  @Present public var timeNano: Int64 = 0
  /// The three fields that `type`, `action` and `actor` replaced; clients below API 1.52 still read them.
  public var status: String?
  public var id: String?
  public var from: String?

  public init(
    type: String = "", action: String = "", actor: EventActor = EventActor(), scope: String = "local",
    time: Int64 = 0, timeNano: Int64 = 0, status: String? = nil, id: String? = nil, from: String? = nil
  ) {
    self.type = type
    self.action = action
    self.actor = actor
    self.scope = scope
    self.time = time
    self.timeNano = timeNano
    self.status = status
    self.id = id
    self.from = from
  }

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case action = "Action"
    case actor = "Actor"
    case scope
    case time
    case timeNano
    case status
    case id
    case from
  }
}

/// The object that an event is about.
public struct EventActor: Codable, Sendable, Equatable, ZeroValue {
  @Present public var id: String = ""
  /// The object's labels, and what the action adds: `name`, `image`, `exitCode`, `signal`…
  @Present public var attributes: [String: String] = [:]

  public init() {}

  public init(id: String = "", attributes: [String: String] = [:]) {
    self.id = id
    self.attributes = attributes
  }

  private enum CodingKeys: String, CodingKey {
    case id = "ID"
    case attributes = "Attributes"
  }
}
