#ifndef CLINUX_MOUNTS_H
#define CLINUX_MOUNTS_H

#include <stdint.h>

/// mount(2) and umount2(2).
int clinux_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data);
int clinux_umount(const char *target, int flags);
/// pivot_root(2).
int clinux_pivot_root(const char *new_root, const char *put_old);

/// fsopen(2), fspick(2), fsconfig(2), fsmount(2), close-on-exec.
int clinux_fsopen(const char *type);
int clinux_fspick(int directory, const char *path, unsigned int flags);
int clinux_fsconfig(int context, unsigned int command, const char *key, const void *value, int auxiliary);
int clinux_fsmount(int context, unsigned int attributes);
/// move_mount(2).
int clinux_move_mount(int from_directory, const char *from, int to_directory, const char *to, unsigned int flags);
/// open_tree(2).
int clinux_open_tree(int directory, const char *path, unsigned int flags);
/// mount_setattr(2).
int clinux_mount_setattr(int directory, const char *path, unsigned int flags, uint64_t set, uint64_t clear,
                         uint64_t propagation, uint64_t user_namespace);

/// unshare(2) and setns(2).
int clinux_unshare(int flags);
int clinux_setns(int descriptor, int flags);
/// setdomainname(2); sethostname(2).
int clinux_sethostname(const char *name, unsigned long length);
int clinux_setdomainname(const char *name, unsigned long length);
/// Sets IFF_UP on an interface of this network namespace. netdevice(7).
int clinux_interface_up(const char *name);

#endif
