import Diagnostics
import LinuxKernel
import OCIRuntimeSpec

/// A container's whole configuration, read and checked before anything is made.
struct ContainerPlan: Sendable {
  let bundle: Bundle
  /// On the host; absolute.
  let rootfs: String
  let rootIsReadOnly: Bool
  let namespaces: NamespacePlan
  let mounts: [MountPlan]
  let process: ProcessPlan
  let hooks: Hooks
  let linux: Linux
  let parameters: [KernelParameter]

  var spec: Spec { bundle.spec }

  /// Whether init waits for hooks that the creating process runs.
  var waitsForRuntimeHooks: Bool { !hooks.prestart.isEmpty || !hooks.createRuntime.isEmpty }

  /// Throws: `invalid` or `unsupported`, naming the property.
  init(_ bundle: Bundle) throws {
    let spec = bundle.spec
    guard spec.ociVersion.hasPrefix("1.") else {
      throw ClassifiedError(.invalid, "ociVersion \"\(spec.ociVersion)\" is not 1.x")
    }
    guard let process = spec.process else { throw ClassifiedError(.invalid, "process is missing") }
    let linux = spec.linux ?? Linux()
    let namespaces = try NamespacePlan(linux)
    self.bundle = bundle
    self.linux = linux
    self.namespaces = namespaces
    rootfs = try bundle.rootfs()
    rootIsReadOnly = spec.root?.readonly ?? false
    mounts = try spec.mounts.map {
      try MountPlan($0, bundle: bundle.path, user: linux.uidMappings, group: linux.gidMappings)
    }
    self.process = try ProcessPlan(process)
    hooks = spec.hooks ?? Hooks()
    parameters = try linux.sysctl.sorted { $0.key < $1.key }.map {
      try KernelParameter($0.key, value: $0.value, namespaces: namespaces)
    }
    try check(spec)
  }

  private func check(_ spec: Spec) throws {
    if !spec.hostname.isEmpty, !namespaces.has(.uts) {
      throw ClassifiedError(.invalid, "hostname needs a uts namespace")
    }
    if !spec.domainname.isEmpty, !namespaces.has(.uts) {
      throw ClassifiedError(.invalid, "domainname needs a uts namespace")
    }
    if let name = linux.unsupported.names.first {
      throw ClassifiedError(.unsupported, "linux.\(name) is not supported")
    }
    if !linux.mountLabel.isEmpty {
      throw ClassifiedError(.unsupported, "linux.mountLabel: SELinux is not supported")
    }
    if let seccomp = linux.seccomp, !seccomp.listenerPath.isEmpty || seccomp.usesNotify {
      throw ClassifiedError(.unsupported, "linux.seccomp: SCMP_ACT_NOTIFY is not supported")
    }
    if let flag = linux.personality?.flags.first {
      throw ClassifiedError(.invalid, "unknown flag \"\(flag)\" in linux.personality")
    }
    for path in linux.maskedPaths + linux.readonlyPaths where !path.hasPrefix("/") {
      throw ClassifiedError(.invalid, "the path \"\(path)\" in linux.maskedPaths or readonlyPaths is not absolute")
    }
    for hook in hooks.prestart + hooks.createRuntime + hooks.createContainer + hooks.startContainer
      + hooks.poststart + hooks.poststop
    {
      guard hook.path.hasPrefix("/") else {
        throw ClassifiedError(.invalid, "the hook \"\(hook.path)\" has no absolute path")
      }
      if let timeout = hook.timeout, timeout <= 0 {
        throw ClassifiedError(.invalid, "the hook \(hook.path) has a timeout of \(timeout) seconds")
      }
    }
  }
}

extension LinuxSeccomp {
  fileprivate var usesNotify: Bool {
    defaultAction == .notify || syscalls.contains { $0.action == .notify }
  }
}
