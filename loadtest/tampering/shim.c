// Preloaded into a process (LD_PRELOAD) so that a fault can step its clock or fill its disk. The file in CHAOS_CONTROL, which
// shim.ts writes, says how: seconds to add to the time of day, and whether every write that would make a file longer fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control { int64_t clock_offset_s; int64_t disk_is_full; };
static const volatile struct control none, *control = &none;
static dev_t shared_memory;

__attribute__((constructor)) static void read_control(void) {
  const char *path = getenv("CHAOS_CONTROL");
  struct stat s;
  if (stat("/dev/shm", &s) == 0)
    shared_memory = s.st_dev;
  int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0)
    return;
  void *mapped = mmap(NULL, sizeof(struct control), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED)
    control = mapped;
}

// The time of day is stepped, the monotonic clocks are not: as on a machine whose clock an operator sets.
int clock_gettime(clockid_t clock, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real)
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real ? real(clock, t) : (int)syscall(SYS_clock_gettime, clock, t);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    t->tv_sec += control->clock_offset_s;
  return result;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0)
    return -1;
  *t = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t *t) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (t)
    *t = now.tv_sec;
  return now.tv_sec;
}

// Whether a full disk refuses to write up to this offset. A log on stdout or stderr and shared memory are on other disks.
static int is_refused(int fd, off_t end) {
  struct stat s;
  return control->disk_is_full && fd > 2 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_dev != shared_memory && end > s.st_size;
}

#define REFUSE(fd, end) if (is_refused(fd, end)) { errno = ENOSPC; return -1; }
#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

static off_t length(const struct iovec *v, int count) {
  off_t total = 0;
  for (int i = 0; i < count; i++)
    total += (off_t)v[i].iov_len;
  return total;
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(ssize_t, write, int, const void *, size_t)
  if (control->disk_is_full && fd > 2)
    REFUSE(fd, lseek(fd, 0, SEEK_CUR) + (off_t)count)
  return real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
  REFUSE(fd, at + (off_t)count)
  return real(fd, bytes, count, at);
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at) {
  REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t)
  REFUSE(fd, at + length(v, count))
  return real(fd, v, count, at);
}

int ftruncate(int fd, off_t end) {
  REAL(int, ftruncate, int, off_t)
  REFUSE(fd, end)
  return real(fd, end);
}

int posix_fallocate(int fd, off_t at, off_t count) {
  REAL(int, posix_fallocate, int, off_t, off_t)
  return is_refused(fd, at + count) ? ENOSPC : real(fd, at, count);
}
