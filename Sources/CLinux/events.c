#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

int clinux_epoll_create(void) {
  return epoll_create1(EPOLL_CLOEXEC);
}

int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
  struct epoll_event event = {.events = events, .data.u64 = token};
  return epoll_ctl(epoll, operation, descriptor, &event);
}

int clinux_epoll_wait(int epoll, struct clinux_epoll_event *events, int capacity, int milliseconds) {
  struct epoll_event ready[64];
  int count = epoll_wait(epoll, ready, capacity < 64 ? capacity : 64, milliseconds);
  for (int i = 0; i < count; i++) {
    events[i].events = ready[i].events;
    events[i].token = ready[i].data.u64;
  }
  return count;
}

int clinux_inotify_create(int flags) {
  return inotify_init1(flags);
}

int clinux_inotify_add(int inotify, const char *path, uint32_t mask) {
  return inotify_add_watch(inotify, path, mask);
}

int clinux_inotify_remove(int inotify, int watch) {
  return inotify_rm_watch(inotify, watch);
}

int clinux_signalfd(int descriptor, const sigset_t *mask) {
  return signalfd(descriptor, mask, SFD_CLOEXEC | SFD_NONBLOCK);
}

int clinux_signalfd_read(int descriptor, int *signal, int *sender) {
  struct signalfd_siginfo info;
  ssize_t count = read(descriptor, &info, sizeof info);
  if (count < 0) {
    return errno == EAGAIN ? 0 : -1;
  }
  *signal = (int)info.ssi_signo;
  // ssi_pid is 0 too for a process that has no number here, being outside of this pid namespace.
  *sender = info.ssi_code == SI_KERNEL ? 0 : info.ssi_pid == 0 ? -1 : (int)info.ssi_pid;
  return 1;
}

int clinux_eventfd(unsigned int initial, int flags) {
  return eventfd(initial, flags | EFD_CLOEXEC);
}

int clinux_timerfd_create(void) {
  return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

int clinux_timerfd_set(int descriptor, uint64_t first, uint64_t interval) {
  struct itimerspec when = {
      .it_value = {.tv_sec = (time_t)(first / 1000000000), .tv_nsec = (long)(first % 1000000000)},
      .it_interval = {.tv_sec = (time_t)(interval / 1000000000), .tv_nsec = (long)(interval % 1000000000)},
  };
  return timerfd_settime(descriptor, 0, &when, NULL);
}

int clinux_first_realtime_signal(void) {
  return SIGRTMIN;
}

int clinux_last_realtime_signal(void) {
  return SIGRTMAX;
}
