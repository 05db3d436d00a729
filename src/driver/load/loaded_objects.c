/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/load/loaded_objects.h"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

/* --- which file is mapped --- */

enum { MAPPED_SIZE = 64 };

/* Writes the device and inode of the mapping at address as text: "fd:00 1234". */
static bool mapped_file(const void *address, char out[MAPPED_SIZE])
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[PATH_MAX + 128], device[16], inode[24];
    unsigned long from, to;
    bool found = false;

    while (maps && !found && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %*s %*s %15s %23s", &from, &to, device, inode) != 4 ||
            (uintptr_t)address < from || (uintptr_t)address >= to)
            continue;
        text_print(out, MAPPED_SIZE, "%s %s", device, inode);
        found = strcmp(inode, "0") != 0;
    }
    if (maps)
        fclose(maps);
    return found;
}

bool objects_is_file(const void *address, int fd)
{
    char theirs[MAPPED_SIZE], ours[MAPPED_SIZE];
    void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
    bool same = page != MAP_FAILED && mapped_file(page, ours) && mapped_file(address, theirs) &&
                strcmp(ours, theirs) == 0;

    if (page != MAP_FAILED)
        munmap(page, 1);
    return same;
}

/* --- which objects were added --- */

static uintptr_t place_of(const struct dl_phdr_info *object)
{
    return (uintptr_t)object->dlpi_phdr;
}

static int note(struct dl_phdr_info *object, size_t size, void *ctx)
{
    struct objects *objects = ctx;

    (void)size;
    if (objects->count < OBJECTS_MAX)
        objects->at[objects->count++] = place_of(object);
    return 0;
}

void objects_now(struct objects *out)
{
    *out = (struct objects){0};
    dl_iterate_phdr(note, out);
}

/* The objects added since *then, while they are counted. */
struct search {
    const struct objects *then;
    const char *except;
    struct came {
        const char *name;
        const void *at;
    } list[HSM_LOADED_MAX];
    size_t count;
};

static bool was_there(const struct objects *then, const struct dl_phdr_info *object)
{
    for (size_t i = 0; i < then->count; i++)
        if (then->at[i] == place_of(object))
            return true;
    return false;
}

static bool ends_in(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);

    return n && len >= n && strcmp(name + len - n, end) == 0;
}

static int take(struct dl_phdr_info *object, size_t size, void *ctx)
{
    struct search *search = ctx;

    (void)size;
    if (!object->dlpi_name[0] || was_there(search->then, object) ||
        ends_in(object->dlpi_name, search->except))
        return 0;
    if (search->count < HSM_LOADED_MAX)
        search->list[search->count] = (struct came){object->dlpi_name, object->dlpi_phdr};
    search->count++;
    return 0;
}

/* Hashes the file that the object was mapped from. If the path now names another file, the hash
 * stays zero. */
static void describe(const struct came *object, struct hsm_file *out)
{
    int fd = open(object->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool known = fd >= 0 && objects_is_file(object->at, fd) &&
                 file_sha256(object->name, out->path, sizeof out->path, out->sha256);

    if (fd >= 0)
        close(fd);
    if (known)
        return;
    *out = (struct hsm_file){.path = "(replaced) "};
    text_safe(object->name, strlen(object->name), out->path + strlen(out->path),
              sizeof out->path - strlen(out->path));
}

void objects_since(const struct objects *then, const char *except, struct hsm_info *info)
{
    struct search search = {.then = then, .except = except};
    size_t held;

    dl_iterate_phdr(take, &search);
    held = search.count < HSM_LOADED_MAX ? search.count : HSM_LOADED_MAX;
    for (size_t i = 0; i < held; i++)
        describe(&search.list[i], &info->loaded[i]);
    info->loaded_count = held;
    info->loaded_more = search.count > held;
}
