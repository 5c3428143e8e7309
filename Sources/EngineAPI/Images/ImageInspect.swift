/// `GET /images/{name}/json`.
public struct ImageInspect: Codable, Sendable, Equatable {
  @Present public var id: String = ""
  @Present public var repoTags: [String] = []
  @Present public var repoDigests: [String] = []
  @Present public var parent: String = ""
  @Present public var comment: String = ""
  /// RFC 3339 with nanoseconds; missing when the image has no date.
  public var created: String?
  @Present public var dockerVersion: String = ""
  @Present public var author: String = ""
  public var config: ImageConfig?
  @Present public var architecture: String = ""
  public var variant: String?
  @Present public var os: String = ""
  public var osVersion: String?
  /// Bytes of all unpacked layers.
  @Present public var size: Int64 = 0
  /// Present below API 1.44 only; the same as `size`.
  public var virtualSize: Int64?
  @Present public var graphDriver: DriverData = DriverData()
  @Present public var rootFS: RootFS = RootFS()
  @Present public var metadata: ImageMetadata = ImageMetadata()

  public init() {}

  private enum CodingKeys: String, CodingKey {
    case id = "Id"
    case repoTags = "RepoTags"
    case repoDigests = "RepoDigests"
    case parent = "Parent"
    case comment = "Comment"
    case created = "Created"
    case dockerVersion = "DockerVersion"
    case author = "Author"
    case config = "Config"
    case architecture = "Architecture"
    case variant = "Variant"
    case os = "Os"
    case osVersion = "OsVersion"
    case size = "Size"
    case virtualSize = "VirtualSize"
    case graphDriver = "GraphDriver"
    case rootFS = "RootFS"
    case metadata = "Metadata"
  }
}

/// The layers of an image.
public struct RootFS: Codable, Sendable, Equatable, ZeroValue {
  @Present public var type: String = "layers"
  /// The layers' diff ids, lowest first.
  public var layers: [String]?

  public init() {}

  public init(type: String = "layers", layers: [String]? = nil) {
    self.type = type
    self.layers = layers
  }

  private enum CodingKeys: String, CodingKey {
    case type = "Type"
    case layers = "Layers"
  }
}

/// What the engine notes about an image beside the image itself.
/// RFC 3339; `0001-01-01T00:00:00Z` when it was never tagged here.
public struct ImageMetadata: Codable, Sendable, Equatable, ZeroValue {
  public var lastTagTime: String?

  public init() {}

  public init(lastTagTime: String? = nil) {
    self.lastTagTime = lastTagTime
  }

  private enum CodingKeys: String, CodingKey {
    case lastTagTime = "LastTagTime"
  }
}

/// Where a storage driver keeps the layers of an image or container.
public struct DriverData: Codable, Sendable, Equatable, ZeroValue {
  @Nullable public var data: [String: String]?
  @Present public var name: String = ""

  public init() {}

  public init(data: [String: String]? = nil, name: String = "") {
    self.data = data
    self.name = name
  }

  private enum CodingKeys: String, CodingKey {
    case data = "Data"
    case name = "Name"
  }
}
