import LinuxKernel

/// The environment that a program gets: what the configuration says, and a home.
enum ProgramEnvironment {
  /// Of a name that is there twice the last value counts, as in a shell; a C library would find the first. Without
  /// HOME the user's directory in the container's /etc/passwd is it, as runc has it, or else "/".
  ///
  /// Called inside the container's root.
  static func complete(_ process: ProcessPlan) -> [String] {
    var seen: Set<Substring> = []
    var environment: [String] = []
    for entry in process.environment.reversed() {
      if seen.insert(entry.prefix { $0 != "=" }).inserted { environment.append(entry) }
    }
    environment.reverse()
    if !seen.contains("HOME") { environment.append("HOME=\(home(of: process.user))") }
    return environment
  }

  private static func home(of user: UInt32) -> String {
    // Whatever an image has in the place of the file is no reason not to start.
    guard let root = try? RootedDirectory("/"), let bytes = try? root.read("etc/passwd", limit: 1 << 20) else {
      return "/"
    }
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count >= 6, UInt32(String(decoding: fields[2], as: UTF8.self)) == user, fields[5].first == 0x2F
      else { continue }
      return String(decoding: fields[5], as: UTF8.self)
    }
    return "/"
  }
}
