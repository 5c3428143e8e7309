import Diagnostics

/// An operating system and processor that an image is made for, named as Go names them.
///
/// Values are normalised: `linux/aarch64` and `linux/arm64/v8` are both `linux/arm64`.
public struct Platform: Hashable, Sendable {
  public let os: String
  public let architecture: String
  /// The processor's generation where images differ by it (`v7` of `arm`), else empty.
  public let variant: String
  public let osVersion: String?

  public init(os: String, architecture: String, variant: String = "", osVersion: String? = nil) {
    self.os = Self.normalised(os: os)
    (self.architecture, self.variant) = Self.normalised(architecture: architecture, variant: variant)
    self.osVersion = osVersion
  }

  /// The platform that this program was built for.
  public static let host: Platform = {
    #if arch(x86_64)
      Platform(os: "linux", architecture: "amd64")
    #elseif arch(arm64)
      Platform(os: "linux", architecture: "arm64")
    #elseif arch(arm)
      Platform(os: "linux", architecture: "arm")
    #else
      #error("name this architecture as Go does")
    #endif
  }()

  /// Parses what `--platform` takes: `os`, `architecture`, `os/architecture` or `os/architecture/variant`;
  /// what is left out is the host's.
  ///
  /// Throws: `ClassifiedError` of kind `invalid`.
  public init(_ text: String) throws {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    for part in parts where part.isEmpty || !part.utf8.allSatisfy(Self.isComponentByte) {
      throw ClassifiedError(.invalid, "invalid platform \(quoted(text)): \(quoted(part)) is no component of a platform")
    }
    switch parts.count {
    case 1 where Self.knownSystems.contains(Self.normalised(os: parts[0])):
      self.init(os: parts[0], architecture: Self.host.architecture, variant: Self.host.variant)
    case 1 where Self.knownArchitectures.contains(Self.normalised(architecture: parts[0], variant: "").0):
      self.init(os: Self.host.os, architecture: parts[0])
    case 1:
      throw ClassifiedError(
        .invalid, "invalid platform \(quoted(text)): unknown operating system or architecture",
        advice: "write it as os/architecture, for example linux/arm64")
    case 2: self.init(os: parts[0], architecture: parts[1])
    case 3: self.init(os: parts[0], architecture: parts[1], variant: parts[2])
    default:
      throw ClassifiedError(
        .invalid, "invalid platform \(quoted(text)): too many components",
        advice: "write it as os/architecture[/variant]")
    }
  }

  /// Whether this stands for content that runs nowhere, such as a build's attestations.
  public var isUnknown: Bool { os == "unknown" || architecture == "unknown" }

  private static func isComponentByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}

// MARK: - Normal form and choice

extension Platform {
  static let knownSystems: Set<String> = [
    "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos", "plan9", "android",
    "aix", "js", "wasip1",
  ]
  static let knownArchitectures: Set<String> = [
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc64", "ppc64le", "riscv64",
    "s390x", "wasm",
  ]

  private static func normalised(os: String) -> String {
    let lower = os.lowercased()
    return lower == "macos" ? "darwin" : lower
  }

  private static func normalised(architecture: String, variant: String) -> (String, String) {
    let variant = variant.lowercased()
    switch architecture.lowercased() {
    case "i386", "i486", "i586", "i686": return ("386", "")
    case "x86_64", "x86-64", "amd64": return ("amd64", variant == "v1" ? "" : variant)
    case "aarch64", "arm64": return ("arm64", variant == "8" || variant == "v8" ? "" : variant)
    case "armhf": return ("arm", "v7")
    case "armel": return ("arm", "v6")
    case "arm":
      if variant.isEmpty { return ("arm", "v7") }
      return ("arm", variant.hasPrefix("v") ? variant : "v" + variant)
    case let other: return (other, variant)
    }
  }

  /// The platforms whose programs run on this one, best first: each processor runs what its elder siblings ran.
  public var runnable: [Platform] {
    func platforms(_ architecture: String, _ variants: [String]) -> [Platform] {
      variants.map { Platform(os: os, architecture: architecture, variant: $0) }
    }
    let generation = Int(variant.dropFirst()) ?? 0
    func descending(to last: Int, from first: Int) -> [String] {
      first < last ? [] : stride(from: first, through: last, by: -1).map { "v\($0)" }
    }
    switch architecture {
    case "amd64":
      return platforms("amd64", descending(to: 2, from: generation) + [""]) + platforms("386", [""])
    case "arm64":
      return platforms("arm64", (variant.isEmpty ? [] : [variant]) + [""])
        + platforms("arm", descending(to: 5, from: 8))
    case "arm" where generation > 0:
      return platforms("arm", descending(to: min(5, generation), from: generation))
    default: return [Platform(os: os, architecture: architecture, variant: variant)]
    }
  }

  /// How well content for `other` fits this platform: 0 is best, nil is not at all.
  public func rank(of other: Platform) -> Int? {
    runnable.firstIndex {
      $0.os == other.os && $0.architecture == other.architecture && $0.variant == other.variant
    }
  }
}

extension Platform: CustomStringConvertible {
  public var description: String { "\(os)/\(architecture)" + (variant.isEmpty ? "" : "/\(variant)") }
}

extension Platform: Codable {
  private enum CodingKeys: String, CodingKey {
    case os, architecture, variant
    case osVersion = "os.version"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      os: try container.decodeIfPresent(String.self, forKey: .os) ?? "",
      architecture: try container.decodeIfPresent(String.self, forKey: .architecture) ?? "",
      variant: try container.decodeIfPresent(String.self, forKey: .variant) ?? "",
      osVersion: try container.decodeIfPresent(String.self, forKey: .osVersion))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(architecture, forKey: .architecture)
    try container.encode(os, forKey: .os)
    if !variant.isEmpty { try container.encode(variant, forKey: .variant) }
    try container.encodeIfPresent(osVersion, forKey: .osVersion)
  }
}
