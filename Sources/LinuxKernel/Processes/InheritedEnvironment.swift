import Glibc

/// The environment that this process was started with. environ(7).
public enum InheritedEnvironment {
  /// All of it, `NAME=value`, in its order. Not while another thread changes it.
  public static var current: [String] {
    var entries: [String] = []
    let pointers = unsafe environ
    var index = 0
    while let entry = unsafe pointers[index] {
      entries.append(unsafe String(cString: entry))
      index += 1
    }
    return entries
  }

  /// The value of one variable.
  public static func value(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }
}
