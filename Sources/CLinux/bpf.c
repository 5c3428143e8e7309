#define _GNU_SOURCE
#include "clinux.h"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_bpf_load_device_program(const void *instructions, uint32_t count, char *log, uint32_t log_size) {
  union bpf_attr attributes = {
      .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
      .insns = (uint64_t)(uintptr_t)instructions,
      .insn_cnt = count,
      .license = (uint64_t)(uintptr_t)"Apache-2.0",
      .log_buf = (uint64_t)(uintptr_t)log,
      .log_size = log ? log_size : 0,
      .log_level = log ? 1 : 0,
  };
  return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes);
}

int clinux_bpf_attach_device_program(int cgroup, int program, uint32_t flags, int replaced) {
  union bpf_attr attributes = {
      .target_fd = (uint32_t)cgroup,
      .attach_bpf_fd = (uint32_t)program,
      .attach_type = BPF_CGROUP_DEVICE,
      .attach_flags = flags,
      .replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0,
  };
  return (int)syscall(SYS_bpf, BPF_PROG_ATTACH, &attributes, sizeof attributes);
}

int clinux_bpf_detach_device_program(int cgroup, int program) {
  union bpf_attr attributes = {
      .target_fd = (uint32_t)cgroup,
      .attach_bpf_fd = (uint32_t)program,
      .attach_type = BPF_CGROUP_DEVICE,
  };
  return (int)syscall(SYS_bpf, BPF_PROG_DETACH, &attributes, sizeof attributes);
}

int clinux_bpf_query_device_programs(int cgroup, uint32_t *ids, uint32_t *count) {
  union bpf_attr attributes = {
      .query.target_fd = (uint32_t)cgroup,
      .query.attach_type = BPF_CGROUP_DEVICE,
      .query.prog_ids = (uint64_t)(uintptr_t)ids,
      .query.prog_cnt = *count,
  };
  int result = (int)syscall(SYS_bpf, BPF_PROG_QUERY, &attributes, sizeof attributes);
  *count = attributes.query.prog_cnt;
  return result;
}

int clinux_bpf_open_program(uint32_t id) {
  union bpf_attr attributes = {.prog_id = id};
  return (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attributes, sizeof attributes);
}
