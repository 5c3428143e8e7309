#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

const char *clinux_error_text(int number) {
  const char *text = strerrordesc_np(number);
  return text ? text : "unknown error";
}

int clinux_openat(int directory, const char *path, int flags, mode_t mode) {
  return openat(directory, path, flags, mode);
}

int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
}

long clinux_getcwd(void *buffer, size_t count) {
  return syscall(SYS_getcwd, buffer, count);
}

int clinux_fcntl(int descriptor, int command, long argument) {
  return fcntl(descriptor, command, argument);
}

int clinux_dup3(int from, int to, int flags) {
  return dup3(from, to, flags);
}

int clinux_close_range(unsigned int first, unsigned int last, unsigned int flags) {
  return (int)syscall(SYS_close_range, first, last, flags);
}

int clinux_pipe2(int descriptors[2], int flags) {
  return pipe2(descriptors, flags);
}

int clinux_memfd_create(const char *name, unsigned int flags) {
  return memfd_create(name, flags);
}

ssize_t clinux_copy_file_range(int from, int to, size_t count) {
  return copy_file_range(from, NULL, to, NULL, count, 0);
}

ssize_t clinux_sendfile(int to, int from, size_t count) {
  return sendfile(to, from, NULL, count);
}

int clinux_fallocate(int descriptor, int mode, off_t offset, off_t length) {
  return fallocate(descriptor, mode, offset, length);
}

int clinux_syncfs(int descriptor) {
  return syncfs(descriptor);
}

int clinux_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags) {
  return renameat2(from_directory, from, to_directory, to, flags);
}

int clinux_fchmodat2(int directory, const char *path, mode_t mode, int flags) {
  return (int)syscall(SYS_fchmodat2, directory, path, mode, flags);
}

ssize_t clinux_readlinkat(int directory, const char *path, void *buffer, size_t count) {
  return readlinkat(directory, path, buffer, count);
}

ssize_t clinux_getdents64(int descriptor, void *buffer, size_t count) {
  return syscall(SYS_getdents64, descriptor, buffer, count);
}

int64_t clinux_filesystem_type(int descriptor) {
  struct statfs status;
  return fstatfs(descriptor, &status) == 0 ? (int64_t)status.f_type : -1;
}

int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
  return lsetxattr(path, name, value, size, flags);
}

ssize_t clinux_lgetxattr(const char *path, const char *name, void *value, size_t size) {
  return lgetxattr(path, name, value, size);
}

ssize_t clinux_llistxattr(const char *path, void *list, size_t size) {
  return llistxattr(path, list, size);
}

int clinux_lremovexattr(const char *path, const char *name) {
  return lremovexattr(path, name);
}

int clinux_fsetxattr(int descriptor, const char *name, const void *value, size_t size, int flags) {
  return fsetxattr(descriptor, name, value, size, flags);
}

ssize_t clinux_fgetxattr(int descriptor, const char *name, void *value, size_t size) {
  return fgetxattr(descriptor, name, value, size);
}

ssize_t clinux_flistxattr(int descriptor, void *list, size_t size) {
  return flistxattr(descriptor, list, size);
}

int clinux_fremovexattr(int descriptor, const char *name) {
  return fremovexattr(descriptor, name);
}

uint64_t clinux_makedev(uint32_t major, uint32_t minor) {
  return makedev(major, minor);
}

uint32_t clinux_major(uint64_t device) {
  return major(device);
}

uint32_t clinux_minor(uint64_t device) {
  return minor(device);
}

ssize_t clinux_getrandom(void *buffer, size_t count, unsigned int flags) {
  return getrandom(buffer, count, flags);
}
