import OCIRuntimeSpec

extension LinuxSeccomp {
  /// The profile that containers get by default: that of Docker (moby/profiles, seccomp), for Linux 4.8 and newer.
  ///
  /// What depends on a capability is resolved here against `capabilities` (names as `CAP_SYS_ADMIN`), the container's
  /// bounding set. In two places it is stricter than Docker's: AF_ALG and AF_VSOCK are also out of reach of the 32-bit
  /// `socketcall`, whose arguments a filter cannot see, so its first sub-call (socket) is refused as a whole.
  public static func defaultProfile(
    capabilities: [String], architecture: FilterArchitecture = .native
  ) -> LinuxSeccomp {
    let granted = Set(capabilities)
    var rules = [Rule(names: DefaultProfile.alwaysAllowed, action: .allow)]
    rules += DefaultProfile.socketRules + DefaultProfile.personalityRules
    rules.append(Rule(names: DefaultProfile.ofArchitecture(architecture), action: .allow))
    for (capability, names) in DefaultProfile.byCapability where granted.contains(capability) {
      rules.append(Rule(names: names, action: .allow))
    }
    if !granted.contains("CAP_SYS_ADMIN") { rules += DefaultProfile.unprivilegedCloneRules }
    return LinuxSeccomp(
      defaultAction: .errno, defaultErrnoRet: DefaultProfile.operationNotPermitted,
      architectures: architecture == .aarch64 ? [.aarch64, .arm] : [.x86_64, .x86, .x32], syscalls: rules)
  }
}

/// The parts of the default profile.
private enum DefaultProfile {
  static let operationNotPermitted: UInt32 = 1  // EPERM
  static let noSuchCall: UInt32 = 38  // ENOSYS

  static let alwaysAllowed = words(
    """
    _llseek _newselect accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown
    chown32 clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64
    clock_nanosleep clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3
    epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 execve execveat exit exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark
    fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock
    fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex
    futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu
    getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer
    getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32
    getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat
    inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents
    io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule
    landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listmount listxattr
    listxattrat llistxattr lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier
    memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect
    mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64
    mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep
    newfstatat open openat openat2 pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect
    poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 process_mrelease process_vm_readv
    process_vm_writev pselect6 pselect6_time64 ptrace pwrite64 pwritev pwritev2 read readahead readlink readlinkat
    readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat
    renameat2 restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
    rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield
    seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto
    set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32
    setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid
    setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl
    shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketpair splice stat stat64 statfs
    statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
    timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
    timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit
    umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid
    waitpid write writev
    """)

  static func ofArchitecture(_ architecture: FilterArchitecture) -> [String] {
    switch architecture {
    case .x86_64, .x86, .x32: words("arch_prctl modify_ldt")
    case .aarch64: words("arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls")
    }
  }

  static let byCapability: [(capability: String, names: [String])] = [
    ("CAP_DAC_READ_SEARCH", words("open_by_handle_at")),
    (
      "CAP_SYS_ADMIN",
      words(
        """
        bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
        lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl
        quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare
        """)
    ),
    ("CAP_SYS_BOOT", words("reboot")),
    ("CAP_SYS_CHROOT", words("chroot")),
    ("CAP_SYS_MODULE", words("delete_module init_module finit_module")),
    ("CAP_SYS_PACCT", words("acct")),
    ("CAP_SYS_PTRACE", words("kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace")),
    ("CAP_SYS_RAWIO", words("iopl ioperm")),
    ("CAP_SYS_TIME", words("settimeofday stime clock_settime clock_settime64")),
    ("CAP_SYS_TTY_CONFIG", words("vhangup")),
    ("CAP_SYS_NICE", words("get_mempolicy mbind set_mempolicy set_mempolicy_home_node")),
    ("CAP_SYSLOG", words("syslog")),
    ("CAP_BPF", words("bpf")),
    ("CAP_PERFMON", words("perf_event_open")),
  ]

  /// Address families by number (socket(2)) that have seen review. AF_ALG (38) and AF_VSOCK (40) are not among them,
  /// nor are the obsolete network protocols.
  static let socketRules: [LinuxSeccomp.Rule] = {
    let single: [UInt64] =
      [13, 14, 15, 16, 17, 18, 21, 22, 24] + Array(26...33) + [35, 36, 39, 41, 42, 43, 44, 45]
    var rules = [allow("socket", .init(index: 0, value: 12, op: .less))]
    rules += single.map { allow("socket", .init(index: 0, value: $0, op: .equal)) }
    let socketCallSocket: UInt64 = 1  // SYS_SOCKET, linux/net.h
    rules.append(allow("socketcall", .init(index: 0, value: socketCallSocket, op: .notEqual)))
    return rules
  }()

  /// PER_LINUX, PER_LINUX32, both also with UNAME26, and the query. personality(2).
  static let personalityRules: [LinuxSeccomp.Rule] = [0, 0x8, 0x20000, 0x20008, 0xFFFF_FFFF].map {
    allow("personality", .init(index: 0, value: $0, op: .equal))
  }

  /// `clone` without any of the namespace flags; `clone3` passes its flags in memory, where a filter does not reach,
  /// and C libraries fall back to `clone` when it does not exist.
  static let unprivilegedCloneRules: [LinuxSeccomp.Rule] = [
    allow("clone", .init(index: 0, value: 0x7E02_0000, valueTwo: 0, op: .maskedEqual)),
    .init(names: ["clone3"], action: .errno, errnoRet: noSuchCall),
  ]

  private static func allow(_ name: String, _ argument: LinuxSeccomp.Argument) -> LinuxSeccomp.Rule {
    .init(names: [name], action: .allow, args: [argument])
  }

  private static func words(_ text: String) -> [String] {
    text.split(whereSeparator: \.isWhitespace).map(String.init)
  }
}
