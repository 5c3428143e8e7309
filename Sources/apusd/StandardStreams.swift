import LinuxKernel

/// The standard streams of this process, which it never closes.
enum StandardStreams {
  static let output = SharedDescriptor(Descriptor(owning: 1))
  static let error = SharedDescriptor(Descriptor(owning: 2))
}
