import Diagnostics
import LinuxKernel
import ShimProtocol

/// The start of one process by the runtime, init or exec: makes its streams, runs the command, and finds out what came
/// of it.
final class ProcessStart {
  /// What the process is to have.
  struct Request {
    /// The step's name in messages.
    var step: String
    /// The runtime's command and its options, without what is about the terminal, and without the container's id.
    var command: [String]
    var container: String
    /// Where the runtime writes the process's number; the command names it.
    var pidFile: String
    var terminal: Bool
    var pipeInput: Bool
    var pipeOutput: Bool
    /// The terminal's size; nil leaves the kernel's.
    var size: WindowSize?
  }

  struct Started {
    let pid: Int32
    let streams: ProcessStreams
  }

  typealias Completion = (Result<Started, ShimFailure>) -> Void

  private let request: Request
  private let children: ChildProcesses
  private let completion: Completion
  private let console: ConsoleSocket?
  private var streams: ProcessStreams
  private let errors: SharedDescriptor

  /// Starts; `completion` is called later, unless this throws.
  static func begin(
    _ request: Request, runtime: Runtime, children: ChildProcesses, consolePath: @autoclosure () -> String,
    completion: @escaping Completion
  ) throws(SystemError) {
    let console = request.terminal ? try ConsoleSocket(at: consolePath()) : nil
    let pairs = try StreamPairs(
      pipeInput: request.pipeInput && !request.terminal, pipeOutput: request.pipeOutput && !request.terminal)
    let start = ProcessStart(request, pairs, console, children, completion)
    var arguments = request.command
    if let console { arguments += ["--console-socket", console.path] }
    children.beginStart()
    do {
      try runtime.run(arguments + [request.container], pairs.theirs) { start.runtimeEnded($0) }
    } catch {
      children.endStart()
      console?.close()
      throw error
    }
  }

  private init(
    _ request: Request, _ pairs: StreamPairs, _ console: ConsoleSocket?, _ children: ChildProcesses,
    _ completion: @escaping Completion
  ) {
    self.request = request
    self.console = console
    self.children = children
    self.completion = completion
    streams = pairs.ours
    errors = pairs.errorReader
  }

  private func runtimeEnded(_ status: ExitStatus) {
    let result: Result<Started, ShimFailure>
    if status == .exited(0) {
      do {
        result = .success(try takeProcess())
      } catch {
        result = .failure(ShimFailure(error, step: request.step))
      }
    } else {
      result = .failure(Runtime.failure(of: request.step, status, errors: errors))
    }
    console?.close()
    completion(result)
    children.endStart()
  }

  private func takeProcess() throws -> Started {
    let text = try HostFiles.readText(request.pidFile, limit: 64)
    guard let pid = Int32(text.prefix { $0.isNumber }) else {
      throw ClassifiedError(.system, "the runtime wrote no process number", object: request.pidFile)
    }
    if let console {
      let terminal = try console.receiveTerminal()
      if let size = request.size { try terminal.descriptor.setWindowSize(size) }
      streams = try ProcessStreams(terminal: terminal)
    }
    return Started(pid: pid, streams: streams)
  }
}
