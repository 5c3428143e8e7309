/// How an image was made and how its containers start (image spec, "Image Configuration"), with Docker's extensions.
///
/// The digest of its bytes is the image's id.
public struct ImageConfiguration: Sendable, Hashable {
  public var platform: Platform
  /// RFC 3339, as the builder wrote it.
  public var created: String?
  public var author: String?
  /// The defaults of the image's containers.
  public var config: Config
  /// The digests of the uncompressed layers, lowest first.
  public var diffIDs: [Digest]
  public var history: [History]
  public var osFeatures: [String]
  /// Docker's extensions; empty when unknown.
  public var dockerVersion: String
  public var comment: String
  public var parent: String

  /// One step of the image's making.
  public struct History: Sendable, Hashable {
    public var created: String?
    public var createdBy: String
    public var author: String
    public var comment: String
    /// Whether the step left the files alone, so that there is no diff id for it.
    public var isEmptyLayer: Bool

    public init(created: String? = nil, createdBy: String = "", comment: String = "", isEmptyLayer: Bool = false) {
      self.created = created
      self.createdBy = createdBy
      self.author = ""
      self.comment = comment
      self.isEmptyLayer = isEmptyLayer
    }
  }

  public init(platform: Platform, created: String? = nil, config: Config = Config(), diffIDs: [Digest] = []) {
    self.platform = platform
    self.created = created
    self.author = nil
    self.config = config
    self.diffIDs = diffIDs
    self.history = []
    self.osFeatures = []
    self.dockerVersion = ""
    self.comment = ""
    self.parent = ""
  }

  /// Reads an image's configuration.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` that names the field.
  public init(_ bytes: [UInt8]) throws {
    self = try JSONDocument.decode(ImageConfiguration.self, from: bytes, called: "image configuration")
  }

  /// The chain ids of the image's layers, lowest first.
  public var chain: [ChainID] { ChainID.chain(of: diffIDs) }
}

extension ImageConfiguration: Codable {
  private enum CodingKeys: String, CodingKey {
    case architecture, os, variant, created, author, config, rootfs, history, comment, parent
    case osVersion = "os.version"
    case osFeatures = "os.features"
    case dockerVersion = "docker_version"
  }

  private struct RootFS: Codable {
    var type = "layers"
    var diffIDs: [Digest]

    private enum CodingKeys: String, CodingKey {
      case type
      case diffIDs = "diff_ids"
    }

    init(diffIDs: [Digest]) {
      self.diffIDs = diffIDs
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      type = try container.decodeIfPresent(String.self, forKey: .type) ?? "layers"
      guard type == "layers" else {
        throw DecodingError.dataCorruptedError(
          forKey: .type, in: container, debugDescription: "a root file system of type \(quoted(type)) is not supported")
      }
      diffIDs = try container.decodeIfPresent([Digest].self, forKey: .diffIDs) ?? []
    }
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try container.decodeIfPresent(String.self, forKey: key) ?? "" }
    platform = Platform(
      os: try text(.os), architecture: try text(.architecture), variant: try text(.variant),
      osVersion: try container.decodeIfPresent(String.self, forKey: .osVersion))
    created = try container.decodeIfPresent(String.self, forKey: .created)
    author = try container.decodeIfPresent(String.self, forKey: .author)
    config = try container.decodeIfPresent(Config.self, forKey: .config) ?? Config()
    diffIDs = try container.decodeIfPresent(RootFS.self, forKey: .rootfs)?.diffIDs ?? []
    history = try container.decodeIfPresent([History].self, forKey: .history) ?? []
    osFeatures = try container.decodeIfPresent([String].self, forKey: .osFeatures) ?? []
    dockerVersion = try text(.dockerVersion)
    comment = try text(.comment)
    parent = try text(.parent)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(platform.architecture, forKey: .architecture)
    try container.encode(platform.os, forKey: .os)
    if !platform.variant.isEmpty { try container.encode(platform.variant, forKey: .variant) }
    try container.encodeIfPresent(platform.osVersion, forKey: .osVersion)
    if !osFeatures.isEmpty { try container.encode(osFeatures, forKey: .osFeatures) }
    try container.encodeIfPresent(created, forKey: .created)
    try container.encodeIfPresent(author, forKey: .author)
    try container.encode(config, forKey: .config)
    try container.encode(RootFS(diffIDs: diffIDs), forKey: .rootfs)
    if !history.isEmpty { try container.encode(history, forKey: .history) }
    if !dockerVersion.isEmpty { try container.encode(dockerVersion, forKey: .dockerVersion) }
    if !comment.isEmpty { try container.encode(comment, forKey: .comment) }
    if !parent.isEmpty { try container.encode(parent, forKey: .parent) }
  }
}

extension ImageConfiguration.History: Codable {
  private enum CodingKeys: String, CodingKey {
    case created, author, comment
    case createdBy = "created_by"
    case isEmptyLayer = "empty_layer"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    created = try container.decodeIfPresent(String.self, forKey: .created)
    createdBy = try container.decodeIfPresent(String.self, forKey: .createdBy) ?? ""
    author = try container.decodeIfPresent(String.self, forKey: .author) ?? ""
    comment = try container.decodeIfPresent(String.self, forKey: .comment) ?? ""
    isEmptyLayer = try container.decodeIfPresent(Bool.self, forKey: .isEmptyLayer) ?? false
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(created, forKey: .created)
    if !createdBy.isEmpty { try container.encode(createdBy, forKey: .createdBy) }
    if !author.isEmpty { try container.encode(author, forKey: .author) }
    if !comment.isEmpty { try container.encode(comment, forKey: .comment) }
    if isEmptyLayer { try container.encode(true, forKey: .isEmptyLayer) }
  }
}
