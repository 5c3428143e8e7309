import LinuxKernel

/// A line in the server's log, which is the shim's standard error, about what nobody waits to be told.
func complain(_ text: String) {
  let container = CommandLine.arguments.dropFirst().first?.prefix(12) ?? ""
  let log = Descriptor(owning: 2)
  // There is nowhere left to report to.
  try? log.writeAll("apus-shim \(container): \(text)\n")
  _ = log.take()
}
