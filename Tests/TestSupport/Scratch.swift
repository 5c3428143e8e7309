import Foundation
import LinuxKernel

/// A directory of a test's own; it goes with its last reference, also when the test fails.
public final class Scratch: Sendable {
  public let path: String

  /// Makes the directory, for nobody but its owner.
  public init() throws {
    path = NSTemporaryDirectory() + "/apus-test-\(UUID().uuidString)"
    try HostFiles.makeDirectories(path, permissions: 0o700)
  }

  deinit { try? HostFiles.removeTree(path) }

  /// Runs a shell script in the directory and returns its standard output. Throws ``ScriptFailure``.
  public func output(of script: String) throws -> [UInt8] {
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/sh")
    shell.arguments = ["-euc", script]
    shell.currentDirectoryURL = URL(fileURLWithPath: path)
    let output = Foundation.Pipe()
    shell.standardOutput = output
    try shell.run()
    let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
    shell.waitUntilExit()
    guard shell.terminationStatus == 0 else { throw ScriptFailure(script: script, status: shell.terminationStatus) }
    return Array(bytes)
  }

  /// The same as text.
  @discardableResult
  public func run(_ script: String) throws -> String {
    String(decoding: try output(of: script), as: UTF8.self)
  }
}

/// A script of a test ended otherwise than by 0.
public struct ScriptFailure: Error {
  public let script: String
  public let status: Int32
}
