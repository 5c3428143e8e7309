import Diagnostics
import LinuxKernel
import ShimProtocol

/// The OCI runtime: a sealed copy of the program in a descriptor, and what every call of it has in common.
final class Runtime {
  private static let environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
  /// The runtime's complaint is one line; a runtime that crashes may say more.
  private static let mostErrorBytes = 64 * 1024

  private let program: SharedDescriptor
  private let options: [String]
  private let children: ChildProcesses

  init(program: SharedDescriptor, launch: ShimLaunch, children: ChildProcesses) {
    self.program = program
    self.children = children
    options = ["--root", launch.runtimeRoot] + launch.runtimeOptions
  }

  /// Runs one command of it; `completion` gets how it ended. The descriptors become its standard streams, and those of
  /// the process it makes.
  func run(_ arguments: [String], _ streams: ProcessEnds, completion: @escaping (ExitStatus) -> Void)
    throws(SystemError)
  {
    var spawn = Spawn(
      program: "apus-runtime", arguments: ["apus-runtime"] + options + arguments, environment: Self.environment)
    spawn.pass(streams.input.descriptor, as: 0)
    spawn.pass(streams.output.descriptor, as: 1)
    spawn.pass(streams.error.descriptor, as: 2)
    children.whenEnded(try spawn.start(executing: program.descriptor), completion)
  }

  /// What the runtime had to say when it failed: the last line in the pipe that was its standard error.
  static func failure(of command: String, _ status: ExitStatus, errors: SharedDescriptor) -> ShimFailure {
    var line = ""
    do {
      try errors.descriptor.setNonblocking(true)
      var text: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 4096)
      while text.count < mostErrorBytes, case .bytes(let count) = try errors.descriptor.tryRead(into: &chunk) {
        text += chunk[..<count]
      }
      line = String(decoding: text.split(separator: UInt8(ascii: "\n")).last ?? [], as: UTF8.self)
    } catch {
      complain("errors of the runtime: \(error.explanation)")
    }
    if line.isEmpty { line = "apus-runtime ended with status \(status.shellCode) and said nothing" }
    return ShimFailure(kind: .system, message: line, step: command)
  }
}

extension ShimFailure {
  /// An error of the shim's own, at a step.
  init(_ error: any Error, step: String) {
    self.init(kind: errorKind(of: error), message: Diagnostics.explanation(of: error), step: step)
  }
}
