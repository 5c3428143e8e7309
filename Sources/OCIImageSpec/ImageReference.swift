import Diagnostics

/// The name of an image as people write it, in Docker's grammar and with Docker's defaults.
///
/// `ubuntu` is `docker.io/library/ubuntu`; a first part with a dot, a colon or capitals, or that is `localhost`,
/// is a registry. The familiar form leaves the defaults out again.
public struct ImageReference: Hashable, Sendable {
  /// The registry's host, with its port if it has one: `docker.io`, `localhost:5000`, `[::1]:5000`.
  public let domain: String
  /// The repository in that registry: `library/ubuntu`.
  public let path: String
  public let tag: String?
  public let digest: Digest?

  public static let defaultDomain = "docker.io"
  public static let defaultTag = "latest"
  /// How many bytes a repository's path may have.
  public static let pathLimit = 255

  /// Parses a familiar or canonical name.
  ///
  /// Throws: `ClassifiedError` of kind `invalid`, in Docker's words.
  public init(_ text: String) throws {
    guard !Self.isIdentifier(text) else {
      throw ClassifiedError(
        .invalid, "invalid repository name (\(text)), cannot specify 64-byte hexadecimal strings")
    }
    let (domain, remainder) = Self.splitDomain(text)
    let beforeTag = remainder.prefix { $0 != ":" }
    guard beforeTag.lowercased() == beforeTag else {
      throw ClassifiedError(
        .invalid, "invalid reference format: repository name (\(beforeTag)) must be lowercase")
    }
    let nameAndDigest = remainder.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let nameAndTag = nameAndDigest[0].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(nameAndTag[0])
    let tag = nameAndTag.count > 1 ? String(nameAndTag[1]) : nil
    guard ReferenceGrammar.isDomain(domain), ReferenceGrammar.isPath(path), tag.map(ReferenceGrammar.isTag) ?? true
    else {
      throw ClassifiedError(.invalid, "invalid reference format")
    }
    guard path.utf8.count <= Self.pathLimit else {
      throw ClassifiedError(.invalid, "repository name must not be more than \(Self.pathLimit) characters")
    }
    if nameAndDigest.count > 1 {
      guard ReferenceGrammar.looksLikeDigest(nameAndDigest[1]) else {
        throw ClassifiedError(.invalid, "invalid reference format")
      }
      digest = try Digest(nameAndDigest[1])
    } else {
      digest = nil
    }
    self.domain = domain
    self.path = path
    self.tag = tag
  }

  private init(domain: String, path: String, tag: String?, digest: Digest?) {
    self.domain = domain
    self.path = path
    self.tag = tag
    self.digest = digest
  }

  /// Whether this is an image's id rather than a name: 64 hexadecimal digits.
  public static func isIdentifier(_ text: String) -> Bool {
    text.utf8.count == 64 && text.utf8.allSatisfy(isLowerHexDigit)
  }

  private static func splitDomain(_ name: String) -> (domain: String, remainder: String) {
    guard let slash = name.firstIndex(of: "/") else { return (defaultDomain, "library/" + name) }
    let first = String(name[..<slash])
    let rest = String(name[name.index(after: slash)...])
    let isDomain =
      first == "localhost" || first.contains(".") || first.contains(":") || first.lowercased() != first
    guard isDomain else { return (defaultDomain, name) }
    // The name that Docker Hub had in old clients.
    let domain = first == "index.docker.io" ? defaultDomain : first
    if domain == defaultDomain, !rest.contains("/") { return (domain, "library/" + rest) }
    return (domain, rest)
  }
}

// MARK: - Forms

extension ImageReference {
  /// `docker.io/library/ubuntu`.
  public var name: String { "\(domain)/\(path)" }

  /// `ubuntu`: the name without what would be added anyway.
  public var familiarName: String {
    guard domain == Self.defaultDomain else { return name }
    let parts = path.split(separator: "/")
    return parts.count == 2 && parts[0] == "library" ? String(parts[1]) : path
  }

  /// `ubuntu:22.04@sha256:…`, with tag and digest if they are there.
  public var familiar: String { familiarName + suffix }

  /// `docker.io/library/ubuntu:22.04@sha256:…`.
  public var canonical: String { name + suffix }

  private var suffix: String { (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "") }

  /// What the registry is asked for: the digest if there is one, for it cannot move; else the tag or `latest`.
  public var identifier: String { digest?.description ?? tag ?? Self.defaultTag }

  /// The same with the tag `latest` when there is neither tag nor digest.
  public var withDefaultTag: ImageReference {
    tag == nil && digest == nil
      ? ImageReference(domain: domain, path: path, tag: Self.defaultTag, digest: nil) : self
  }

  /// The repository alone.
  public var repository: ImageReference { ImageReference(domain: domain, path: path, tag: nil, digest: nil) }

  /// The same repository with a digest and no tag, as in an image's `RepoDigests`.
  public func with(digest: Digest) -> ImageReference {
    ImageReference(domain: domain, path: path, tag: nil, digest: digest)
  }

  /// The same repository with a tag and no digest.
  ///
  /// Throws: `ClassifiedError` of kind `invalid`, in Docker's words.
  public func with(tag: String) throws -> ImageReference {
    guard ReferenceGrammar.isTag(tag) else { throw ClassifiedError(.invalid, "invalid tag format") }
    return ImageReference(domain: domain, path: path, tag: tag, digest: nil)
  }
}

extension ImageReference: CustomStringConvertible {
  public var description: String { familiar }
}

extension ImageReference: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      try self.init(container.decode(String.self))
    } catch let error as ClassifiedError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(canonical)
  }
}
