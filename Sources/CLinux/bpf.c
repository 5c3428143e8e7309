#define _GNU_SOURCE
#include "clinux.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int bpf(int command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

int clinux_bpf_load_program(uint32_t type, const char *name, const void *instructions, uint32_t count, char *log,
                            uint32_t log_size) {
  union bpf_attr attributes = {
      .prog_type = type,
      .insns = (uint64_t)(uintptr_t)instructions,
      .insn_cnt = count,
      .license = (uint64_t)(uintptr_t)"Apache-2.0",
      .log_buf = (uint64_t)(uintptr_t)log,
      .log_size = log ? log_size : 0,
      .log_level = log ? 1 : 0,
  };
  strncpy(attributes.prog_name, name, sizeof attributes.prog_name - 1);
  return bpf(BPF_PROG_LOAD, &attributes);
}

int clinux_bpf_attach(int cgroup, uint32_t type, int program, uint32_t flags, int replaced) {
  union bpf_attr attributes = {
      .target_fd = (uint32_t)cgroup,
      .attach_bpf_fd = (uint32_t)program,
      .attach_type = type,
      .attach_flags = flags,
      .replace_bpf_fd = replaced >= 0 ? (uint32_t)replaced : 0,
  };
  return bpf(BPF_PROG_ATTACH, &attributes);
}

int clinux_bpf_detach(int cgroup, uint32_t type, int program) {
  union bpf_attr attributes = {
      .target_fd = (uint32_t)cgroup,
      .attach_bpf_fd = (uint32_t)program,
      .attach_type = type,
  };
  return bpf(BPF_PROG_DETACH, &attributes);
}

int clinux_bpf_query(int cgroup, uint32_t type, uint32_t *ids, uint32_t *count) {
  union bpf_attr attributes = {
      .query.target_fd = (uint32_t)cgroup,
      .query.attach_type = type,
      .query.prog_ids = (uint64_t)(uintptr_t)ids,
      .query.prog_cnt = *count,
  };
  int result = bpf(BPF_PROG_QUERY, &attributes);
  *count = attributes.query.prog_cnt;
  return result;
}

int clinux_bpf_open_program(uint32_t id) {
  union bpf_attr attributes = {.prog_id = id};
  return bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
}

int clinux_bpf_program_name(int program, char name[BPF_OBJ_NAME_LEN]) {
  struct bpf_prog_info info = {0};
  union bpf_attr attributes = {
      .info.bpf_fd = (uint32_t)program,
      .info.info_len = sizeof info,
      .info.info = (uint64_t)(uintptr_t)&info,
  };
  int result = bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
  memcpy(name, info.name, sizeof info.name);
  return result;
}

int clinux_bpf_make_socket_storage(void) {
  // The kernel wants to know the types: of the key, which has to be an int, and of one byte beside each socket.
  const struct {
    struct btf_header header;
    struct {
      struct btf_type type;
      uint32_t encoding;
    } types[2];
    char names[4];
  } description = {
      .header = {
          .magic = BTF_MAGIC,
          .version = BTF_VERSION,
          .hdr_len = sizeof description.header,
          .type_len = sizeof description.types,
          .str_off = sizeof description.types,
          .str_len = 1,
      },
      .types = {
          {{.info = BTF_KIND_INT << 24, .size = 4}, BTF_INT_SIGNED << 24 | 32},
          {{.info = BTF_KIND_INT << 24, .size = 4}, 32},
      },
  };
  union bpf_attr load = {
      .btf = (uint64_t)(uintptr_t)&description,
      .btf_size = offsetof(__typeof__(description), names) + 1,
  };
  int types = bpf(BPF_BTF_LOAD, &load);
  if (types < 0) return types;
  union bpf_attr attributes = {
      .map_type = BPF_MAP_TYPE_SK_STORAGE,
      .key_size = 4,
      .value_size = 4,
      .map_flags = BPF_F_NO_PREALLOC | BPF_F_CLONE,
      .btf_fd = (uint32_t)types,
      .btf_key_type_id = 1,
      .btf_value_type_id = 2,
  };
  int map = bpf(BPF_MAP_CREATE, &attributes);
  close(types);
  return map;
}
