#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { most_descriptors = 28 };

int clinux_unix_socket(int type, int flags) {
  return socket(AF_UNIX, type | flags | SOCK_CLOEXEC, 0);
}

int clinux_unix_pair(int type, int flags, int descriptors[2]) {
  return socketpair(AF_UNIX, type | flags | SOCK_CLOEXEC, 0, descriptors);
}

static int fill_address(struct sockaddr_un *address, const char *path) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  size_t length = strlen(path);
  if (length >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address->sun_path, path, length);
  return 0;
}

int clinux_unix_bind(int descriptor, const char *path) {
  struct sockaddr_un address;
  return fill_address(&address, path) ? -1 : bind(descriptor, (struct sockaddr *)&address, sizeof address);
}

int clinux_unix_connect(int descriptor, const char *path) {
  struct sockaddr_un address;
  return fill_address(&address, path) ? -1 : connect(descriptor, (struct sockaddr *)&address, sizeof address);
}

int clinux_accept(int descriptor, int flags) {
  return accept4(descriptor, NULL, NULL, flags | SOCK_CLOEXEC);
}

int clinux_peer_credentials(int descriptor, pid_t *pid, uid_t *user, gid_t *group) {
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
    return -1;
  }
  *pid = credentials.pid;
  *user = credentials.uid;
  *group = credentials.gid;
  return 0;
}

/// Room for the control message, aligned as cmsg(3) asks.
union control_room {
  char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
  struct cmsghdr alignment;
};

ssize_t clinux_send_descriptors(int descriptor, const void *bytes, size_t count, const int *sent, size_t sent_count) {
  if (sent_count > most_descriptors) {
    errno = EINVAL;
    return -1;
  }
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  union control_room room = {0};
  if (sent_count > 0) {
    message.msg_control = room.bytes;
    message.msg_controllen = CMSG_SPACE(sent_count * sizeof(int));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sent_count * sizeof(int));
    memcpy(CMSG_DATA(header), sent, sent_count * sizeof(int));
  }
  return sendmsg(descriptor, &message, MSG_NOSIGNAL);
}

ssize_t clinux_receive_descriptors(int descriptor, void *bytes, size_t count, int *received, size_t *received_count) {
  struct iovec part = {.iov_base = bytes, .iov_len = count};
  union control_room room;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
  size_t capacity = *received_count, total = 0;
  *received_count = 0;
  ssize_t length = recvmsg(descriptor, &message, MSG_CMSG_CLOEXEC);
  if (length < 0) {
    return -1;
  }
  for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    size_t arrived = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < arrived; i++, total++) {
      int one;
      memcpy(&one, CMSG_DATA(header) + i * sizeof(int), sizeof one);
      if (total < capacity) {
        received[total] = one;
      } else {
        close(one);
      }
    }
  }
  if (total > capacity || (message.msg_flags & MSG_CTRUNC)) {
    for (size_t i = 0; i < total && i < capacity; i++) {
      close(received[i]);
    }
    errno = EMSGSIZE;
    return -1;
  }
  *received_count = total;
  return length;
}

union inet_address {
  struct sockaddr any;
  struct sockaddr_in version4;
  struct sockaddr_in6 version6;
};

int clinux_inet_bind(int descriptor, const void *address, size_t address_size, uint16_t port) {
  union inet_address place;
  memset(&place, 0, sizeof place);
  if (address_size == sizeof place.version4.sin_addr) {
    place.version4.sin_family = AF_INET;
    place.version4.sin_port = htons(port);
    memcpy(&place.version4.sin_addr, address, address_size);
    return bind(descriptor, &place.any, sizeof place.version4);
  }
  if (address_size == sizeof place.version6.sin6_addr) {
    place.version6.sin6_family = AF_INET6;
    place.version6.sin6_port = htons(port);
    memcpy(&place.version6.sin6_addr, address, address_size);
    return bind(descriptor, &place.any, sizeof place.version6);
  }
  errno = EINVAL;
  return -1;
}

int clinux_inet_port(int descriptor) {
  union inet_address place;
  socklen_t length = sizeof place;
  if (getsockname(descriptor, &place.any, &length) != 0) {
    return -1;
  }
  return ntohs(place.any.sa_family == AF_INET6 ? place.version6.sin6_port : place.version4.sin_port);
}

int clinux_socket_network(int descriptor) {
  return ioctl(descriptor, SIOCGSKNS);
}
