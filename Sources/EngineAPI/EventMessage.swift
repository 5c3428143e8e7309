/// One line of `GET /events`.
/// The kind of object: `container`, `image`, `network`, `volume`, `daemon`…
public struct EventMessage: APIObject, Equatable {
  public var type: String = ""
  /// What happened: `create`, `start`, `die`, `pull`…
  public var action: String = ""
  public var actor: EventActor = EventActor()
  public var scope: String = "local"
  /// Unix time in seconds.
  public var time: Int64 = 0
  /// The same instant in nanoseconds.
  public var timeNano: Int64 = 0
  /// The three fields that `type`, `action` and `actor` replaced; clients below API 1.52 still read them.
  public var status: String?
  public var id: String?
  public var from: String?

  public init() {}

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

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Type", &type)
    try object.present("Action", &action)
    try object.present("Actor", &actor)
    try object.present("scope", &scope)
    try object.present("time", &time)
    try object.present("timeNano", &timeNano)
    try object.optional("status", &status)
    try object.optional("id", &id)
    try object.optional("from", &from)
  }
}

/// The object that an event is about.
public struct EventActor: APIObject, Equatable {
  public var id: String = ""
  /// The object's labels, and what the action adds: `name`, `image`, `exitCode`, `signal`…
  public var attributes: [String: String] = [:]

  public init() {}

  public init(id: String = "", attributes: [String: String] = [:]) {
    self.id = id
    self.attributes = attributes
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("ID", &id)
    try object.present("Attributes", &attributes)
  }
}
