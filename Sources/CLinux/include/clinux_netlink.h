#ifndef CLINUX_NETLINK_H
#define CLINUX_NETLINK_H

#include <stddef.h>
#include <sys/types.h>

/// socket(2) of AF_NETLINK, close-on-exec. netlink(7).
int clinux_netlink_socket(int protocol);
/// bind(2) to a port that the kernel chooses.
int clinux_netlink_bind(int descriptor);
/// The number that the kernel gave the socket. getsockname(2).
int clinux_netlink_port(int descriptor, unsigned int *port);
/// setsockopt(2) of SOL_NETLINK with a number.
int clinux_netlink_set(int descriptor, int option, int value);
/// sendto(2) the kernel, in one datagram.
ssize_t clinux_netlink_send(int descriptor, const void *bytes, size_t count);
/// recvfrom(2) without waiting: the datagram's whole length, also when it was longer than the room; `sender` is 0 when
/// the kernel sent it.
ssize_t clinux_netlink_receive(int descriptor, void *bytes, size_t count, unsigned int *sender);

#endif
