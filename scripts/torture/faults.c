// Preloaded into the program, it lets the n-th write below a folder fail, and those after it too where the disk stays full.
//
//   FAULT_FOLDER   the folder
//   FAULT_AT       n, from 1: writes, opens for writing, fsyncs, renames and folders count
//   FAULT_KIND     enospc (from then on), eio, short (half is written, once), erofs (from then on)
//   FAULT_COUNT    a file that gets the number of calls that were seen
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static long seen;

static int is_inside(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_file_inside(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_inside(path);
}

static void tell(void) {
  const char *file = getenv("FAULT_COUNT");
  if (!file) return;
  FILE *out = fopen(file, "w");
  if (!out) return;
  fprintf(out, "%ld\n", seen);
  fclose(out);
}

/// The error that this call has to fail with; 0 for none, -1 for a short write.
static int fault(void) {
  const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
  long now = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
  tell();
  if (!at || !kind) return 0;
  long n = atol(at);
  if (!strcmp(kind, "enospc")) return now >= n ? ENOSPC : 0;
  if (!strcmp(kind, "erofs")) return now >= n ? EROFS : 0;
  if (now != n) return 0;
  return strcmp(kind, "short") ? EIO : -1;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(write);
  if (descriptor > 2 && is_file_inside(descriptor)) {
    int error = fault();
    if (error > 0) return errno = error, -1;
    if (error < 0 && count > 1) count /= 2;
  }
  return real(descriptor, bytes, count);
}

int fsync(int descriptor) {
  REAL(fsync);
  if (is_file_inside(descriptor)) {
    int error = fault();
    if (error > 0) return errno = error, -1;
  }
  return real(descriptor);
}

static int opened(const char *path, int flags) {
  if (!(flags & (O_WRONLY | O_RDWR)) || !is_inside(path)) return 0;
  int error = fault();
  return error > 0 ? error : 0;
}

int open(const char *path, int flags, ...) {
  REAL(open);
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  int error = opened(path, flags);
  if (error) return errno = error, -1;
  return real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(open64);
  va_list list;
  va_start(list, flags);
  mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
  va_end(list);
  int error = opened(path, flags);
  if (error) return errno = error, -1;
  return real(path, flags, mode);
}

int rename(const char *from, const char *to) {
  REAL(rename);
  if (is_inside(to)) {
    int error = fault();
    if (error > 0) return errno = error, -1;
  }
  return real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (is_inside(path)) {
    int error = fault();
    if (error > 0) return errno = error, -1;
  }
  return real(path, mode);
}
