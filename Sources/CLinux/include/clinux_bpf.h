#ifndef CLINUX_BPF_H
#define CLINUX_BPF_H

#include <stddef.h>
#include <stdint.h>

/// bpf(2), BPF_PROG_LOAD of a BPF_PROG_TYPE_CGROUP_DEVICE program of `count` instructions, 8 bytes each.
/// `log` receives the verifier's text when it is not NULL.
int clinux_bpf_load_device_program(const void *instructions, uint32_t count, char *log, uint32_t log_size);
/// bpf(2), BPF_PROG_ATTACH and BPF_PROG_DETACH of a device program on a cgroup v2 directory.
int clinux_bpf_attach_device_program(int cgroup, int program, uint32_t flags, int replaced);
int clinux_bpf_detach_device_program(int cgroup, int program);
/// bpf(2), BPF_PROG_QUERY: the ids of the device programs on a cgroup v2 directory.
int clinux_bpf_query_device_programs(int cgroup, uint32_t *ids, uint32_t *count);
/// bpf(2), BPF_PROG_GET_FD_BY_ID.
int clinux_bpf_open_program(uint32_t id);

#endif
