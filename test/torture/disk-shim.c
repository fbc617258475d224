/*
 * A disk that can be told to fail, and that writes down what reached it in which order: loaded into a child by
 * LD_PRELOAD, for files below SHIM_FOLDER only.
 *
 * SHIM_LOG:   every change of a file or a name, in order: operation, path, offset, data (see disk-recording.ts).
 * SHIM_RULES: one rule a line, read again whenever the file is replaced: CALL PART SKIP COUNT ERRNO. Of the calls to
 *             CALL (`any`: all that change something) on paths that contain PART (with a $ behind it: that end in it),
 *             SKIP pass, then COUNT fail with ERRNO (a number; 0: only the first half of a write is done; NOTED, KILLED,
 *             TORN, SLOW: see below).
 * SHIM_FIRED: one line for every fault.
 *
 * The shared memory of SQLite's log (-shm) is left out: it is rebuilt after every crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_RULES 16
#define PATH_ROOM 4096
/*
 * Instead of an error: the call is only written down; the process dies in its stead; it dies after half of a write; the
 * call takes a fifth of a second.
 */
#define NOTED (-2)
#define KILLED (-3)
#define TORN (-4)
#define SLOW (-5)

struct rule {
  char call[16];
  char part[256];
  long skip;
  long count;
  int error;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *folder;
static size_t folder_length;
static int log_file = -1;
static int fired_file = -1;
static struct rule rules[MOST_RULES];
static int rule_count;
static ino_t rules_inode;
/* The write that this thread is doing is the last thing that the process does. */
static __thread int dies_after_write;

static int raw_open(const char *path) {
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static void start(void) {
  folder = getenv("SHIM_FOLDER");
  if (folder == NULL) return;
  folder_length = strlen(folder);
  if (getenv("SHIM_LOG")) log_file = raw_open(getenv("SHIM_LOG"));
  if (getenv("SHIM_FIRED")) fired_file = raw_open(getenv("SHIM_FIRED"));
}

static void put_down(int file, const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    long done = syscall(SYS_write, file, at, length);
    if (done <= 0) abort();
    at += done;
    length -= (size_t)done;
  }
}

static int ours(const char *path) {
  pthread_once(&once, start);
  return folder != NULL && strncmp(path, folder, folder_length) == 0 && strstr(path, "-shm") == NULL;
}

static int path_of(int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, PATH_ROOM - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return ours(path) && strstr(path, " (deleted)") == NULL;
}

/* One operation: its letter, the length of the path, an offset, the length of the data; then the path and the data. */
static void record(char operation, const char *path, unsigned long offset, const struct iovec *parts, int count,
                   unsigned long length) {
  if (log_file < 0) return;
  char head[21];
  unsigned path_length = (unsigned)strlen(path);
  head[0] = operation;
  memcpy(head + 1, &path_length, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &length, 8);
  pthread_mutex_lock(&lock);
  put_down(log_file, head, sizeof head);
  put_down(log_file, path, path_length);
  for (int index = 0; index < count && length > 0; index++) {
    unsigned long size = parts[index].iov_len < length ? parts[index].iov_len : length;
    put_down(log_file, parts[index].iov_base, size);
    length -= size;
  }
  pthread_mutex_unlock(&lock);
}

static void read_rules(void) {
  const char *name = getenv("SHIM_RULES");
  struct stat now;
  if (name == NULL || stat(name, &now) != 0 || now.st_ino == rules_inode) return;
  rules_inode = now.st_ino;
  rule_count = 0;
  FILE *file = fopen(name, "re");
  if (file == NULL) return;
  struct rule *rule = rules;
  while (rule_count < MOST_RULES && fscanf(file, "%15s %255s %ld %ld %d", rule->call, rule->part, &rule->skip,
                                           &rule->count, &rule->error) == 5) {
    rule_count++;
    rule++;
  }
  fclose(file);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static int covers(const struct rule *rule, const char *call, const char *path) {
  int named = strcmp(rule->call, call) == 0 || (strcmp(rule->call, "any") == 0 && strcmp(call, "open") != 0);
  size_t length = strlen(rule->part);
  if (!named) return 0;
  if (length == 0 || rule->part[length - 1] != '$') return strstr(path, rule->part) != NULL;
  size_t path_length = strlen(path);
  return path_length >= length - 1 && strncmp(path + path_length - (length - 1), rule->part, length - 1) == 0;
}

/* -1: goes on; otherwise the error to answer with, 0 for half a write. */
static int fault(const char *call, const char *path) {
  int error = -1;
  pthread_mutex_lock(&lock);
  read_rules();
  for (int index = 0; index < rule_count && error == -1; index++) {
    struct rule *rule = &rules[index];
    if (!covers(rule, call, path)) continue;
    if (rule->skip > 0) rule->skip--;
    else if (rule->count > 0) {
      rule->count--;
      error = rule->error;
    }
  }
  if (error != -1 && fired_file >= 0) {
    char line[PATH_ROOM + 64];
    int length = snprintf(line, sizeof line, "%s %d %s\n", call, error, path);
    put_down(fired_file, line, (size_t)length);
  }
  int write_call = strstr(call, "write") != NULL;
  if (error == KILLED || (error == TORN && !write_call)) die();
  pthread_mutex_unlock(&lock);
  dies_after_write = error == TORN;
  if (error == SLOW) usleep(200 * 1000);
  return error == NOTED || error == SLOW ? -1 : error == TORN ? 0 : error;
}

#define REAL(name)                               \
  static __typeof__(&name) real;                 \
  if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define WRITE(name, call, offset_type)                                        \
  ssize_t name(int file, const void *data, size_t length, offset_type at) {   \
    REAL(name);                                                               \
    char path[PATH_ROOM];                                                     \
    if (!path_of(file, path)) return real(file, data, length, at);            \
    int error = fault(call, path);                                            \
    if (error > 0) return errno = error, -1;                                  \
    ssize_t done = real(file, data, error == 0 ? (length + 1) / 2 : length, at); \
    if (dies_after_write) die();                                              \
    struct iovec part = {(void *)data, done > 0 ? (size_t)done : 0};          \
    if (done > 0) record('W', path, (unsigned long)at, &part, 1, (unsigned long)done); \
    return done;                                                              \
  }
WRITE(pwrite, "pwrite", off_t)
WRITE(pwrite64, "pwrite", off64_t)

#define WRITEV(name, offset_type)                                             \
  ssize_t name(int file, const struct iovec *parts, int count, offset_type at) { \
    REAL(name);                                                               \
    char path[PATH_ROOM];                                                     \
    if (!path_of(file, path)) return real(file, parts, count, at);            \
    int error = fault("pwritev", path);                                       \
    if (error > 0) return errno = error, -1;                                  \
    struct iovec half = {parts[0].iov_base, (parts[0].iov_len + 1) / 2};      \
    ssize_t done = error == 0 ? real(file, &half, 1, at) : real(file, parts, count, at); \
    if (dies_after_write) die();                                              \
    if (done > 0) record('W', path, (unsigned long)at, parts, count, (unsigned long)done); \
    return done;                                                              \
  }
WRITEV(pwritev, off_t)
WRITEV(pwritev64, off64_t)

ssize_t write(int file, const void *data, size_t length) {
  REAL(write);
  char path[PATH_ROOM];
  if (!path_of(file, path)) return real(file, data, length);
  int error = fault("write", path);
  if (error > 0) return errno = error, -1;
  ssize_t done = real(file, data, error == 0 ? (length + 1) / 2 : length);
  if (dies_after_write) die();
  struct iovec part = {(void *)data, done > 0 ? (size_t)done : 0};
  if (done > 0) record('W', path, (unsigned long)(lseek(file, 0, SEEK_CUR) - done), &part, 1, (unsigned long)done);
  return done;
}

/* A failed sync is written down too: what was not on the disk by then may never get there. */
#define SYNC(name)                                                            \
  int name(int file) {                                                        \
    REAL(name);                                                               \
    char path[PATH_ROOM];                                                     \
    if (!path_of(file, path)) return real(file);                              \
    int error = fault(#name, path);                                           \
    if (error > 0) return record('E', path, 0, NULL, 0, 0), errno = error, -1; \
    int result = real(file);                                                  \
    if (result == 0) record('F', path, 0, NULL, 0, 0);                        \
    return result;                                                            \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(name, offset_type)                                           \
  int name(int file, offset_type length) {                                    \
    REAL(name);                                                               \
    char path[PATH_ROOM];                                                     \
    if (!path_of(file, path)) return real(file, length);                      \
    int error = fault("ftruncate", path);                                     \
    if (error > 0) return errno = error, -1;                                  \
    int result = real(file, length);                                          \
    if (result == 0) record('T', path, (unsigned long)length, NULL, 0, 0);    \
    return result;                                                            \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define OPEN(name)                                                            \
  int name(const char *path, int flags, ...) {                                \
    REAL(name);                                                               \
    va_list rest;                                                             \
    va_start(rest, flags);                                                    \
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                                             \
    if (!ours(path)) return real(path, flags, mode);                          \
    int error = fault((flags & O_CREAT) ? "create" : "open", path);                                          \
    if (error > 0) return errno = error, -1;                                  \
    int there = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;            \
    int file = real(path, flags, mode);                                       \
    if (file >= 0 && !there) record('C', path, 0, NULL, 0, 0);                \
    else if (file >= 0 && (flags & O_TRUNC)) record('T', path, 0, NULL, 0, 0); \
    return file;                                                              \
  }
OPEN(open)
OPEN(open64)

#define REMOVE(name)                                                          \
  int name(const char *path) {                                                \
    REAL(name);                                                               \
    if (!ours(path)) return real(path);                                       \
    int error = fault("unlink", path);                                        \
    if (error > 0) return errno = error, -1;                                  \
    int result = real(path);                                                  \
    if (result == 0) record('U', path, 0, NULL, 0, 0);                        \
    return result;                                                            \
  }
REMOVE(unlink)
REMOVE(remove)

int rename(const char *from, const char *to) {
  REAL(rename);
  if (!ours(from)) return real(from, to);
  int error = fault("rename", from);
  if (error > 0) return errno = error, -1;
  int result = real(from, to);
  struct iovec name = {(void *)to, strlen(to)};
  if (result == 0) record('R', from, 0, &name, 1, strlen(to));
  return result;
}
