/*
 * A file system that shows another folder, read only, and takes its time: each stat and each listing takes so many
 * microseconds, as on a network drive. Arguments: the folder, where it is mounted, microseconds, threads.
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const char *source;
static struct timespec pause_time;

static void take_time(void) {
    nanosleep(&pause_time, NULL);
}

static const char *real(const char *path, char *buffer) {
    snprintf(buffer, PATH_MAX, "%s%s", source, path);
    return buffer;
}

static int get_attributes(const char *path, struct stat *stats, struct fuse_file_info *info) {
    char buffer[PATH_MAX];
    (void)info;
    take_time();
    return lstat(real(path, buffer), stats) == 0 ? 0 : -errno;
}

static int list(const char *path, void *found, fuse_fill_dir_t add, off_t offset, struct fuse_file_info *info,
                enum fuse_readdir_flags flags) {
    char buffer[PATH_MAX];
    (void)offset, (void)info, (void)flags;
    take_time();
    DIR *folder = opendir(real(path, buffer));
    if (folder == NULL) return -errno;
    /* The kind of each is told as well, as most file systems do: it need not be looked at for that. */
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat stats = {.st_ino = entry->d_ino, .st_mode = DTTOIF(entry->d_type)};
        if (add(found, entry->d_name, &stats, 0, 0) != 0) break;
    }
    closedir(folder);
    return 0;
}

static int open_file(const char *path, struct fuse_file_info *info) {
    char buffer[PATH_MAX];
    int descriptor = open(real(path, buffer), O_RDONLY);
    if (descriptor < 0) return -errno;
    info->fh = descriptor;
    return 0;
}

static int read_file(const char *path, char *bytes, size_t size, off_t offset, struct fuse_file_info *info) {
    (void)path;
    ssize_t length = pread(info->fh, bytes, size, offset);
    return length < 0 ? -errno : (int)length;
}

static int close_file(const char *path, struct fuse_file_info *info) {
    (void)path;
    close(info->fh);
    return 0;
}

static int get_room(const char *path, struct statvfs *room) {
    char buffer[PATH_MAX];
    return statvfs(real(path, buffer), room) == 0 ? 0 : -errno;
}

/* The kernel remembers names, and nothing else of them: each look is made here. */
static void *start(struct fuse_conn_info *connection, struct fuse_config *config) {
    (void)connection;
    config->attr_timeout = 0;
    config->entry_timeout = 3600;
    config->negative_timeout = 0;
    config->use_ino = 1;
    return NULL;
}

static const struct fuse_operations operations = {
    .init = start,
    .getattr = get_attributes,
    .readdir = list,
    .open = open_file,
    .read = read_file,
    .release = close_file,
    .statfs = get_room,
};

int main(int count, char **arguments) {
    if (count != 5) return 2;
    source = arguments[1];
    long microseconds = atol(arguments[3]);
    pause_time.tv_sec = microseconds / 1000000;
    pause_time.tv_nsec = microseconds % 1000000 * 1000;
    char threads[64];
    snprintf(threads, sizeof threads, "max_threads=%s", arguments[4]);
    char *options[] = {arguments[0], "-f", "-o", threads, arguments[2], NULL};
    return fuse_main(5, options, &operations, NULL);
}
