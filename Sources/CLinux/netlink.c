#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

int clinux_netlink_socket(int protocol) {
  return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
}

int clinux_netlink_bind(int descriptor) {
  struct sockaddr_nl any = {.nl_family = AF_NETLINK};
  return bind(descriptor, (struct sockaddr *)&any, sizeof any);
}

int clinux_netlink_port(int descriptor, unsigned int *port) {
  struct sockaddr_nl own;
  memset(&own, 0, sizeof own);
  socklen_t length = sizeof own;
  int result = getsockname(descriptor, (struct sockaddr *)&own, &length);
  *port = own.nl_pid;
  return result;
}

int clinux_netlink_set(int descriptor, int option, int value) {
  return setsockopt(descriptor, SOL_NETLINK, option, &value, sizeof value);
}

ssize_t clinux_netlink_send(int descriptor, const void *bytes, size_t count) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  return sendto(descriptor, bytes, count, 0, (struct sockaddr *)&kernel, sizeof kernel);
}

ssize_t clinux_netlink_receive(int descriptor, void *bytes, size_t count, unsigned int *sender) {
  struct sockaddr_nl from;
  memset(&from, 0, sizeof from);
  socklen_t length = sizeof from;
  ssize_t received = recvfrom(descriptor, bytes, count, MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from, &length);
  *sender = from.nl_pid;
  return received;
}
