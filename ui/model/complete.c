/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/complete.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* What was found so far: a folder may hold anything, and is read only once. */
struct found {
    size_t count;
    char common[FIELD_MAX]; /* what all names begin with */
    char *said;
    size_t size, len;
};

static void add(struct found *found, const char *name)
{
    char safe[TEXT_SAFE_SIZE(NAME_MAX)];
    size_t same = 0;

    if (found->count++ == 0)
        snprintf(found->common, sizeof found->common, "%s", name);
    while (found->common[same] && found->common[same] == name[same])
        same++;
    found->common[same] = '\0';
    text_safe(name, strlen(name), safe, sizeof safe);
    if (found->len < found->size)
        found->len += (size_t)snprintf(found->said + found->len, found->size - found->len, "%s%s",
                                       found->len ? "  " : "", safe);
}

static void append(struct field *f, const char *text)
{
    char longer[FIELD_MAX];

    /* A name that this field could not have been typed with is not put into it. */
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return;
    if ((size_t)snprintf(longer, sizeof longer, "%s%s", f->text, text) < sizeof longer)
        field_set(f, longer);
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

void complete_path(struct field *f, char *said, size_t size)
{
    const char *path = f->text + (strncmp(f->text, "sql:", 4) == 0 ? 4 : 0);
    const char *slash = strrchr(path, '/'), *begun = slash ? slash + 1 : path;
    struct found found = {.said = said, .size = size};
    char folder[FIELD_MAX];
    size_t typed = strlen(begun);
    struct dirent *entry;
    DIR *dir;

    said[0] = '\0';
    snprintf(folder, sizeof folder, "%.*s", (int)(begun - path), path);
    dir = opendir(folder[0] ? folder : ".");
    if (!dir) {
        snprintf(said, size, "This folder cannot be listed: %s.",
                 errno == EACCES ? "it is outside of what hsmferry reads, or not yours"
                                 : strerrordesc_np(errno));
        return;
    }
    while ((entry = readdir(dir)) != NULL)
        if (strncmp(entry->d_name, begun, typed) == 0 &&
            (begun[0] == '.' || entry->d_name[0] != '.'))
            add(&found, entry->d_name);
    closedir(dir);
    if (found.count == 0)
        snprintf(said, size, "Nothing there begins so.");
    if (found.count > 0 && strlen(found.common) > typed)
        append(f, found.common + typed);
    if (found.count != 1)
        return;
    said[0] = '\0';
    path = f->text + (strncmp(f->text, "sql:", 4) == 0 ? 4 : 0);
    if (is_folder(path))
        append(f, "/");
}
