/*
 * Records, from inside a process, what it writes to a write-ahead log, when it makes that durable,
 * and what it answers: preloaded (LD_PRELOAD) into cotmoc and into PostgreSQL by syncs.rs.
 *
 * All processes append to the one file that RECORDER_LOG names, one writev per record, so records
 * are whole and in one order. Every record carries the moments (CLOCK_MONOTONIC, nanoseconds) at
 * which the call began and ended; what happened before what is decided by these.
 *
 *   W pid begin end offset length path \n bytes \n     a write to a write-ahead log
 *   S pid begin end 0 0 path \n \n                     a sync of one that succeeded
 *   A pid begin end 0 length stdout \n bytes \n        a write to standard output
 *
 * Write-ahead logs are files that end in -wal and files in a folder pg_wal. Calls that would write or
 * sync in a way not understood here end the process: what cannot be seen must not pass unseen.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void die(const char *why) {
  syscall(SYS_write, 2, "recorder: ", 10);
  syscall(SYS_write, 2, why, strlen(why));
  syscall(SYS_write, 2, "\n", 1);
  _exit(97);
}

/* The file of records, open by one descriptor that no process closes for us knowingly. */
static int record_file(void) {
  static int file = -1;
  if (file < 0) {
    const char *path = getenv("RECORDER_LOG");
    if (!path) die("RECORDER_LOG is not set");
    int opened = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
    if (opened < 0) die("the file of records cannot be opened");
    /* Out of the way of a server that counts or closes its first descriptors. */
    file = fcntl(opened, F_DUPFD_CLOEXEC, 500);
    if (file < 0) file = opened;
    else syscall(SYS_close, opened);
  }
  return file;
}

/* Whether fd is a write-ahead log; its path goes to `path`. */
static int is_wal(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  if (length > 4 && strcmp(path + length - 4, "-wal") == 0) return 1;
  return strstr(path, "/pg_wal/") != NULL;
}

static void record(char kind, long long begin, long long end, long long offset,
                   const struct iovec *parts, int count, size_t length, const char *path) {
  int kept = errno;
  char head[4300];
  int size = snprintf(head, sizeof head, "%c %d %lld %lld %lld %zu %s\n", kind, (int)getpid(),
                      begin, end, offset, length, path);
  struct iovec all[66];
  int used = 0;
  all[used++] = (struct iovec){head, size};
  for (size_t left = length; left > 0 && count > 0; parts++, count--) {
    if (used > 64) die("a write in too many parts");
    size_t take = parts->iov_len < left ? parts->iov_len : left;
    all[used++] = (struct iovec){parts->iov_base, take};
    left -= take;
  }
  all[used++] = (struct iovec){"\n", 1};
  ssize_t written = syscall(SYS_writev, record_file(), all, used);
  if (written != (ssize_t)(size + length + 1)) die("a record was not written whole");
  errno = kept;
}

/* After a write of `parts` that began at `begin` and gave `done`; offset < 0 is the file's own. */
static ssize_t wrote(int fd, const struct iovec *parts, int count, long long offset, ssize_t done,
                     long long begin) {
  long long end = now();
  char path[4096];
  if (done <= 0) return done;
  int kept = errno;
  if (fd == STDOUT_FILENO) {
    record('A', begin, end, 0, parts, count, done, "stdout");
  } else if (is_wal(fd, path, sizeof path)) {
    if (offset < 0) offset = lseek(fd, 0, SEEK_CUR) - done;
    record('W', begin, end, offset, parts, count, done, path);
  }
  errno = kept;
  return done;
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
  if (!real) die("no " #name)

ssize_t write(int fd, const void *bytes, size_t size) {
  REAL(write);
  struct iovec part = {(void *)bytes, size};
  long long begin = now();
  return wrote(fd, &part, 1, -1, real(fd, bytes, size), begin);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset) {
  REAL(pwrite);
  struct iovec part = {(void *)bytes, size};
  long long begin = now();
  return wrote(fd, &part, 1, offset, real(fd, bytes, size, offset), begin);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset) {
  REAL(pwrite64);
  struct iovec part = {(void *)bytes, size};
  long long begin = now();
  return wrote(fd, &part, 1, offset, real(fd, bytes, size, offset), begin);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev);
  long long begin = now();
  return wrote(fd, parts, count, -1, real(fd, parts, count), begin);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  REAL(pwritev);
  long long begin = now();
  return wrote(fd, parts, count, offset, real(fd, parts, count, offset), begin);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  REAL(pwritev64);
  long long begin = now();
  return wrote(fd, parts, count, offset, real(fd, parts, count, offset), begin);
}

static int synced(int fd, int done, long long begin) {
  long long end = now();
  char path[4096];
  int kept = errno;
  if (done == 0 && is_wal(fd, path, sizeof path)) record('S', begin, end, 0, NULL, 0, 0, path);
  errno = kept;
  return done;
}

int fsync(int fd) {
  REAL(fsync);
  long long begin = now();
  return synced(fd, real(fd), begin);
}

int fdatasync(int fd) {
  REAL(fdatasync);
  long long begin = now();
  return synced(fd, real(fd), begin);
}

/* sync_file_range and its like are not recorded: after them nothing is durable. */

/* A log opened so that each write is durable by itself would need another check than ours. */
static void no_sync_flags(const char *path, int flags) {
  int wal = strstr(path, "pg_wal/") || (strlen(path) > 4 && !strcmp(path + strlen(path) - 4, "-wal"));
  if (wal && (flags & (O_SYNC | O_DSYNC | O_DIRECT))) die("a write-ahead log is opened for direct writes");
}

#define OPENS(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); \
    no_sync_flags(path, flags); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | O_TMPFILE)) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, mode_t); \
      va_end(rest); \
    } \
    return real(path, flags, mode); \
  }

OPENS(open)
OPENS(open64)
