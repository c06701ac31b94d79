/* Stands between a process and the disk: counts the calls that change files under one folder and, before the n-th of
 * them, kills the process or makes the call fail. For a power cut it keeps beside the folder what was durable: the
 * content of each file at its last fsync, and the names in each folder at that folder's last fsync.
 *
 * Built and loaded (LD_PRELOAD) by engine.py; armed through fault_arm() by the process that is to die. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { COUNT, KILL, POWER, FULL, BROKEN };

static int armed, mode;
static long target, calls;
static char root[PATH_MAX], shadow[PATH_MAX], last[64];
static size_t root_length;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void fault_arm(const char *folder, const char *kept, int how, long when) {
    snprintf(root, sizeof root, "%s", folder);
    snprintf(shadow, sizeof shadow, "%s", kept);
    root_length = strlen(root);
    mode = how;
    target = when;
    calls = 0;
    armed = 1;
}

void fault_disarm(void) { armed = 0; }
long fault_calls(void) { return calls; }
const char *fault_last(void) { return last; }

static int inside(const char *path) {
    return strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

static int fd_path(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return 1;
}

static int absolute(int folder, const char *name, char *path) {
    char base[PATH_MAX];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return 1;
    }
    if (folder == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else if (!fd_path(folder, base)) {
        return 0;
    }
    if ((size_t)snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    return 1;
}

static int fd_inside(int fd) {
    char path[PATH_MAX];
    return armed && fd_path(fd, path) && inside(path);
}

/* Before a call that changes something. Answers -1, with errno, where the call is to fail. */
static int before(const char *what, int takes_space) {
    int answer = 0;
    pthread_mutex_lock(&lock);
    calls++;
    snprintf(last, sizeof last, "%s", what);
    if ((mode == KILL || mode == POWER) && calls == target) {
        kill(getpid(), SIGKILL);
        for (;;) pause();
    }
    if (mode == FULL && calls >= target && takes_space) {
        errno = ENOSPC;
        answer = -1;
    }
    if (mode == BROKEN && calls == target) {
        errno = EIO;
        answer = -1;
    }
    pthread_mutex_unlock(&lock);
    return answer;
}

