/* Lets the n-th write or fsync below a repository's objects or our refs fail with EIO.
   Preloaded by tests/support/git_failing_writer.py; does nothing until armed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int remaining = 0;
static int fired = 0;

void eio_arm(int n) { remaining = n; fired = 0; }
int eio_fired(void) { return fired; }

static int hit(int fd) {
  char link[64], path[4096];
  if (remaining <= 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(link, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  if (!strstr(path, "/.git/objects") && !strstr(path, "/.git/refs/clawdesk")) return 0;
  if (--remaining > 0) return 0;
  fired = 1;
  errno = EIO;
  return 1;
}

ssize_t write(int fd, const void *from, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  return hit(fd) ? -1 : real(fd, from, size);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  return hit(fd) ? -1 : real(fd);
}
