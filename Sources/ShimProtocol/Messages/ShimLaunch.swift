/// Everything a shim needs to know about its container. All paths are absolute.
public struct ShimLaunch: Equatable, Sendable {
  /// What stands in place of an id on the command line of a shim that is started before its container is known. As
  /// long as an id, since that is put there later, for those who look at the list of processes.
  public static let anyContainer = String(repeating: ".", count: 64)

  /// The container's id.
  public var id: String
  /// The OCI bundle; `config.json` is in it, and the shim puts `init.pid` and the files of execs there.
  public var bundle: String
  /// The runtime's `--root`.
  public var runtimeRoot: String
  /// Further global options of the runtime, put in front of its command.
  public var runtimeOptions: [String] = []
  public var rootfs: ShimRootfs
  public var stdio = ShimStdio()
  /// Where to write the json-file log; nil: no log.
  public var log: ShimLog?
  /// Where to write the exit record.
  public var exitRecord: String
  /// The control socket, at most 107 bytes.
  public var socket: String
  /// The file whose line `oom_kill N` counts the container's out-of-memory kills: `memory.events` of its cgroup
  /// (v2) or `memory.oom_control` (v1). It need not exist yet. nil: not watched.
  public var oomCounter: String?
  /// Whether the container is in the network namespace that the shim was given: if not, the shim lets go of it.
  public var keepsSandbox = false

  public init(
    id: String, bundle: String, runtimeRoot: String, rootfs: ShimRootfs, exitRecord: String, socket: String
  ) {
    self.id = id
    self.bundle = bundle
    self.runtimeRoot = runtimeRoot
    self.rootfs = rootfs
    self.exitRecord = exitRecord
    self.socket = socket
  }
}

/// The overlay that is the container's root.
public struct ShimRootfs: Equatable, Sendable {
  /// Where to mount it; the directory exists.
  public var mountPoint: String
  /// The directory of the unpacked layers.
  public var layers: String
  /// Names in `layers`, the uppermost first, as overlayfs counts. Empty: `upper` alone is the root.
  public var lower: [String]
  public var upper: String
  /// overlayfs's work directory, on the file system of `upper`.
  public var work: String

  public init(mountPoint: String, layers: String, lower: [String], upper: String, work: String) {
    self.mountPoint = mountPoint
    self.layers = layers
    self.lower = lower
    self.upper = upper
    self.work = work
  }
}

/// How the container's standard streams are made.
public struct ShimStdio: Equatable, Sendable {
  public var terminal = false
  /// Whether standard input is a pipe rather than /dev/null. A terminal always takes input.
  public var openStdin = false
  /// Whether standard input ends when the first attached client's does.
  public var stdinOnce = false
  /// The terminal's first size; 0 leaves the kernel's.
  public var rows: UInt16 = 0
  public var columns: UInt16 = 0

  public init() {}
}

/// A log file in Docker's json-file format.
public struct ShimLog: Equatable, Sendable {
  public var path: String
  /// The size at which the file is rotated; 0: never.
  public var maxBytes: UInt64
  /// How many files there may be, the current one included; at least 1.
  public var maxFiles: UInt32

  public init(path: String, maxBytes: UInt64 = 0, maxFiles: UInt32 = 1) {
    self.path = path
    self.maxBytes = maxBytes
    self.maxFiles = maxFiles
  }
}

extension ShimLaunch {
  init(from reader: inout PayloadReader) throws(ProtocolError) {
    id = try reader.string("id")
    bundle = try reader.string("bundle")
    runtimeRoot = try reader.string("runtime root")
    runtimeOptions = try reader.list("runtime options") { reader throws(ProtocolError) in
      try reader.string("runtime option")
    }
    rootfs = try ShimRootfs(from: &reader)
    stdio = try ShimStdio(from: &reader)
    log = try reader.optional("log") { reader throws(ProtocolError) in try ShimLog(from: &reader) }
    exitRecord = try reader.string("exit record")
    socket = try reader.string("socket")
    oomCounter = try reader.optional("oom counter") { reader throws(ProtocolError) in
      try reader.string("oom counter")
    }
    keepsSandbox = try reader.flag("keeps sandbox")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(id)
    writer.put(bundle)
    writer.put(runtimeRoot)
    writer.put(list: runtimeOptions) { $0.put($1) }
    rootfs.write(to: &writer)
    stdio.write(to: &writer)
    writer.put(optional: log) { $1.write(to: &$0) }
    writer.put(exitRecord)
    writer.put(socket)
    writer.put(optional: oomCounter) { $0.put($1) }
    writer.put(keepsSandbox)
  }
}

extension ShimRootfs {
  init(from reader: inout PayloadReader) throws(ProtocolError) {
    mountPoint = try reader.string("mount point")
    layers = try reader.string("layers")
    lower = try reader.list("lower") { reader throws(ProtocolError) in try reader.string("lower layer") }
    upper = try reader.string("upper")
    work = try reader.string("work")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(mountPoint)
    writer.put(layers)
    writer.put(list: lower) { $0.put($1) }
    writer.put(upper)
    writer.put(work)
  }
}

extension ShimStdio {
  init(from reader: inout PayloadReader) throws(ProtocolError) {
    terminal = try reader.flag("terminal")
    openStdin = try reader.flag("open stdin")
    stdinOnce = try reader.flag("stdin once")
    rows = try reader.integer("rows")
    columns = try reader.integer("columns")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(terminal)
    writer.put(openStdin)
    writer.put(stdinOnce)
    writer.put(rows)
    writer.put(columns)
  }
}

extension ShimLog {
  init(from reader: inout PayloadReader) throws(ProtocolError) {
    path = try reader.string("log path")
    maxBytes = try reader.integer("log size")
    maxFiles = try reader.integer("log files")
  }

  func write(to writer: inout FrameWriter) {
    writer.put(path)
    writer.put(maxBytes)
    writer.put(maxFiles)
  }
}
