/// What plans must know about the machine. Read once, when the server starts.
struct HostFacts: Sendable {
  var cpuCount = 1
  /// Whether memory and swap can be limited together.
  var limitsSwap = true
  /// 1 or 2.
  var cgroupVersion = 2
  /// The directories that show when a CPU was too hot: a channel between containers, masked.
  var thermalPaths: [String] = []
  var architecture = "amd64"
}
