import LinuxKernel
import ShimProtocol

/// The shim's ends of a process's standard streams.
struct ProcessStreams {
  var input: SharedDescriptor?
  var outputs: [(stream: OutputStream, descriptor: SharedDescriptor)] = []
  /// The terminal's master, when it has one; `input` and `outputs` are the same.
  var terminal: SharedDescriptor?

  init() {}

  /// The streams of a process with a terminal.
  init(terminal: SharedDescriptor) throws(SystemError) {
    self.terminal = terminal
    // One open file, but two descriptors: each is watched for its own direction.
    input = SharedDescriptor(try terminal.descriptor.duplicate())
    outputs = [(.output, terminal)]
  }
}

/// The process's ends, on their way to the runtime.
struct ProcessEnds {
  var input: SharedDescriptor
  var output: SharedDescriptor
  var error: SharedDescriptor
}

/// The standard streams of a process that is to be started, from both sides.
///
/// Standard error is a pipe always: until the process runs, the runtime says there what it could not do.
struct StreamPairs {
  var ours = ProcessStreams()
  let theirs: ProcessEnds
  /// Where the runtime's complaint is read.
  let errorReader: SharedDescriptor

  /// Pipes for what is wanted, /dev/null for the rest.
  init(pipeInput: Bool, pipeOutput: Bool) throws(SystemError) {
    let null = SharedDescriptor(try HostFiles.open("/dev/null", .readWrite))
    var input = null
    if pipeInput {
      let pipe = try Pipe()
      input = SharedDescriptor(pipe.readEnd)
      ours.input = SharedDescriptor(pipe.writeEnd)
    }
    var output = null
    if pipeOutput {
      let pipe = try Pipe()
      ours.outputs.append((.output, SharedDescriptor(pipe.readEnd)))
      output = SharedDescriptor(pipe.writeEnd)
    }
    let pipe = try Pipe()
    errorReader = SharedDescriptor(pipe.readEnd)
    ours.outputs.append((.error, errorReader))
    theirs = ProcessEnds(input: input, output: output, error: SharedDescriptor(pipe.writeEnd))
  }
}
