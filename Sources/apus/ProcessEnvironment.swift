import LinuxKernel

/// The variables that this process was started with.
struct ProcessEnvironment {
  /// `NAME=value`.
  let words: [String]

  init() throws(SystemError) {
    let bytes = try HostFiles.read("/proc/self/environ")
    words = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }

  subscript(name: String) -> String? {
    let start = name + "="
    return words.first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
  }
}
