#ifndef CLINUX_SOCKETS_H
#define CLINUX_SOCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// socket(2) and socketpair(2) of AF_UNIX; flags add to close-on-exec, which is always set.
int clinux_unix_socket(int type, int flags);
int clinux_unix_pair(int type, int flags, int descriptors[2]);
/// bind(2) and connect(2) to a path of at most 107 bytes; longer ones give ENAMETOOLONG. unix(7).
int clinux_unix_bind(int descriptor, const char *path);
int clinux_unix_connect(int descriptor, const char *path);
/// accept4(2), close-on-exec.
int clinux_accept(int descriptor, int flags);
/// SO_PEERCRED of unix(7).
int clinux_peer_credentials(int descriptor, pid_t *pid, uid_t *user, gid_t *group);
/// sendmsg(2) with SCM_RIGHTS, and MSG_NOSIGNAL. At most 28 descriptors.
ssize_t clinux_send_descriptors(int descriptor, const void *bytes, size_t count, const int *sent, size_t sent_count);
/// recvmsg(2) with SCM_RIGHTS, close-on-exec. `received_count` holds the room (at most 28) and then how many came.
/// -1 with EMSGSIZE, and all of them closed, when the message carried more.
ssize_t clinux_receive_descriptors(int descriptor, void *bytes, size_t count, int *received, size_t *received_count);

/// bind(2) of an AF_INET (4 bytes) or AF_INET6 (16 bytes) socket. ip(7), ipv6(7).
int clinux_inet_bind(int descriptor, const void *address, size_t address_size, uint16_t port);
/// The port that such a socket is bound to. getsockname(2).
int clinux_inet_port(int descriptor);
/// SIOCGSKNS: opens the network namespace that a socket is in.
int clinux_socket_network(int descriptor);

#endif
