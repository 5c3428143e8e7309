#ifndef CLINUX_PROCESSES_H
#define CLINUX_PROCESSES_H

#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// clone3(2) without a new stack: the child returns here too, on a copy of the caller's memory, as from fork(2).
/// A pidfd is written to `pidfd` when flags hold CLONE_PIDFD; `cgroup` counts when they hold CLONE_INTO_CGROUP.
/// Only for single-threaded programs.
pid_t clinux_clone3(uint64_t flags, int exit_signal, int cgroup, int *pidfd);
/// fork(2), which Swift hides because it returns twice. Only for single-threaded programs.
pid_t clinux_fork(void);

/// posix_spawn_file_actions_addclosefrom_np(3), posix_spawn_file_actions_addchdir_np(3): 0 or an error number.
int clinux_spawn_add_closefrom(posix_spawn_file_actions_t *actions, int first);
int clinux_spawn_add_chdir(posix_spawn_file_actions_t *actions, const char *path);
/// POSIX_SPAWN_SETSID of posix_spawn(3).
short clinux_spawn_setsid_flag(void);

/// execveat(2).
int clinux_execveat(int directory, const char *path, char *const arguments[], char *const environment[], int flags);

/// waitid(2): fills in the child's pid, how it ended (CLD_EXITED…) and its status. No child ready: 0, pid 0.
int clinux_waitid(int kind, int id, int options, pid_t *pid, int *code, int *status);

/// pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
int clinux_pidfd_open(pid_t pid, unsigned int flags);
int clinux_pidfd_send_signal(int pidfd, int signal);
int clinux_pidfd_getfd(int pidfd, int descriptor);

/// prctl(2), which is variadic.
int clinux_prctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/// capget(2) and capset(2) of the calling thread, version 3.
int clinux_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable);
int clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable);

/// setresuid(2), setresgid(2), setgroups(2): all threads, as glibc does.
int clinux_setresuid(uid_t real, uid_t effective, uid_t saved);
int clinux_setresgid(gid_t real, gid_t effective, gid_t saved);
int clinux_setgroups(size_t count, const gid_t *groups);

/// prlimit(2): sets when `set` is not 0; always returns the old limits.
int clinux_prlimit(pid_t pid, int resource, int set, uint64_t *soft, uint64_t *hard);

/// personality(2).
int clinux_personality(unsigned long persona);
/// ioprio_set(2) for one process.
int clinux_ioprio_set(pid_t pid, int class_and_level);
/// sched_setaffinity(2) by a plain bit mask of `size` bytes.
int clinux_sched_setaffinity(pid_t pid, const uint8_t *mask, size_t size);
/// sched_setattr(2), struct sched_attr of 48 bytes.
int clinux_sched_setattr(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                         const uint64_t deadline[3]);
/// keyctl(KEYCTL_JOIN_SESSION_KEYRING), keyctl(2).
int clinux_join_session_keyring(const char *name);
/// seccomp(SECCOMP_SET_MODE_FILTER), seccomp(2). `program` holds `count` struct sock_filter, 8 bytes each.
int clinux_seccomp_load(unsigned int flags, const void *program, uint16_t count);

#endif
