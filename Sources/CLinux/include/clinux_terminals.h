#ifndef CLINUX_TERMINALS_H
#define CLINUX_TERMINALS_H

#include <stdint.h>

/// ioctl_tty(2): TIOCSPTLCK (unlock), TIOCGPTN (number), TIOCGPTPEER (open the other end).
int clinux_pty_unlock(int ptmx);
int clinux_pty_number(int ptmx, unsigned int *number);
int clinux_pty_open_peer(int ptmx, int flags);
/// ioctl_tty(2): TIOCGWINSZ, TIOCSWINSZ.
int clinux_window_size(int descriptor, uint16_t *rows, uint16_t *columns);
int clinux_set_window_size(int descriptor, uint16_t rows, uint16_t columns);
/// ioctl_tty(2): TIOCSCTTY.
int clinux_set_controlling_terminal(int descriptor, int steal);

#endif
