/// `GET /version`.
public struct SystemVersion: Codable, Sendable, Equatable {
  @Present public var platform: PlatformName = PlatformName()
  @Present public var components: [ComponentVersion] = []
  @Present public var version: String = ""
  @Present public var apiVersion: String = ""
  @Present public var minAPIVersion: String = ""
  @Present public var gitCommit: String = ""
  /// Where clients expect the version of the compiler.
  @Present public var goVersion: String = ""
  @Present public var os: String = ""
  @Present public var arch: String = ""
  public var kernelVersion: String?
  public var experimental: Bool?
  /// RFC 3339 with nanoseconds.
  public var buildTime: String?

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case platform = "Platform"
    case components = "Components"
    case version = "Version"
    case apiVersion = "ApiVersion"
    case minAPIVersion = "MinAPIVersion"
    case gitCommit = "GitCommit"
    case goVersion = "GoVersion"
    case os = "Os"
    case arch = "Arch"
    case kernelVersion = "KernelVersion"
    case experimental = "Experimental"
    case buildTime = "BuildTime"
  }
}

/// The product's name.
public struct PlatformName: Codable, Sendable, Equatable, ZeroValue {
  @Present public var name: String = ""

  public init() {}

  public init(name: String = "") {
    self.name = name
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
  }
}

/// One of the programs that make up the engine.
public struct ComponentVersion: Codable, Sendable, Equatable {
  @Present public var name: String = ""
  @Present public var version: String = ""
  public var details: [String: String]?

  public init(name: String = "", version: String = "", details: [String: String]? = nil) {
    self.name = name
    self.version = version
    self.details = details
  }

  private enum CodingKeys: String, CodingKey {
    case name = "Name"
    case version = "Version"
    case details = "Details"
  }
}
