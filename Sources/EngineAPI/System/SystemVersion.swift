/// `GET /version`.
public struct SystemVersion: APIObject, Equatable {
  public var platform: PlatformName = PlatformName()
  public var components: [ComponentVersion] = []
  public var version: String = ""
  public var apiVersion: String = ""
  public var minAPIVersion: String = ""
  public var gitCommit: String = ""
  /// Where clients expect the version of the compiler.
  public var goVersion: String = ""
  public var os: String = ""
  public var arch: String = ""
  public var kernelVersion: String?
  public var experimental: Bool?
  /// RFC 3339 with nanoseconds.
  public var buildTime: String?

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Platform", &platform)
    try object.present("Components", &components)
    try object.present("Version", &version)
    try object.present("ApiVersion", &apiVersion)
    try object.present("MinAPIVersion", &minAPIVersion)
    try object.present("GitCommit", &gitCommit)
    try object.present("GoVersion", &goVersion)
    try object.present("Os", &os)
    try object.present("Arch", &arch)
    try object.optional("KernelVersion", &kernelVersion)
    try object.optional("Experimental", &experimental)
    try object.optional("BuildTime", &buildTime)
  }
}

/// The product's name.
public struct PlatformName: APIObject, Equatable {
  public var name: String = ""

  public init() {}

  public init(name: String = "") {
    self.name = name
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
  }
}

/// One of the programs that make up the engine.
public struct ComponentVersion: APIObject, Equatable {
  public var name: String = ""
  public var version: String = ""
  public var details: [String: String]?

  public init() {}

  public init(name: String = "", version: String = "", details: [String: String]? = nil) {
    self.name = name
    self.version = version
    self.details = details
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Name", &name)
    try object.present("Version", &version)
    try object.optional("Details", &details)
  }
}
