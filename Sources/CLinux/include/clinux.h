/// What Swift cannot say: variadic calls, macros, calls without a libc wrapper, and declarations that glibc shows
/// only under _GNU_SOURCE. No policy and no state lives here: each function is one call, returns what the kernel
/// returns, and leaves errno. The man page of each stands beside it.
#ifndef CLINUX_H
#define CLINUX_H

#include "clinux_bpf.h"
#include "clinux_events.h"
#include "clinux_files.h"
#include "clinux_memory.h"
#include "clinux_mounts.h"
#include "clinux_netlink.h"
#include "clinux_processes.h"
#include "clinux_sockets.h"
#include "clinux_terminals.h"
#include "clinux_xtables.h"

#endif
