import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// An OCI bundle (runtime-spec bundle.md): a directory with a configuration and, usually, a root filesystem.
public struct Bundle: Sendable {
  /// Absolute.
  public let path: String
  public let spec: Spec
  /// The configuration's bytes, which the state directory keeps.
  let configuration: [UInt8]

  /// Reads `config.json` of the bundle.
  ///
  /// Throws: `notFound` when there is none, `invalid` when it is malformed.
  public init(path: String) throws {
    self.path = path.hasPrefix("/") ? path : "\(try HostFiles.currentDirectory())/\(path)"
    let file = "\(path)/config.json"
    guard let bytes = try HostFiles.readIfPresent(file) else {
      throw ClassifiedError(.notFound, "JSON specification file \(file) not found")
    }
    configuration = bytes
    spec = try Self.parse(bytes, path: file)
  }

  static func parse(_ bytes: [UInt8], path: String) throws -> Spec {
    do {
      return try Spec(json: bytes)
    } catch {
      throw ClassifiedError(.invalid, "\(error)", object: path)
    }
  }

  /// The root filesystem's path on the host.
  func rootfs() throws -> String {
    guard let root = spec.root else { throw ClassifiedError(.invalid, "root is missing", object: "config.json") }
    return root.path.hasPrefix("/") ? root.path : "\(path)/\(root.path)"
  }
}
