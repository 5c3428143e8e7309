#ifndef CLINUX_XTABLES_H
#define CLINUX_XTABLES_H

/// The policy of the chain FORWARD in the table "filter" of xtables, the packet filter before nf_tables: 1 accept, 0 drop,
/// -1 with errno. To ask loads the table where it is not there yet. linux/netfilter_ipv4/ip_tables.h.
int clinux_xtables_forward_policy(int is_version6);

#endif
