/// `POST /networks/create`.
public struct NetworkCreateRequest: APIObject, Equatable {
  public var name: String = ""
  /// Since API 1.44 a second network of one name is refused whatever this says.
  public var checkDuplicate: Bool?
  /// Empty: `bridge`.
  public var driver: String = ""
  /// Empty: `local`.
  public var scope: String = ""
  /// Nil: the server's default, which is true. Servers before API 1.48 do not know it.
  public var enableIPv4: Bool?
  /// Nil: the server's default.
  public var enableIPv6: Bool?
  public var ipam: IPAM?
  public var isInternal: Bool = false
  public var isAttachable: Bool = false
  public var isIngress: Bool = false
  public var isConfigOnly: Bool = false
  public var configFrom: ConfigReference?
  public var options: [String: String]?
  public var labels: [String: String]?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.optional("CheckDuplicate", &checkDuplicate)
    try object.present("Driver", &driver)
    try object.present("Scope", &scope)
    try object.optional("EnableIPv4", &enableIPv4)
    try object.optional("EnableIPv6", &enableIPv6)
    try object.nullable("IPAM", &ipam)
    try object.present("Internal", &isInternal)
    try object.present("Attachable", &isAttachable)
    try object.present("Ingress", &isIngress)
    try object.present("ConfigOnly", &isConfigOnly)
    try object.nullable("ConfigFrom", &configFrom)
    try object.nullable("Options", &options)
    try object.nullable("Labels", &labels)
  }
}

/// What `POST /networks/create` answers.
public struct NetworkCreateResponse: APIObject, Equatable {
  public var id: String = ""
  /// Empty: none.
  public var warning: String = ""

  public init() {}

  public init(id: String, warning: String = "") {
    self.id = id
    self.warning = warning
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("Warning", &warning)
  }
}

/// `POST /networks/{id}/connect`.
public struct NetworkConnectRequest: APIObject, Equatable {
  /// A name or id.
  public var container: String = ""
  public var endpointConfig: EndpointSettings?

  public init() {}

  public init(container: String, endpointConfig: EndpointSettings? = nil) {
    self.container = container
    self.endpointConfig = endpointConfig
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Container", &container)
    try object.optional("EndpointConfig", &endpointConfig)
  }
}

/// `POST /networks/{id}/disconnect`.
public struct NetworkDisconnectRequest: APIObject, Equatable {
  /// A name or id.
  public var container: String = ""
  /// Also a container that is not there any more.
  public var force: Bool = false

  public init() {}

  public init(container: String, force: Bool = false) {
    self.container = container
    self.force = force
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Container", &container)
    try object.present("Force", &force)
  }
}

/// What `POST /networks/prune` answers.
public struct NetworkPruneResponse: APIObject, Equatable {
  /// By name; null when there was nothing to remove, as Docker has it.
  public var networksDeleted: [String]?

  public init() {}

  public init(networksDeleted: [String]?) {
    self.networksDeleted = networksDeleted
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("NetworksDeleted", &networksDeleted)
  }
}
