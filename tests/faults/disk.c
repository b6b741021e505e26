/* A disk that fails on purpose, put under the program by LD_PRELOAD (tests/faults/power.rs).
 *
 * Only files named `journal.jsonl` and the clock are touched; all else goes through as it is.
 *
 *   FAULT_OUTPUT=1         it is the files of output beside the journal that fail, and not itself
 *   FAULT_WRITE="N ERRNO"  the Nth write and all behind it fail: 28 full, 30 read-only, 122 quota
 *   FAULT_WRITE="N kill"   the Nth write gets half of its bytes to the file, then comes SIGKILL
 *   FAULT_WRITE="0 MILLIS" each write takes so long
 *   FAULT_SYNC="N ERRNO"   the Nth sync and all behind it fail
 *   FAULT_SYNC="N cut"     the power fails at the Nth sync: what no sync brought to disk is gone
 *   FAULT_SYNC="N torn"    the same, but half of it came there, its last block as zeros
 *   FAULT_SYNC="0 MILLIS"  each sync takes so long
 *   FAULT_LOG=FILE         gets a line `synced BYTES`, `wrote BYTES` or `folder PATH` for each
 *   FAULT_CLOCK=FILE       has the seconds that are added to the time of day
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long writes, syncs;
static off_t synced;

static const char *path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}

static int fails(int fd) {
  char path[4096];
  const char *name = strrchr(path_of(fd, path, sizeof path), '/');
  if (getenv("FAULT_OUTPUT")) return strstr(path, "/home/runs/") && strstr(path, "/output/");
  return name && strcmp(name, "/journal.jsonl") == 0;
}

static ssize_t real_write(int fd, const void *bytes, size_t count) {
  static ssize_t (*next)(int, const void *, size_t);
  if (!next) next = dlsym(RTLD_NEXT, "write");
  return next(fd, bytes, count);
}

static void tell(const char *line) {
  const char *log = getenv("FAULT_LOG");
  int fd = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (fd < 0) return;
  if (real_write(fd, line, strlen(line)) < 0) abort();
  close(fd);
}

static void tell_number(const char *what, long number) {
  char line[64];
  snprintf(line, sizeof line, "%s %ld\n", what, number);
  tell(line);
}

/* What a variable asks for at the Nth time: its word, or nothing. */
static const char *asked(const char *variable, long number) {
  const char *text = getenv(variable);
  char *word;
  long at = text ? strtol(text, &word, 10) : 0;
  if (!text || at == 0 || number < at || *word != ' ') return 0;
  /* A kill or a cut comes once. */
  return number == at || (word[1] >= '0' && word[1] <= '9') ? word + 1 : 0;
}

static off_t length_of(int fd) {
  struct stat found;
  return fstat(fd, &found) ? 0 : found.st_size;
}

static void wait_millis(const char *millis) {
  usleep(1000 * (useconds_t)atoi(millis));
}

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!fails(fd)) return real_write(fd, bytes, count);
  const char *slow = getenv("FAULT_WRITE");
  if (slow && strncmp(slow, "0 ", 2) == 0) wait_millis(slow + 2);
  const char *fault = asked("FAULT_WRITE", ++writes);
  if (fault && strcmp(fault, "kill") == 0) {
    if (real_write(fd, bytes, count / 2) < 0) abort();
    kill(getpid(), SIGKILL);
  }
  if (fault) {
    errno = atoi(fault);
    return -1;
  }
  ssize_t done = real_write(fd, bytes, count);
  tell_number("wrote", length_of(fd));
  return done;
}

static void power_cut(int fd, int torn) {
  off_t length = length_of(fd), kept = synced;
  if (torn) kept += (length - synced) / 2;
  if (ftruncate(fd, kept)) abort();
  /* A block that was given out and never written reads as zeros. */
  if (torn && ftruncate(fd, kept + 64)) abort();
  kill(getpid(), SIGKILL);
}

static int sync_by(const char *name, int fd) {
  int (*next)(int) = dlsym(RTLD_NEXT, name);
  struct stat found;
  if (!fstat(fd, &found) && S_ISDIR(found.st_mode)) {
    char path[4096], line[4200];
    snprintf(line, sizeof line, "folder %s\n", path_of(fd, path, sizeof path));
    tell(line);
  }
  if (!fails(fd)) return next(fd);
  const char *slow = getenv("FAULT_SYNC");
  if (slow && strncmp(slow, "0 ", 2) == 0) wait_millis(slow + 2);
  const char *fault = asked("FAULT_SYNC", ++syncs);
  if (fault && (strcmp(fault, "cut") == 0 || strcmp(fault, "torn") == 0))
    power_cut(fd, *fault == 't');
  if (fault) {
    errno = atoi(fault);
    return -1;
  }
  off_t length = length_of(fd);
  int done = next(fd);
  synced = length;
  tell_number("synced", length);
  return done;
}

int fdatasync(int fd) { return sync_by("fdatasync", fd); }

int fsync(int fd) { return sync_by("fsync", fd); }

int clock_gettime(clockid_t clock, struct timespec *time) {
  static int (*next)(clockid_t, struct timespec *);
  if (!next) next = dlsym(RTLD_NEXT, "clock_gettime");
  int done = next(clock, time);
  const char *file = getenv("FAULT_CLOCK");
  if (clock == CLOCK_REALTIME && file) {
    char text[32] = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, text, sizeof text - 1) > 0) time->tv_sec += atol(text);
    if (fd >= 0) close(fd);
  }
  return done;
}
