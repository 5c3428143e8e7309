public import Diagnostics

/// An image's name as the client must understand it: for which registry credentials are sent, and what is pulled.
///
/// The server reads and checks names in full; this is the part of Docker's normalisation that shapes requests.
public struct ImageName: Sendable, Equatable, CustomStringConvertible {
  /// `docker.io`, `registry.example:5000`…
  public let domain: String
  /// Without domain: `library/busybox`.
  public let path: String
  public let tag: String?
  /// `sha256:…`.
  public let digest: String?

  /// Throws: kind `invalid` for upper case in the path and for empty names.
  public init(_ text: String) throws(ClassifiedError) {
    var rest = text[...]
    var digest: String?
    if let at = rest.lastIndex(of: "@") {
      digest = String(rest[rest.index(after: at)...])
      rest = rest[..<at]
    }
    var tag: String?
    if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("/") {
      tag = String(rest[rest.index(after: colon)...])
      rest = rest[..<colon]
    }
    let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var domain = "docker.io"
    var path = String(rest)
    if parts.count == 2, ImageName.isDomain(parts[0]) {
      domain = parts[0] == "index.docker.io" ? "docker.io" : String(parts[0])
      path = String(parts[1])
    }
    if domain == "docker.io", !path.contains("/") { path = "library/" + path }
    let isPlain = path.utf8.allSatisfy {
      (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || "/._-".utf8.contains($0)
    }
    guard isPlain, !path.isEmpty, !path.hasSuffix("/"), tag != "", digest != "" else {
      let hint = path.contains(where: \.isUppercase) ? "repository name must be lowercase" : "invalid reference format"
      throw ClassifiedError(
        .invalid, hint == "invalid reference format" ? hint : "invalid reference format: \(hint)", object: text)
    }
    self.init(domain: domain, path: path, tag: tag, digest: digest)
  }

  private init(domain: String, path: String, tag: String?, digest: String?) {
    self.domain = domain
    self.path = path
    self.tag = tag
    self.digest = digest
  }

  /// The same name with the tag `latest`, when it has neither tag nor digest.
  public var tagged: ImageName {
    tag == nil && digest == nil ? ImageName(domain: domain, path: path, tag: "latest", digest: nil) : self
  }

  private static func isDomain(_ text: Substring) -> Bool {
    text == "localhost" || text.contains(where: { $0 == "." || $0 == ":" || $0.isUppercase })
  }

  /// The repository in full: `docker.io/library/busybox`.
  public var repository: String { "\(domain)/\(path)" }

  /// The repository as people write it: `busybox`.
  public var familiarRepository: String {
    guard domain == "docker.io" else { return repository }
    return path.hasPrefix("library/") ? String(path.dropFirst(8)) : path
  }

  /// As people write it, with tag and digest.
  public var description: String {
    familiarRepository + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// In full, with tag and digest: `docker.io/library/busybox:latest`.
  public var fullDescription: String {
    repository + (tag.map { ":\($0)" } ?? "") + (digest.map { "@\($0)" } ?? "")
  }

  /// The key of the registry's credentials in the client's configuration.
  public var credentialsKey: String { domain == "docker.io" ? ImageName.hubKey : domain }

  /// Docker Hub's key, an address from its first days.
  public static let hubKey = "https://index.docker.io/v1/"
}
