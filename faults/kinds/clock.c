// A wall clock that a test sets: loaded before the C library (LD_PRELOAD), it adds to the true time the seconds that are written at the
// beginning of the file COORD_TEST_CLOCK. Monotonic clocks, hence timers, are left alone, as they are when somebody sets a machine's time.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static const volatile long *offset;
static long ahead(void) {
  if (!offset) {
    const char *path = getenv("COORD_TEST_CLOCK");
    int fd = path ? open(path, O_RDONLY) : -1;
    static long zero;
    void *page = fd < 0 ? MAP_FAILED : mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
    offset = page == MAP_FAILED ? &zero : page;
  }
  return *offset;
}
int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += ahead();
  return result;
}
int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
