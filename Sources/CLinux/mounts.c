#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

// The numbers of the mount API, from linux/mount.h, which cannot be included beside sys/mount.h in every glibc.
enum { fsopen_cloexec = 1, fsmount_cloexec = 1, fspick_cloexec = 1 };

int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data) {
  return mount(source, target, type, flags, data);
}

int clinux_umount(const char *target, int flags) {
  return umount2(target, flags);
}

int clinux_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

int clinux_fsopen(const char *type) {
  return (int)syscall(SYS_fsopen, type, fsopen_cloexec);
}

int clinux_fspick(int directory, const char *path, unsigned int flags) {
  return (int)syscall(SYS_fspick, directory, path, flags | fspick_cloexec);
}

int clinux_fsconfig(int context, unsigned int command, const char *key, const void *value, int auxiliary) {
  return (int)syscall(SYS_fsconfig, context, command, key, value, auxiliary);
}

int clinux_fsmount(int context, unsigned int attributes) {
  return (int)syscall(SYS_fsmount, context, fsmount_cloexec, attributes);
}

int clinux_move_mount(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
  return (int)syscall(SYS_move_mount, from_directory, from, to_directory, to, flags);
}

int clinux_open_tree(int directory, const char *path, unsigned int flags) {
  return (int)syscall(SYS_open_tree, directory, path, flags);
}

int clinux_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear,
                         uint64_t propagation, uint64_t user_namespace) {
  // struct mount_attr of mount_setattr(2), MOUNT_ATTR_SIZE_VER0.
  struct {
    uint64_t attr_set, attr_clr, propagation, userns_fd;
  } attributes = {set, clear, propagation, user_namespace};
  return (int)syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes);
}

int clinux_unshare(int flags) {
  return unshare(flags);
}

int clinux_setns(int descriptor, int flags) {
  return setns(descriptor, flags);
}

int clinux_sethostname(const char *name, unsigned long length) {
  return sethostname(name, length);
}

int clinux_setdomainname(const char *name, unsigned long length) {
  return setdomainname(name, length);
}

int clinux_interface_up(const char *name) {
  if (strlen(name) >= IFNAMSIZ) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return -1;
  }
  struct ifreq request = {0};
  strcpy(request.ifr_name, name);
  int result = ioctl(descriptor, SIOCGIFFLAGS, &request);
  if (result == 0) {
    request.ifr_flags |= IFF_UP;
    result = ioctl(descriptor, SIOCSIFFLAGS, &request);
  }
  int number = errno;
  close(descriptor);
  errno = number;
  return result;
}
