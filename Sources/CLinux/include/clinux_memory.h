#ifndef CLINUX_MEMORY_H
#define CLINUX_MEMORY_H

#include <stddef.h>

/// mallopt(3) with M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD: 0, or -1 when the C library does not take one.
int clinux_limit_heap(int arenas, int map_threshold, int trim_threshold);

/// malloc_trim(3).
void clinux_trim_heap(void);

#endif
