import Diagnostics
import FoundationEssentials
import NIOPosix
import NIOSSL

/// What TLS needs for one registry: the authorities and client certificates in `<directory>/<host[:port]>/`,
/// where `*.crt` are authorities and `x.cert` goes with `x.key`, as Docker has them.
struct RegistryCertificates: Sendable {
  let directories: [String]

  /// The TLS settings for a registry.
  ///
  /// Throws: `ClassifiedError` of kind `invalid` that names the file at fault.
  func configuration(for authority: HostPort, isInsecure: Bool) async throws -> TLSConfiguration {
    let name = authority.port.map { "\(authority.host):\($0)" } ?? authority.host
    let candidates = directories.map { "\($0)/\(name)" }
    // Files are read on NIO's blocking threads, never on the threads that run tasks.
    return try await NIOThreadPool.singleton.runIfActive {
      try Self.read(candidates, isInsecure: isInsecure)
    }
  }

  private static func read(_ directories: [String], isInsecure: Bool) throws -> TLSConfiguration {
    var configuration = TLSConfiguration.makeClientConfiguration()
    if isInsecure { configuration.certificateVerification = .none }
    var authorities: [NIOSSLCertificate] = []
    for directory in directories {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory) else { continue }
      for name in names.sorted() {
        let path = "\(directory)/\(name)"
        if name.hasSuffix(".crt") {
          authorities += try load(path) { try NIOSSLCertificate.fromPEMFile(path) }
        } else if name.hasSuffix(".cert") {
          let key = String(path.dropLast(5)) + ".key"
          configuration.certificateChain = try load(path) {
            try NIOSSLCertificate.fromPEMFile(path).map { .certificate($0) }
          }
          configuration.privateKey = .privateKey(try load(key) { try NIOSSLPrivateKey(file: key, format: .pem) })
        }
      }
    }
    if !authorities.isEmpty { configuration.additionalTrustRoots = [.certificates(authorities)] }
    return configuration
  }

  private static func load<Value>(_ path: String, _ read: () throws -> Value) throws -> Value {
    do {
      return try read()
    } catch {
      throw ClassifiedError(.invalid, "cannot be read as PEM: \(error)", object: path)
    }
  }
}
