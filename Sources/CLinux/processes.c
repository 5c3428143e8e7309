#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t clinux_clone3(uint64_t flags, int exit_signal, int cgroup, int *pidfd) {
  struct clone_args arguments = {
      .flags = flags,
      .pidfd = (uint64_t)(uintptr_t)pidfd,
      .exit_signal = (uint64_t)exit_signal,
      .cgroup = (uint64_t)cgroup,
  };
  return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

pid_t clinux_fork(void) {
  return fork();
}

int clinux_spawn_add_closefrom(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_spawn_add_chdir(posix_spawn_file_actions_t *actions, const char *path) {
  return posix_spawn_file_actions_addchdir_np(actions, path);
}

short clinux_spawn_setsid_flag(void) {
  return POSIX_SPAWN_SETSID;
}

int clinux_execveat(int directory, const char *path, char *const arguments[], char *const environment[], int flags) {
  return (int)syscall(SYS_execveat, directory, path, arguments, environment, flags);
}

int clinux_waitid(int kind, int id, int options, pid_t *pid, int *code, int *status) {
  siginfo_t info = {0};
  int result = waitid((idtype_t)kind, (id_t)id, &info, options);
  *pid = info.si_pid;
  *code = info.si_code;
  *status = info.si_status;
  return result;
}

int clinux_pidfd_open(pid_t pid, unsigned int flags) {
  return (int)syscall(SYS_pidfd_open, pid, flags);
}

int clinux_pidfd_send_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int clinux_pidfd_getfd(int pidfd, int descriptor) {
  return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
}

int clinux_prctl(int operation, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  return prctl(operation, a, b, c, d);
}

int clinux_capget(uint64_t *effective, uint64_t *permitted, uint64_t *inheritable) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {0};
  int result = (int)syscall(SYS_capget, &header, data);
  *effective = data[0].effective | (uint64_t)data[1].effective << 32;
  *permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
  *inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
  return result;
}

int clinux_capset(uint64_t effective, uint64_t permitted, uint64_t inheritable) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {
      {(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
      {(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
  };
  return (int)syscall(SYS_capset, &header, data);
}

int clinux_setresuid(uid_t real, uid_t effective, uid_t saved) {
  return setresuid(real, effective, saved);
}

int clinux_setresgid(gid_t real, gid_t effective, gid_t saved) {
  return setresgid(real, effective, saved);
}

int clinux_setgroups(size_t count, const gid_t *groups) {
  return setgroups(count, groups);
}

int clinux_prlimit(pid_t pid, int resource, int set, uint64_t *soft, uint64_t *hard) {
  struct rlimit64 wanted = {.rlim_cur = *soft, .rlim_max = *hard}, old;
  int result = (int)syscall(SYS_prlimit64, pid, resource, set ? &wanted : NULL, &old);
  if (result == 0) {
    *soft = old.rlim_cur;
    *hard = old.rlim_max;
  }
  return result;
}

int clinux_personality(unsigned long persona) {
  return personality(persona);
}

int clinux_ioprio_set(pid_t pid, int class_and_level) {
  enum { who_process = 1 };
  return (int)syscall(SYS_ioprio_set, who_process, pid, class_and_level);
}

int clinux_sched_setaffinity(pid_t pid, const uint8_t *mask, size_t size) {
  return (int)syscall(SYS_sched_setaffinity, pid, size, mask);
}

int clinux_sched_setattr(pid_t pid, uint32_t policy, uint64_t flags, int32_t nice, uint32_t priority,
                         const uint64_t deadline[3]) {
  // struct sched_attr of sched_setattr(2), SCHED_ATTR_SIZE_VER0.
  struct {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  } attributes = {48, policy, flags, nice, priority, deadline[0], deadline[1], deadline[2]};
  _Static_assert(sizeof attributes == 48, "SCHED_ATTR_SIZE_VER0");
  return (int)syscall(SYS_sched_setattr, pid, &attributes, 0);
}

int clinux_join_session_keyring(const char *name) {
  return (int)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

int clinux_seccomp_load(unsigned int flags, const void *program, uint16_t count) {
  struct sock_fprog filter = {.len = count, .filter = (struct sock_filter *)program};
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}
