import Glibc

/// How a file is opened. open(2). Close-on-exec is not among them: it is always set.
public struct OpenFlags: OptionSet, Sendable {
  public let rawValue: Int32

  public init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  public static let readOnly = OpenFlags([])
  public static let writeOnly = OpenFlags(rawValue: O_WRONLY)
  public static let readWrite = OpenFlags(rawValue: O_RDWR)
  public static let create = OpenFlags(rawValue: O_CREAT)
  /// With `create`: fail with EEXIST when the name exists, even as a symbolic link.
  public static let exclusive = OpenFlags(rawValue: O_EXCL)
  public static let truncate = OpenFlags(rawValue: O_TRUNC)
  public static let append = OpenFlags(rawValue: O_APPEND)
  public static let directory = OpenFlags(rawValue: O_DIRECTORY)
  /// Fail with ELOOP when the last component is a symbolic link.
  public static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
  public static let nonblocking = OpenFlags(rawValue: O_NONBLOCK)
  /// Do not let a terminal become this session's.
  public static let noControllingTerminal = OpenFlags(rawValue: O_NOCTTY)
  public static let synchronised = OpenFlags(rawValue: O_SYNC)
  /// A place in the tree, without access to its content: O_PATH, whose number is the same on every machine we know.
  public static let pathOnly = OpenFlags(rawValue: 0o10_000_000)
  /// A file without a name in the directory given: O_TMPFILE.
  public static let unnamed = OpenFlags(rawValue: 0o20_000_000 | O_DIRECTORY)

  /// What is handed to the kernel.
  var kernelValue: Int32 { rawValue | O_CLOEXEC }
}
