import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// Runs the programs of one point of a container's life, one after the other (runtime-spec config.md, "Hooks").
struct HookRunner {
  /// The point's name, for errors.
  let point: String
  /// What the hooks read from their standard input.
  let state: State
  /// For hooks that name no environment of their own.
  var environment: [String] = []

  /// Throws: the first failure: a program that cannot be started, ends with another status than 0, or takes too long.
  func run(_ hooks: [Hook]) throws {
    for hook in hooks { try run(hook) }
  }

  /// Runs them all and returns what went wrong.
  func runAll(_ hooks: [Hook]) -> [any Error] {
    hooks.compactMap { hook in
      do {
        try run(hook)
        return nil
      } catch {
        return error
      }
    }
  }

  private func run(_ hook: Hook) throws {
    let input = try MemFD.create("container-state")
    try input.writeAll(state.json())
    try input.seek(to: 0)
    let output = try MemFD.create("hook-output")
    var program = Spawn(
      program: hook.path, arguments: hook.args.isEmpty ? [hook.path] : hook.args,
      environment: hook.env.isEmpty ? environment : hook.env)
    program.pass(input, as: 0)
    program.pass(output, as: 1)
    program.pass(output, as: 2)
    let pid = try program.start()
    let status = try wait(for: pid, hook)
    guard status == .exited(0) else {
      try output.seek(to: 0)
      let text = String(decoding: try output.read(upTo: 4096), as: UTF8.self)
      let words = text.split(whereSeparator: \.isNewline).joined(separator: "; ")
      throw ClassifiedError(
        .system,
        "\(point) hook \(hook.path) ended with status \(status.shellCode)" + (words.isEmpty ? "" : ": \(words)"))
    }
  }

  private func wait(for pid: Int32, _ hook: Hook) throws -> ExitStatus {
    guard let timeout = hook.timeout else { return try Children.wait(for: pid) }
    let process = try PidFD(pid)
    let milliseconds = Int32(clamping: timeout.multipliedReportingOverflow(by: 1000).partialValue)
    if try process.waitForEnd(milliseconds: milliseconds) { return try process.wait() }
    try process.send(.kill)
    _ = try process.wait()
    throw ClassifiedError(.unavailable, "\(point) hook \(hook.path) took longer than \(timeout) s")
  }
}
