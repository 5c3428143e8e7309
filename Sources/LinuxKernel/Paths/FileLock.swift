import Glibc

/// A lock on a file that ends with its holder, however that dies. flock(2).
public struct FileLock: ~Copyable, Sendable {
  /// The locked file.
  public let descriptor: Descriptor

  /// Opens or makes the file and waits for the lock.
  public init(waitingFor path: String, shared: Bool = false) throws(SystemError) {
    let file = try HostFiles.open(path, [.readWrite, .create])
    try systemCall("lock", path) { flock(file.rawValue, shared ? LOCK_SH : LOCK_EX) }
    descriptor = file
  }

  private init(holding descriptor: consuming Descriptor) {
    self.descriptor = descriptor
  }

  /// Opens or makes the file and takes the lock; nil when somebody else holds it.
  public static func ifFree(_ path: String) throws(SystemError) -> FileLock? {
    let file = try HostFiles.open(path, [.readWrite, .create])
    do {
      try systemCall("lock", path) { flock(file.rawValue, LOCK_EX | LOCK_NB) }
    } catch {
      if error.errno == EWOULDBLOCK { return nil }
      throw error
    }
    return FileLock(holding: file)
  }
}
