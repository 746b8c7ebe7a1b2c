/* Fault.c: preloaded into a program, it ends the program after its N-th change
 * to the file system, or lets every change from the N-th on fail for want of
 * space. TRESSE_FAULT is "die N" or "full N"; the calls are counted in the file
 * TRESSE_FAULT_COUNT. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long calls;

/* 1 when this call must fail. */
static int before(void) {
  const char *fault = getenv("TRESSE_FAULT");
  ++calls;
  return fault && !strncmp(fault, "full ", 5) && calls >= atol(fault + 5);
}

static void after(void) {
  const char *fault = getenv("TRESSE_FAULT");
  if (fault && !strncmp(fault, "die ", 4) && calls >= atol(fault + 4))
    _exit(137); /* nothing is flushed, nothing is cleaned up */
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("TRESSE_FAULT_COUNT");
  FILE *file = path ? fopen(path, "w") : NULL;
  if (!file)
    return;
  fprintf(file, "%ld", calls);
  fclose(file);
}

#define FAULTY(result, name, parameters, arguments)                            \
  result name parameters {                                                     \
    result(*real) parameters;                                                  \
    *(void **)&real = dlsym(RTLD_NEXT, #name);                                 \
    if (before()) {                                                            \
      errno = ENOSPC;                                                          \
      return -1;                                                               \
    }                                                                          \
    result out = real arguments;                                               \
    int error = errno;                                                         \
    after();                                                                   \
    errno = error;                                                             \
    return out;                                                                \
  }

FAULTY(ssize_t, write, (int file, const void *from, size_t count),
       (file, from, count))
FAULTY(int, fsync, (int file), (file))
FAULTY(int, rename, (const char *from, const char *to), (from, to))
FAULTY(int, renameat2,
       (int a, const char *from, int b, const char *to, unsigned flags),
       (a, from, b, to, flags))
FAULTY(int, symlink, (const char *target, const char *path), (target, path))
FAULTY(int, mkdir, (const char *path, mode_t mode), (path, mode))
