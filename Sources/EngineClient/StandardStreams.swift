public import LinuxKernel

/// The three descriptors that a process starts with. They stay open until it ends.
public enum StandardStreams {
  public static let input = SharedDescriptor(Descriptor(owning: 0))
  public static let output = SharedDescriptor(Descriptor(owning: 1))
  public static let error = SharedDescriptor(Descriptor(owning: 2))
}
