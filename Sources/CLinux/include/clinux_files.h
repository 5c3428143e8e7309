#ifndef CLINUX_FILES_H
#define CLINUX_FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// The text of an error number, such as "No such file or directory". strerrordesc_np(3), without its lock or buffer.
const char *clinux_error_text(int number);

/// openat(2), which is variadic.
int clinux_openat(int directory, const char *path, int flags, mode_t mode);
/// openat2(2).
int clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
/// fcntl(2), which is variadic.
int clinux_fcntl(int descriptor, int command, long argument);
/// dup3(2).
int clinux_dup3(int from, int to, int flags);
/// close_range(2).
int clinux_close_range(unsigned int first, unsigned int last, unsigned int flags);
/// pipe2(2).
int clinux_pipe2(int descriptors[2], int flags);
/// memfd_create(2).
int clinux_memfd_create(const char *name, unsigned int flags);
/// copy_file_range(2), from and to the descriptors' own offsets.
ssize_t clinux_copy_file_range(int from, int to, size_t count);
/// sendfile(2), from the source's own offset.
ssize_t clinux_sendfile(int to, int from, size_t count);
/// fallocate(2).
int clinux_fallocate(int descriptor, int mode, off_t offset, off_t length);
/// syncfs(2).
int clinux_syncfs(int descriptor);
/// renameat2(2).
int clinux_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
/// fchmodat2(2), which is chmod(2) that can refuse to follow a symbolic link. ENOSYS before Linux 6.6.
int clinux_fchmodat2(int directory, const char *path, mode_t mode, int flags);
/// getcwd(2) itself, not the C library's: its length with the NUL. Outside of the root it begins with "(unreachable)".
long clinux_getcwd(void *buffer, size_t count);
/// readlinkat(2); readlink(2) with AT_FDCWD.
ssize_t clinux_readlinkat(int directory, const char *path, void *buffer, size_t count);
/// getdents64(2).
ssize_t clinux_getdents64(int descriptor, void *buffer, size_t count);
/// statfs(2)'s f_type, or -1.
int64_t clinux_filesystem_type(int descriptor);

/// lsetxattr(2), lgetxattr(2), llistxattr(2), lremovexattr(2).
int clinux_lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
ssize_t clinux_lgetxattr(const char *path, const char *name, void *value, size_t size);
ssize_t clinux_llistxattr(const char *path, void *list, size_t size);
int clinux_lremovexattr(const char *path, const char *name);
/// fsetxattr(2), fgetxattr(2), flistxattr(2), fremovexattr(2).
int clinux_fsetxattr(int descriptor, const char *name, const void *value, size_t size, int flags);
ssize_t clinux_fgetxattr(int descriptor, const char *name, void *value, size_t size);
ssize_t clinux_flistxattr(int descriptor, void *list, size_t size);
int clinux_fremovexattr(int descriptor, const char *name);

/// makedev(3), major(3), minor(3), which are macros.
uint64_t clinux_makedev(uint32_t major, uint32_t minor);
uint32_t clinux_major(uint64_t device);
uint32_t clinux_minor(uint64_t device);

/// getrandom(2).
ssize_t clinux_getrandom(void *buffer, size_t count, unsigned int flags);

#endif
