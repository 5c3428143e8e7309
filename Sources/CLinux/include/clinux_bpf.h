#ifndef CLINUX_BPF_H
#define CLINUX_BPF_H

#include <stddef.h>
#include <stdint.h>

/// bpf(2), BPF_PROG_LOAD of a program of a type (BPF_PROG_TYPE_…) and `count` instructions, 8 bytes each; of its name 15
/// bytes count. `log` receives the verifier's text when it is not NULL.
int clinux_bpf_load_program(uint32_t type, const char *name, const void *instructions, uint32_t count, char *log,
                            uint32_t log_size);
/// bpf(2), BPF_PROG_ATTACH and BPF_PROG_DETACH of a program at a place (BPF_CGROUP_…) of a cgroup v2 directory.
int clinux_bpf_attach(int cgroup, uint32_t type, int program, uint32_t flags, int replaced);
int clinux_bpf_detach(int cgroup, uint32_t type, int program);
/// bpf(2), BPF_PROG_QUERY: the ids of the programs at a place of a cgroup v2 directory.
int clinux_bpf_query(int cgroup, uint32_t type, uint32_t *ids, uint32_t *count);
/// bpf(2), BPF_PROG_GET_FD_BY_ID.
int clinux_bpf_open_program(uint32_t id);
/// bpf(2), BPF_OBJ_GET_INFO_BY_FD: what a program was called by whoever loaded it.
int clinux_bpf_program_name(int program, char name[16]);
/// bpf(2), BPF_MAP_CREATE of a BPF_MAP_TYPE_SK_STORAGE: four bytes that sockets have or have not, and that those which a
/// listening one accepts get from it.
int clinux_bpf_make_socket_storage(void);

#endif