static void copy_content(int from, const char *to) {
    char buffer[65536];
    off_t at = 0;
    ssize_t n;
    int out = REAL(open)(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (out < 0) return;
    while ((n = pread(from, buffer, sizeof buffer, at)) > 0) {
        if (REAL(write)(out, buffer, n) != n) break;
        at += n;
    }
    close(out);
}

static int kept(ino_t number, char *path, const char *kind) {
    snprintf(path, PATH_MAX, "%s/%s-%lu", shadow, kind, (unsigned long)number);
    return access(path, F_OK) == 0;
}

/* A file that was durable is about to change: keep its content, once. */
static void keep_content(const char *path) {
    struct stat about;
    char to[PATH_MAX];
    int saved = errno;
    if (mode == POWER && stat(path, &about) == 0 && S_ISREG(about.st_mode) && !kept(about.st_ino, to, "file")) {
        int from = REAL(open)(path, O_RDONLY);
        if (from >= 0) {
            copy_content(from, to);
            close(from);
        }
    }
    errno = saved;
}

static void keep_content_of(int fd) {
    char path[PATH_MAX];
    if (mode == POWER && fd_path(fd, path)) keep_content(path);
}

/* A name is about to go: keep the file under another one outside. */
static void keep_file(const char *path) {
    struct stat about;
    char to[PATH_MAX];
    int saved = errno;
    if (mode == POWER && lstat(path, &about) == 0 && S_ISREG(about.st_mode) && !kept(about.st_ino, to, "gone"))
        REAL(link)(path, to);
    errno = saved;
}

static void note_new(const char *path, const char *kind) {
    struct stat about;
    char to[PATH_MAX];
    int saved = errno;
    if (mode == POWER && stat(path, &about) == 0) {
        kept(about.st_ino, to, kind);
        int out = REAL(open)(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (out >= 0) close(out);
    }
    errno = saved;
}

static void note_synced(int fd) {
    struct stat about;
    char to[PATH_MAX], path[PATH_MAX];
    int saved = errno;
    if (mode != POWER || fstat(fd, &about) != 0) return;
    if (S_ISREG(about.st_mode)) {
        kept(about.st_ino, to, "file");
        if (fd_path(fd, path)) {
            int from = REAL(open)(path, O_RDONLY);
            copy_content(from >= 0 ? from : fd, to);
            if (from >= 0) close(from);
        }
    } else if (S_ISDIR(about.st_mode) && fd_path(fd, path)) {
        struct dirent *entry;
        DIR *folder = opendir(path);
        kept(about.st_ino, to, "names");
        int out = REAL(open)(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        while (folder && (entry = readdir(folder))) {
            char line[NAME_MAX + 64], name[PATH_MAX];
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            if (lstat(name, &about) != 0) continue;
            int n = snprintf(line, sizeof line, "%c %lu %s\n", S_ISDIR(about.st_mode) ? 'd' : 'f',
                             (unsigned long)about.st_ino, entry->d_name);
            if (REAL(write)(out, line, n) != n) break;
        }
        if (folder) closedir(folder);
        if (out >= 0) close(out);
    }
    errno = saved;
}

static int open_checked(int folder, const char *name, int flags, mode_t permission) {
    char path[PATH_MAX];
    int changes = flags & (O_CREAT | O_TRUNC);
    if (!armed || !changes || !absolute(folder, name, path) || !inside(path))
        return REAL(openat)(folder, name, flags, permission);
    int there = access(path, F_OK) == 0;
    if (there && !(flags & O_TRUNC)) return REAL(openat)(folder, name, flags, permission);
    if (before(there ? "open(O_TRUNC)" : "open(O_CREAT)", !there)) return -1;
    if (there) keep_content(path);
    int fd = REAL(openat)(folder, name, flags, permission);
    if (fd >= 0 && !there) note_new(path, "file");
    return fd;
}

#define OPENING(flags, permission)                  \
    mode_t permission = 0;                          \
    if ((flags) & (O_CREAT | O_TMPFILE)) {          \
        va_list rest;                               \
        va_start(rest, flags);                      \
        permission = va_arg(rest, mode_t);          \
        va_end(rest);                               \
    }

int open(const char *name, int flags, ...) { OPENING(flags, p) return open_checked(AT_FDCWD, name, flags, p); }
int open64(const char *name, int flags, ...) { OPENING(flags, p) return open_checked(AT_FDCWD, name, flags, p); }
int openat(int d, const char *name, int flags, ...) { OPENING(flags, p) return open_checked(d, name, flags, p); }
int openat64(int d, const char *name, int flags, ...) { OPENING(flags, p) return open_checked(d, name, flags, p); }
int creat(const char *name, mode_t p) { return open_checked(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, p); }
int creat64(const char *name, mode_t p) { return open_checked(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, p); }

#define CHANGING(fd, what, space)            \
    if (fd_inside(fd)) {                     \
        if (before(what, space)) return -1;  \
        keep_content_of(fd);                 \
    }

ssize_t write(int fd, const void *data, size_t size) {
    CHANGING(fd, "write", 1)
    return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    CHANGING(fd, "pwrite", 1)
    return REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    CHANGING(fd, "pwrite", 1)
    return REAL(pwrite64)(fd, data, size, at);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    CHANGING(fd, "writev", 1)
    return REAL(writev)(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    CHANGING(fd, "pwritev", 1)
    return REAL(pwritev)(fd, parts, count, at);
}
int ftruncate(int fd, off_t size) {
    CHANGING(fd, "ftruncate", 0)
    return REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size) {
    CHANGING(fd, "ftruncate", 0)
    return REAL(ftruncate64)(fd, size);
}
int fallocate(int fd, int how, off_t at, off_t size) {
    CHANGING(fd, "fallocate", 1)
    return REAL(fallocate)(fd, how, at, size);
}
int posix_fallocate(int fd, off_t at, off_t size) {
    if (fd_inside(fd)) {
        if (before("posix_fallocate", 1)) return errno;
        keep_content_of(fd);
    }
    return REAL(posix_fallocate)(fd, at, size);
}
int fsync(int fd) {
    int ours = fd_inside(fd);
    if (ours && before("fsync", 0)) return -1;
    int answer = REAL(fsync)(fd);
    if (ours && answer == 0) note_synced(fd);
    return answer;
}
int fdatasync(int fd) {
    int ours = fd_inside(fd);
    if (ours && before("fdatasync", 0)) return -1;
    int answer = REAL(fdatasync)(fd);
    if (ours && answer == 0) note_synced(fd);
    return answer;
}

static int rename_checked(int d, const char *from, int e, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    if (!armed || !absolute(d, from, a) || !absolute(e, to, b) || !(inside(a) || inside(b))) return 0;
    if (before("rename", 0)) return -1;
    keep_file(b);
    return 1;
}
int rename(const char *from, const char *to) {
    if (rename_checked(AT_FDCWD, from, AT_FDCWD, to) < 0) return -1;
    return REAL(rename)(from, to);
}
int renameat(int d, const char *from, int e, const char *to) {
    if (rename_checked(d, from, e, to) < 0) return -1;
    return REAL(renameat)(d, from, e, to);
}
int renameat2(int d, const char *from, int e, const char *to, unsigned flags) {
    if (rename_checked(d, from, e, to) < 0) return -1;
    return REAL(renameat2)(d, from, e, to, flags);
}

static int going(int folder, const char *name, const char *what) {
    char path[PATH_MAX];
    if (!armed || !absolute(folder, name, path) || !inside(path)) return 0;
    if (before(what, 0)) return -1;
    keep_file(path);
    return 0;
}
int unlink(const char *name) { return going(AT_FDCWD, name, "unlink") ? -1 : REAL(unlink)(name); }
int unlinkat(int d, const char *name, int flags) {
    return going(d, name, flags & AT_REMOVEDIR ? "rmdir" : "unlink") ? -1 : REAL(unlinkat)(d, name, flags);
}
int rmdir(const char *name) { return going(AT_FDCWD, name, "rmdir") ? -1 : REAL(rmdir)(name); }

int mkdirat(int folder, const char *name, mode_t permission) {
    char path[PATH_MAX];
    int ours = armed && absolute(folder, name, path) && inside(path);
    if (ours && access(path, F_OK) != 0) {
        if (before("mkdir", 1)) return -1;
    } else {
        ours = 0;
    }
    int answer = REAL(mkdirat)(folder, name, permission);
    if (ours && answer == 0) note_new(path, "names");
    return answer;
}
int mkdir(const char *name, mode_t permission) { return mkdirat(AT_FDCWD, name, permission); }

int link(const char *from, const char *to) {
    char path[PATH_MAX];
    if (armed && absolute(AT_FDCWD, to, path) && inside(path) && before("link", 1)) return -1;
    return REAL(link)(from, to);
}
