/* SPDX-License-Identifier: Apache-2.0 */
#include "base/store.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"

/* NSS may have prefixed its name (parameter keyPrefix). */
static bool is_database(const char *path)
{
    static const char name[] = "key4.db";
    size_t len = strlen(path);

    return len >= sizeof name && strcmp(path + len - (sizeof name - 1), name) == 0;
}

/* Looks for the open file, not at the parameters: those can name one folder in many ways. */
static unsigned find_database(struct stat *found)
{
    char path[PATH_MAX + 1];
    struct dirent *entry;
    unsigned count = 0;
    struct stat st;
    DIR *open_files = opendir("/proc/self/fd");

    while (open_files && (entry = readdir(open_files))) {
        ssize_t len = readlinkat(dirfd(open_files), entry->d_name, path, sizeof path - 1);
        if (len <= 0)
            continue;
        path[len] = '\0';
        if (!is_database(path) || fstatat(dirfd(open_files), entry->d_name, &st, 0) != 0 ||
            (count > 0 && st.st_dev == found->st_dev && st.st_ino == found->st_ino))
            continue;
        *found = st;
        count++;
    }
    if (open_files)
        closedir(open_files);
    return count;
}

/* Identifies the running kernel, whose device numbers are its own: containers on one host share
 * them, different hosts do not. */
static bool read_kernel(char *out, int size)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    bool ok = file && fgets(out, size, file);

    if (file)
        fclose(file);
    out[ok ? strspn(out, "0123456789abcdef-") : 0] = '\0';
    return out[0] != '\0';
}

void store_name(char *out, size_t size)
{
    struct stat st = {0};
    char kernel[40];

    out[0] = '\0';
    if (find_database(&st) == 1 && read_kernel(kernel, sizeof kernel))
        text_print(out, size, "%s %x:%x %llu", kernel, major(st.st_dev), minor(st.st_dev),
                   (unsigned long long)st.st_ino);
}
