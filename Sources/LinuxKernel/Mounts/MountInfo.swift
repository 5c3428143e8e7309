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
      return MountInfo(bytes: line)
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
    self.init(bytes: Array(line.utf8)[...])
  }

  private init?(bytes: ArraySlice<UInt8>) {
    let fields = bytes.split(separator: UInt8(ascii: " "))
    guard let separator = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }), separator >= 6,
      fields.count >= separator + 3, let id = Int(Self.text(fields[0])), let parentID = Int(Self.text(fields[1]))
    else { return nil }
    let device = fields[2].split(separator: UInt8(ascii: ":")).compactMap { UInt32(Self.text($0)) }
    guard device.count == 2 else { return nil }
    self.id = id
    self.parentID = parentID
    self.device = DeviceNumber(major: device[0], minor: device[1])
    root = Self.unescaped(fields[3])
    mountPoint = Self.unescaped(fields[4])
    options = Self.list(fields[5])
    propagation = fields[6..<separator].map(Self.text)
    type = Self.unescaped(fields[separator + 1])
    source = Self.unescaped(fields[separator + 2])
    // A source that is empty leaves one field fewer.
    superOptions = fields.count > separator + 3 ? Self.list(fields[separator + 3]) : []
  }

  private static func text(_ field: ArraySlice<UInt8>) -> String { String(decoding: field, as: UTF8.self) }

  private static func list(_ field: ArraySlice<UInt8>) -> [String] {
    field.split(separator: UInt8(ascii: ",")).map(text)
  }

  /// Space, tab, newline and backslash stand as three octal digits after a backslash.
  private static func unescaped(_ field: ArraySlice<UInt8>) -> String {
    let backslash = UInt8(ascii: "\\")
    guard field.contains(backslash) else { return text(field) }
    var (result, index): ([UInt8], Int) = ([], field.startIndex)
    while index < field.endIndex {
      if field[index] == backslash, index + 3 < field.endIndex,
        let value = UInt8(text(field[(index + 1)...(index + 3)]), radix: 8)
      {
        result.append(value)
        index += 4
      } else {
        result.append(field[index])
        index += 1
      }
    }
    return text(result[...])
  }
}
