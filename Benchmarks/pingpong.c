// Round trips of one byte.
//
//   pingpong serve PORT                  sends back what comes, by TCP and by UDP
//   pingpong tcp|udp ADDRESS PORT COUNT  prints the median round trip in microseconds
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what) {
  perror(what);
  return 1;
}

static struct sockaddr_in place(const char *address, const char *port) {
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
  inet_pton(AF_INET, address, &place.sin_addr);
  return place;
}

static void without_delay(int connection) {
  int one = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static int serve(const char *port) {
  struct sockaddr_in any = place("0.0.0.0", port);
  int one = 1;
  struct pollfd watched[3] = {{socket(AF_INET, SOCK_DGRAM, 0), POLLIN}, {socket(AF_INET, SOCK_STREAM, 0), POLLIN}, {-1, POLLIN}};
  setsockopt(watched[1].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  for (int i = 0; i < 2; i++)
    if (bind(watched[i].fd, (struct sockaddr *)&any, sizeof any)) return fail("bind");
  if (listen(watched[1].fd, 8)) return fail("listen");
  for (;;) {
    char byte[64];
    if (poll(watched, 3, -1) < 0) return fail("poll");
    if (watched[0].revents) {
      struct sockaddr_in from;
      socklen_t length = sizeof from;
      ssize_t count = recvfrom(watched[0].fd, byte, sizeof byte, 0, (struct sockaddr *)&from, &length);
      if (count >= 0) sendto(watched[0].fd, byte, count, 0, (struct sockaddr *)&from, length);
    }
    if (watched[1].revents) {
      if (watched[2].fd >= 0) close(watched[2].fd);
      watched[2].fd = accept(watched[1].fd, NULL, NULL);
      without_delay(watched[2].fd);
    }
    if (watched[2].fd >= 0 && watched[2].revents) {
      ssize_t count = read(watched[2].fd, byte, sizeof byte);
      if (count <= 0 || write(watched[2].fd, byte, count) != count) {
        close(watched[2].fd);
        watched[2].fd = -1;
      }
    }
  }
}

static int compare(const void *one, const void *other) {
  double difference = *(const double *)one - *(const double *)other;
  return (difference > 0) - (difference < 0);
}

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static int ask(int type, struct sockaddr_in server, int count) {
  int connection = socket(AF_INET, type, 0);
  if (connect(connection, (struct sockaddr *)&server, sizeof server)) return fail("connect");
  if (type == SOCK_STREAM) without_delay(connection);
  double *times = calloc(count, sizeof *times);
  // The first thousand only warm up.
  for (int turn = -1000; turn < count; turn++) {
    char byte = 'x';
    double begin = microseconds();
    if (write(connection, &byte, 1) != 1 || read(connection, &byte, 1) != 1) return fail("round trip");
    if (turn >= 0) times[turn] = microseconds() - begin;
  }
  qsort(times, count, sizeof *times, compare);
  printf("%.3f\n", times[count / 2]);
  return 0;
}

int main(int count, char **words) {
  // Each end on a processor of its own, where there are two: where the scheduler would put them weighs more than the way
  // of a packet.
  cpu_set_t own;
  CPU_ZERO(&own);
  CPU_SET(count == 3, &own);
  sched_setaffinity(0, sizeof own, &own);
  if (count == 3 && !strcmp(words[1], "serve")) return serve(words[2]);
  if (count == 5) return ask(strcmp(words[1], "tcp") ? SOCK_DGRAM : SOCK_STREAM, place(words[2], words[3]), atoi(words[4]));
  fprintf(stderr, "usage: pingpong serve PORT | pingpong tcp|udp ADDRESS PORT COUNT\n");
  return 2;
}
