import LinuxKernel
import OCIRuntimeSpec

/// What this runtime can do, as `features` prints it (runtime-spec features.md).
public enum RuntimeFeatures {
  public static var current: Features {
    var features = Features()
    features.hooks = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"]
    features.mountOptions = MountOption.table.map(\.name).sorted()
    var linux = Features.LinuxFeatures()
    linux.namespaces = LinuxNamespace.Kind.allCases.map(\.rawValue).sorted()
    linux.capabilities = Capability.all.map(\.description)
    linux.cgroup.v1 = true
    linux.cgroup.v2 = true
    linux.cgroup.rdma = false
    linux.seccomp = seccomp
    linux.apparmor.enabled = true
    linux.mountExtensions.idmap.enabled = true
    features.linux = linux
    return features
  }

  private static var seccomp: Features.Seccomp {
    var seccomp = Features.Seccomp()
    seccomp.actions = LinuxSeccomp.Action.allCases.filter { $0 != .notify }.map(\.rawValue).sorted()
    seccomp.operators = LinuxSeccomp.Comparison.allCases.map(\.rawValue).sorted()
    #if arch(arm64)
      seccomp.archs = ["SCMP_ARCH_AARCH64"]
    #else
      seccomp.archs = ["SCMP_ARCH_X32", "SCMP_ARCH_X86", "SCMP_ARCH_X86_64"]
    #endif
    seccomp.knownFlags = LinuxSeccomp.Flag.allCases.map(\.rawValue).sorted()
    seccomp.supportedFlags = seccomp.knownFlags
    return seccomp
  }
}
