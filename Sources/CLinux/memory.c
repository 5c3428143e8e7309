#define _GNU_SOURCE
#include "clinux.h"

#include <malloc.h>

int clinux_limit_heap(int arenas, int map_threshold, int trim_threshold) {
  int taken = mallopt(M_ARENA_MAX, arenas) && mallopt(M_MMAP_THRESHOLD, map_threshold) &&
              mallopt(M_TRIM_THRESHOLD, trim_threshold);
  return taken ? 0 : -1;
}

void clinux_trim_heap(void) {
  malloc_trim(0);
}
