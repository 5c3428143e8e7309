import LinuxKernel
public import Testing

/// What a test cannot do without. Where it is missing the test fails and says so: one that skips itself looks well and
/// shows nothing.
public struct Need: SuiteTrait, TestTrait {
  /// What is to be done about what is missing; nil where nothing is.
  private let missing: @Sendable () -> String?

  /// `sentence` says what is needed, and where it comes from.
  public init(_ sentence: String, isMet: @escaping @Sendable () -> Bool) {
    missing = { isMet() ? nil : sentence }
  }

  /// All of these at once.
  public init(_ needs: [Need]) {
    missing = { needs.lazy.compactMap { $0.missing() }.first }
  }

  public func prepare(for test: Test) throws {
    if let sentence = missing() { throw Missing(description: sentence) }
  }

  private struct Missing: Error, CustomStringConvertible {
    let description: String
  }
}

extension Trait where Self == Need {
  public static func needs(_ needs: Need...) -> Need { Need(needs) }
}

extension Need {
  /// Namespaces, mounts, cgroups and devices are root's to make.
  public static let root = Need("needs root: run the tests as root") { Credentials.effectiveUser == 0 }

  public static func program(_ path: String, package: String) -> Need {
    Need("needs \(path): install the package \(package)") { HostFiles.isExecutable(path) }
  }
}
