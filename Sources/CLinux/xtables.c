#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { forward_hook = 2 };

// Of IPv4 and IPv6 alike; only the entries in the blob begin with another head.
_Static_assert(IPT_SO_GET_INFO == IP6T_SO_GET_INFO && IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES, "same numbers");
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "same shape");
_Static_assert(sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries), "same shape");

/// The verdict at the end of the chain FORWARD: that of the entry at `underflow`.
static int policy_at(const unsigned char *entries, size_t size, size_t underflow, int is_version6) {
  size_t head = is_version6 ? sizeof(struct ip6t_entry) : sizeof(struct ipt_entry);
  if (underflow > size || size - underflow < head + sizeof(struct xt_standard_target)) {
    errno = EBADMSG;
    return -1;
  }
  struct xt_standard_target target;
  memcpy(&target, entries + underflow + head, sizeof target);
  // A verdict is kept as -verdict - 1: NF_DROP is 0.
  return target.verdict == -1 ? 0 : 1;
}

int clinux_xtables_forward_policy(int is_version6) {
  int level = is_version6 ? 41 : 0;
  int descriptor = socket(is_version6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, 255);
  if (descriptor < 0) {
    return -1;
  }
  struct ipt_getinfo info;
  memset(&info, 0, sizeof info);
  strcpy(info.name, "filter");
  socklen_t length = sizeof info;
  int policy = -1;
  if (getsockopt(descriptor, level, IPT_SO_GET_INFO, &info, &length) == 0) {
    length = sizeof(struct ipt_get_entries) + info.size;
    struct ipt_get_entries *entries = calloc(1, length);
    if (entries != NULL) {
      strcpy(entries->name, "filter");
      entries->size = info.size;
      if (getsockopt(descriptor, level, IPT_SO_GET_ENTRIES, entries, &length) == 0) {
        policy = policy_at((const unsigned char *)entries->entrytable, info.size, info.underflow[forward_hook], is_version6);
      }
      free(entries);
    }
  }
  int failure = errno;
  close(descriptor);
  errno = failure;
  return policy;
}
