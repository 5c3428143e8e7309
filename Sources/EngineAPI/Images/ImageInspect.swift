/// `GET /images/{name}/json`.
public struct ImageInspect: APIObject, Equatable {
  public var id: String = ""
  public var repoTags: [String] = []
  public var repoDigests: [String] = []
  public var parent: String = ""
  public var comment: String = ""
  /// RFC 3339 with nanoseconds; missing when the image has no date.
  public var created: String?
  public var dockerVersion: String = ""
  public var author: String = ""
  public var config: ImageConfig?
  /// The same as `config`. API 1.45 has dropped it, and docker-compose 1.29 cannot make a container anew without it.
  public var containerConfig: ImageConfig?
  public var architecture: String = ""
  public var variant: String?
  public var os: String = ""
  public var osVersion: String?
  /// Bytes of all unpacked layers.
  public var size: Int64 = 0
  /// Present below API 1.44 only; the same as `size`.
  public var virtualSize: Int64?
  public var graphDriver: DriverData = DriverData()
  public var rootFS: RootFS = RootFS()
  public var metadata: ImageMetadata = ImageMetadata()

  public init() {}

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Id", &id)
    try object.present("RepoTags", &repoTags)
    try object.present("RepoDigests", &repoDigests)
    try object.present("Parent", &parent)
    try object.present("Comment", &comment)
    try object.optional("Created", &created)
    try object.present("DockerVersion", &dockerVersion)
    try object.present("Author", &author)
    try object.optional("Config", &config)
    try object.optional("ContainerConfig", &containerConfig)
    try object.present("Architecture", &architecture)
    try object.optional("Variant", &variant)
    try object.present("Os", &os)
    try object.optional("OsVersion", &osVersion)
    try object.present("Size", &size)
    try object.optional("VirtualSize", &virtualSize)
    try object.present("GraphDriver", &graphDriver)
    try object.present("RootFS", &rootFS)
    try object.present("Metadata", &metadata)
  }
}

/// The layers of an image.
public struct RootFS: APIObject, Equatable {
  public var type: String = "layers"
  /// The layers' diff ids, lowest first.
  public var layers: [String]?

  public init() {}

  public init(type: String = "layers", layers: [String]? = nil) {
    self.type = type
    self.layers = layers
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.present("Type", &type)
    try object.optional("Layers", &layers)
  }
}

/// What the engine notes about an image beside the image itself.
/// RFC 3339; `0001-01-01T00:00:00Z` when it was never tagged here.
public struct ImageMetadata: APIObject, Equatable {
  public var lastTagTime: String?

  public init() {}

  public init(lastTagTime: String? = nil) {
    self.lastTagTime = lastTagTime
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.optional("LastTagTime", &lastTagTime)
  }
}

/// Where a storage driver keeps the layers of an image or container.
public struct DriverData: APIObject, Equatable {
  public var data: [String: String]?
  public var name: String = ""

  public init() {}

  public init(data: [String: String]? = nil, name: String = "") {
    self.data = data
    self.name = name
  }

  public mutating func fields(_ object: inout ObjectFields) throws(JSONFault) {
    try object.nullable("Data", &data)
    try object.present("Name", &name)
  }
}
