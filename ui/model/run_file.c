/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/run_file.h"

#include <string.h>

#include "base/text.h"

void run_file_take(struct run_file files[RUN_FILES_MAX], unsigned *count, const struct event *e)
{
    static const char prefix[] = "hsmferry-";
    const char *kind = e->file.format;
    struct run_file *file = &files[*count];

    if (*count == RUN_FILES_MAX)
        return;
    kind += strncmp(kind, prefix, sizeof prefix - 1) == 0 ? sizeof prefix - 1 : 0;
    ++*count;
    file->written = e->file.state == FILE_WRITTEN;
    text_print(file->kind, sizeof file->kind, "%.*s", (int)strcspn(kind, "/"), kind);
    text_cut(file->stage, sizeof file->stage, e->file.stage);
    text_cut(file->path, sizeof file->path, e->file.path);
    text_cut(file->trust, sizeof file->trust, e->file.trust);
    file->bytes = e->file.bytes;
    memcpy(file->sha256, e->file.sha256, sizeof file->sha256);
}
