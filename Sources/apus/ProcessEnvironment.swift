import LinuxKernel

/// The variables that this process was started with.
struct ProcessEnvironment {
  /// `NAME=value`.
  var words: [String] { InheritedEnvironment.current }

  subscript(name: String) -> String? { InheritedEnvironment.value(name) }
}
