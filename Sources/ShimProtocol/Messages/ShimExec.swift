/// A further process in a running container.
public struct ShimExec: Equatable, Sendable {
  /// The exec's id; the shim names files for it, so it holds letters and digits only.
  public var id: String
  /// The OCI process object, as JSON.
  public var process: [UInt8]
  public var terminal = false
  /// Which streams go through the connection; the others are /dev/null. A terminal has all of them.
  public var attachStdin = false
  public var attachStdout = false
  public var attachStderr = false
  /// The terminal's first size; 0 leaves the kernel's.
  public var rows: UInt16 = 0
  public var columns: UInt16 = 0

  public init(id: String, process: [UInt8]) {
    self.id = id
    self.process = process
  }

  init(from reader: inout PayloadReader) throws(ProtocolError) {
    id = try reader.string("exec id")
    process = try reader.bytes("process")
    terminal = try reader.flag("terminal")
    attachStdin = try reader.flag("attach stdin")
    attachStdout = try reader.flag("attach stdout")
    attachStderr = try reader.flag("attach stderr")
    rows = try reader.integer("rows")
    columns = try reader.integer("columns")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(id)
    writer.put(process)
    writer.put(terminal)
    writer.put(attachStdin)
    writer.put(attachStdout)
    writer.put(attachStderr)
    writer.put(rows)
    writer.put(columns)
  }
}

/// Which of the container's streams an attach connection carries.
public struct ShimAttach: Equatable, Sendable {
  public var stdin: Bool
  public var stdout: Bool
  public var stderr: Bool

  public init(stdin: Bool, stdout: Bool, stderr: Bool) {
    self.stdin = stdin
    self.stdout = stdout
    self.stderr = stderr
  }

  init(from reader: inout PayloadReader) throws(ProtocolError) {
    stdin = try reader.flag("stdin")
    stdout = try reader.flag("stdout")
    stderr = try reader.flag("stderr")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(stdin)
    writer.put(stdout)
    writer.put(stderr)
  }
}
