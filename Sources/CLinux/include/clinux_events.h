#ifndef CLINUX_EVENTS_H
#define CLINUX_EVENTS_H

#include <poll.h>
#include <signal.h>
#include <stdint.h>

/// One event of epoll_wait(2). The kernel's own structure is packed on some machines only; this one is the same on all.
struct clinux_epoll_event {
  uint32_t events;
  uint64_t token;
};

/// epoll_create1(2), close-on-exec.
int clinux_epoll_create(void);
/// epoll_ctl(2).
int clinux_epoll_control(int epoll, int operation, int descriptor, uint32_t events, uint64_t token);
/// epoll_wait(2), of at most 64 events.
int clinux_epoll_wait(int epoll, struct clinux_epoll_event *events, int capacity, int milliseconds);

/// inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2).
int clinux_inotify_create(int flags);
int clinux_inotify_add(int inotify, const char *path, uint32_t mask);
int clinux_inotify_remove(int inotify, int watch);

/// signalfd(2), close-on-exec and non-blocking.
int clinux_signalfd(int descriptor, const sigset_t *mask);
/// Reads one struct signalfd_siginfo: 1 and its signal and sender, 0 when none is pending, or -1.
int clinux_signalfd_read(int descriptor, int *signal, int *sender);
/// eventfd(2), close-on-exec.
int clinux_eventfd(unsigned int initial, int flags);
/// timerfd_create(2) on CLOCK_MONOTONIC, close-on-exec and non-blocking.
int clinux_timerfd_create(void);
/// timerfd_settime(2), relative, in nanoseconds; 0 disarms.
int clinux_timerfd_set(int descriptor, uint64_t first, uint64_t interval);

/// SIGRTMIN and SIGRTMAX, which glibc computes.
int clinux_first_realtime_signal(void);
int clinux_last_realtime_signal(void);

#endif
