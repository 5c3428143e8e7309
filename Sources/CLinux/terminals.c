#define _GNU_SOURCE
#include "clinux.h"

#include <sys/ioctl.h>
#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int clinux_pty_unlock(int ptmx) {
  int locked = 0;
  return ioctl(ptmx, TIOCSPTLCK, &locked);
}

int clinux_pty_number(int ptmx, unsigned int *number) {
  return ioctl(ptmx, TIOCGPTN, number);
}

int clinux_pty_open_peer(int ptmx, int flags) {
  return ioctl(ptmx, TIOCGPTPEER, flags);
}

int clinux_window_size(int descriptor, uint16_t *rows, uint16_t *columns) {
  struct winsize size = {0};
  int result = ioctl(descriptor, TIOCGWINSZ, &size);
  *rows = size.ws_row;
  *columns = size.ws_col;
  return result;
}

int clinux_set_window_size(int descriptor, uint16_t rows, uint16_t columns) {
  struct winsize size = {.ws_row = rows, .ws_col = columns};
  return ioctl(descriptor, TIOCSWINSZ, &size);
}

int clinux_set_controlling_terminal(int descriptor, int steal) {
  return ioctl(descriptor, TIOCSCTTY, steal);
}
