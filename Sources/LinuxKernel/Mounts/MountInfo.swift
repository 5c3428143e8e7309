import Glibc

/// One line of /proc/self/mountinfo. proc_pid_mountinfo(5).
public struct MountInfo: Sendable, Equatable {
  public let id: Int
  public let parentID: Int
  public let device: DeviceNumber
  /// Which directory of the file system is mounted.
  public let root: String
  public let mountPoint: String
  /// Options of this mount, such as "rw", "nosuid".
  public let options: [String]
  /// How mounts spread: "shared:1", "master:2", "propagate_from:3", "unbindable"; empty for a private mount.
  public let propagation: [String]
  public let type: String
  public let source: String
  /// Options of the file system, such as a cgroup hierarchy's controllers.
  public let superOptions: [String]

  /// The mounts that a process sees, in the order they were made; only those of types that begin with `prefix`, which
  /// spares a program that starts often the reading of all the others.
  public static func read(process: String = "self", typePrefix prefix: String = "") throws(SystemError) -> [MountInfo] {
    let mark = Array(" - \(prefix)".utf8)
    return try HostFiles.read("/proc/\(process)/mountinfo").split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard contains(line, mark) else { return nil }
      return MountInfo(line: String(decoding: line, as: UTF8.self)[...])
    }
  }

  private static func contains(_ line: ArraySlice<UInt8>, _ mark: [UInt8]) -> Bool {
    guard line.count >= mark.count else { return false }
    return (line.startIndex...(line.endIndex - mark.count)).contains { start in
      line[start] == mark[0] && line[start..<(start + mark.count)].elementsEqual(mark)
    }
  }

  /// Reads one line; nil when it is none.
  public init?(line: Substring) {
    let fields = line.split(separator: " ")
    guard let separator = fields.firstIndex(of: "-"), separator >= 6, fields.count >= separator + 3,
      let id = Int(fields[0]), let parentID = Int(fields[1])
    else { return nil }
    let device = fields[2].split(separator: ":").compactMap { UInt32($0) }
    guard device.count == 2 else { return nil }
    self.id = id
    self.parentID = parentID
    self.device = DeviceNumber(major: device[0], minor: device[1])
    root = Self.unescaped(fields[3])
    mountPoint = Self.unescaped(fields[4])
    options = fields[5].split(separator: ",").map(String.init)
    propagation = fields[6..<separator].map(String.init)
    type = Self.unescaped(fields[separator + 1])
    source = Self.unescaped(fields[separator + 2])
    // A source that is empty leaves one field fewer.
    superOptions = (fields.count > separator + 3 ? fields[separator + 3] : "").split(separator: ",").map(String.init)
  }

  /// Space, tab, newline and backslash stand as three octal digits after a backslash.
  private static func unescaped(_ field: Substring) -> String {
    guard field.utf8.contains(UInt8(ascii: "\\")) else { return String(field) }
    let bytes = Array(field.utf8)
    var (result, index): ([UInt8], Int) = ([], 0)
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count,
        let value = UInt8(String(decoding: bytes[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
      {
        result.append(value)
        index += 4
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
