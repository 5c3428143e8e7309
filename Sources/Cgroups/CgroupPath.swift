import Diagnostics

/// Where a cgroup is below the root of its hierarchies, such as "/apus/4f1c…".
public struct CgroupPath: Sendable, Hashable, CustomStringConvertible {
  /// The names from the root down; at least one.
  let components: [String]

  /// Reads a path. One that does not begin with a slash counts from the root too, as the runtime-spec leaves open
  /// (config-linux.md, "Cgroups Path").
  ///
  /// Throws: `invalid` for ".", ".." or a NUL in it, a component of more than 255 bytes, and for the root itself.
  public init(_ text: String) throws(ClassifiedError) {
    let components = text.split(separator: "/").map(String.init)
    for component in components where component == "." || component == ".." {
      throw ClassifiedError(.invalid, "'\(component)' in a cgroup path", object: text, advice: "name it from the root")
    }
    guard !components.isEmpty else {
      throw ClassifiedError(.invalid, "a cgroup path names no cgroup", object: text)
    }
    guard components.allSatisfy({ $0.utf8.count <= 255 && !$0.utf8.contains(0) }) else {
      throw ClassifiedError(.invalid, "a name in a cgroup path is too long or holds a NUL", object: text)
    }
    self.components = components
  }

  private init(components: [String]) {
    self.components = components
  }

  /// The cgroup below this one.
  public func appending(_ name: String) throws(ClassifiedError) -> CgroupPath {
    try CgroupPath("\(self)/\(name)")
  }

  /// The cgroup above; nil for one right below the root.
  var parent: CgroupPath? {
    components.count > 1 ? CgroupPath(components: components.dropLast()) : nil
  }

  public var description: String { "/" + components.joined(separator: "/") }
}
