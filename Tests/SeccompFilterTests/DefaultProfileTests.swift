import OCIRuntimeSpec
import SeccompFilter
import Testing

@Suite struct DefaultProfileTests {
  private static let allow: UInt32 = 0x7FFF_0000
  private static let notPermitted: UInt32 = 0x0005_0001
  private static let noSuchCall: UInt32 = 0x0005_0026

  private func outcome(
    _ name: String, _ arguments: [UInt64] = [], on architecture: FilterArchitecture = .x86_64,
    with capabilities: [String] = []
  ) throws -> UInt32? {
    let native: FilterArchitecture = architecture == .aarch64 ? .aarch64 : .x86_64
    let program = try FilterCompiler.compile(
      .defaultProfile(capabilities: capabilities, architecture: native), native: native)
    let number = try #require(architecture.number(of: name))
    return FilterInterpreter.run(
      program, on: .init(number: number, architecture: architecture.auditArchitecture, arguments: arguments))
  }

  @Test(arguments: [
    "read", "write", "openat", "openat2", "execve", "futex", "epoll_pwait2", "statx", "seccomp", "ptrace", "mknod",
    "setuid", "capset", "prctl", "arch_prctl", "rseq", "close_range", "memfd_create",
  ])
  func ordinaryCallsAreAllowed(_ name: String) throws {
    #expect(try outcome(name) == Self.allow)
  }

  @Test(arguments: [
    "mount", "umount2", "unshare", "setns", "keyctl", "add_key", "bpf", "perf_event_open", "userfaultfd", "reboot",
    "kexec_load", "init_module", "swapon", "pivot_root", "open_by_handle_at", "settimeofday", "acct", "chroot",
    "fsopen", "move_mount", "open_tree", "mount_setattr", "io_uring_setup", "syslog", "vhangup", "iopl", "mbind",
  ])
  func privilegedCallsAreRefused(_ name: String) throws {
    #expect(try outcome(name) == Self.notPermitted)
  }

  @Test(arguments: [
    ("CAP_SYS_ADMIN", "mount"), ("CAP_SYS_ADMIN", "clone3"), ("CAP_SYS_ADMIN", "unshare"), ("CAP_SYS_CHROOT", "chroot"),
    ("CAP_SYS_BOOT", "reboot"), ("CAP_SYS_MODULE", "finit_module"), ("CAP_SYS_TIME", "clock_settime"),
    ("CAP_DAC_READ_SEARCH", "open_by_handle_at"), ("CAP_SYS_NICE", "mbind"), ("CAP_BPF", "bpf"),
    ("CAP_PERFMON", "perf_event_open"), ("CAP_SYSLOG", "syslog"), ("CAP_SYS_RAWIO", "iopl"),
    ("CAP_SYS_TTY_CONFIG", "vhangup"), ("CAP_SYS_PTRACE", "kcmp"), ("CAP_SYS_PACCT", "acct"),
  ])
  func capabilitiesAllowTheirCalls(_ capability: String, _ name: String) throws {
    #expect(try outcome(name, with: [capability]) == Self.allow)
    #expect(try outcome(name) != Self.allow)
  }

  @Test(arguments: [
    (UInt64(1), true), (2, true), (10, true), (16, true), (17, true), (44, true), (38, false), (40, false), (12, false),
    (19, false), (37, false), (46, false), (0x1_0000_0002, false),
  ])
  func socketFamiliesAreLimited(_ family: UInt64, _ isAllowed: Bool) throws {
    for architecture in [FilterArchitecture.x86_64, .x32, .x86, .aarch64] {
      let expected = isAllowed ? Self.allow : Self.notPermitted
      #expect(try outcome("socket", [family, 1, 0], on: architecture) == expected)
    }
  }

  @Test func socketcallCannotMakeSockets() throws {
    #expect(try outcome("socketcall", [1, 0x1000], on: .x86) == Self.notPermitted)
    #expect(try outcome("socketcall", [3, 0x1000], on: .x86) == Self.allow)
  }

  @Test(arguments: [
    (UInt64(0), true), (0x8, true), (0x20000, true), (0x20008, true), (0xFFFF_FFFF, true), (0x40000, false), (6, false),
  ])
  func personalityIsLimited(_ persona: UInt64, _ isAllowed: Bool) throws {
    #expect(try outcome("personality", [persona]) == (isAllowed ? Self.allow : Self.notPermitted))
  }

  @Test func cloneMakesProcessesButNoNamespaces() throws {
    #expect(try outcome("clone", [0x0120_0011]) == Self.allow)  // fork: CHILD_CLEARTID, CHILD_SETTID, SIGCHLD
    for namespace in [0x0002_0000, 0x0200_0000, 0x0400_0000, 0x0800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000] {
      #expect(try outcome("clone", [UInt64(namespace) | 17]) == Self.notPermitted)
    }
    #expect(try outcome("clone3") == Self.noSuchCall)
  }

  @Test func everyNameExists() {
    let gone: Set<String> = [
      // Calls of other architectures and old names, which the profile lists for them.
      "fstatat64", "getsid", "recv", "send", "utimensat_time64", "arm_fadvise64_64", "arm_sync_file_range",
      "breakpoint", "cacheflush", "set_tls", "sync_file_range2",
    ]
    let all = ["CAP_SYS_ADMIN", "CAP_DAC_READ_SEARCH", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE"]
    for rule in LinuxSeccomp.defaultProfile(capabilities: all, architecture: .x86_64).syscalls {
      for name in rule.names where !gone.contains(name) {
        #expect(
          FilterArchitecture.allCases.contains { $0.number(of: name) != nil }, "no architecture has \(name)")
      }
    }
  }

  @Test func theProgramIsShort() throws {
    let program = try FilterCompiler.compile(.defaultProfile(capabilities: [], architecture: .x86_64), native: .x86_64)
    #expect(program.instructions.count < 1200)
  }
}
