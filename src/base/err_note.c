/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err_note.h"

void err_note_set(struct err_note *note, const struct err *err)
{
    note->code = err->code;
    if ((err->code == ERR_NONE && !err->what[0]) || !compact_set(&note->rest, err, sizeof *err))
        compact_free(&note->rest);
}

struct err err_note_get(const struct err_note *note)
{
    struct err err;

    compact_get(note->rest, &err, sizeof err);
    if (note->code != ERR_NONE && !note->rest)
        err_set(&err, note->code, "there was no memory to keep the reason");
    return err;
}

void err_note_free(struct err_note *note)
{
    compact_free(&note->rest);
    note->code = ERR_NONE;
}
