// Preloaded into the program, it lets the n-th write below a folder fail, and those after it too where the disk stays full.
//
//   FAULT_FOLDER   the folder
//   FAULT_AT       n, from 1: writes, opens for writing, fsyncs, renames and folders count
//   FAULT_KIND     enospc (half is written, and nothing from then on), eio, short (half is written, once), erofs (from then on)
//   FAULT_COUNT    a file that gets the number of calls that were seen
//
// With FAULT_SERVER, a library to open first, the program waits before `main` for requests and forks for each: opening libtorch is
// most of a small run. A request is a line of descriptor 3, its parts separated by the byte 31: a file for standard output and error,
// NAME=VALUE of the environment, an empty part, and the arguments. The answer on descriptor 4 is the status of `waitpid`.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/// The error that this call has to fail with; 0 for none, -1 for a short write, -ENOSPC for one that fills the disk.
static int fault(void) {
  const char *at = getenv("FAULT_AT"), *kind = getenv("FAULT_KIND");
  long now = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
  tell();
  if (!at || !kind) return 0;
  long n = atol(at);
  if (!strcmp(kind, "enospc")) return now > n ? ENOSPC : now == n ? -ENOSPC : 0;
  if (!strcmp(kind, "erofs")) return now >= n ? EROFS : 0;
  if (now != n) return 0;
  return strcmp(kind, "short") ? EIO : -1;
}

#define REAL(name) __typeof__(name) *real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

ssize_t write(int descriptor, const void *bytes, size_t count) {
  REAL(write);
  if (descriptor > 2 && is_file_inside(descriptor)) {
    int error = fault();
    if (error == -ENOSPC && count < 2) error = ENOSPC;
    if (error > 0) return errno = error, -1;
    if (error < 0 && count > 1) count /= 2;
  }
  return real(descriptor, bytes, count);
}

/// The error of a call that writes no bytes.
static int failure(void) {
  int error = fault();
  return error == -1 ? 0 : abs(error);
}

int fsync(int descriptor) {
  REAL(fsync);
  if (is_file_inside(descriptor)) {
    int error = failure();
    if (error) return errno = error, -1;
  }
  return real(descriptor);
}

static int opened(const char *path, int flags) {
  if (!(flags & (O_WRONLY | O_RDWR)) || !is_inside(path)) return 0;
  return failure();
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
    int error = failure();
    if (error) return errno = error, -1;
  }
  return real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(mkdir);
  if (is_inside(path)) {
    int error = failure();
    if (error) return errno = error, -1;
  }
  return real(path, mode);
}

/// The child of a request comes back from here, with its arguments.
static void serve(const char *library, int *argc, char ***argv) {
  if (!dlopen(library, RTLD_NOW | RTLD_GLOBAL)) fprintf(stderr, "%s\n", dlerror()), exit(1);
  FILE *requests = fdopen(3, "r");
  char *line = NULL;
  size_t space = 0;
  for (ssize_t length; (length = getline(&line, &space, requests)) > 0;) {
    line[length - 1] = 0;
    pid_t child = fork();
    if (child) {
      int status = 0;
      waitpid(child, &status, 0);
      dprintf(4, "%d\n", status);
      continue;
    }
    int output = creat(strsep(&line, "\37"), 0644);
    dup2(output, 1), dup2(output, 2), close(output), close(3), close(4);
    for (char *part; (part = strsep(&line, "\37")) && *part;) putenv(part);
    unsetenv("FAULT_SERVER");
    char **own = calloc(1024, sizeof *own);
    own[0] = (*argv)[0];
    for (*argc = 1; *argc < 1023 && (own[*argc] = strsep(&line, "\37")); ++*argc);
    *argv = own;
    // Swift reads the command line of the system, which is that of the parent.
    void (*override)(char **, int) = (void (*)(char **, int))dlsym(RTLD_DEFAULT, "_swift_stdlib_overrideUnsafeArgvArgc");
    if (override) override(own, *argc);
    return;
  }
  exit(0);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*unload)(void), void *end) {
  int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *) =
      dlsym(RTLD_NEXT, "__libc_start_main");
  const char *library = getenv("FAULT_SERVER");
  if (library) serve(library, &argc, &argv);
  return real(main, argc, argv, init, fini, unload, end);
}
