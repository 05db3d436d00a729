/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/run_file.h"

#include <string.h>

#include "base/text.h"
#include "protocol/visit.h"

bool run_file_of_service(const struct run_file *files, unsigned count)
{
    enum arrival_format ignored;

    for (unsigned i = 0; i < count; i++)
        if (strcmp(files[i].kind, ARRIVAL_PEM) == 0 || arrival_format_of(files[i].kind, &ignored))
            return true;
    return false;
}

void run_file_take(struct run_file files[RUN_FILES_MAX], unsigned *count, const struct event *e)
{
    static const char prefix[] = "hsmferry-";
    const char *kind = e->file.format;
    struct run_file *file = &files[*count];

    if (*count == RUN_FILES_MAX || e->file.state == FILE_DRAFTED)
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
