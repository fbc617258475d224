/* Preloaded into a child: fdatasync or fsync fail with EIO while SICK_DISK.sync or SICK_DISK.fsync exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int sick(const char *what) {
  char path[4096];
  const char *base = getenv("SICK_DISK");
  if (base == NULL) return 0;
  snprintf(path, sizeof path, "%s.%s", base, what);
  return access(path, F_OK) == 0;
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
  if (!sick("sync")) return real(file);
  errno = EIO;
  return -1;
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) real = dlsym(RTLD_NEXT, "fsync");
  if (!sick("fsync")) return real(file);
  errno = EIO;
  return -1;
}
