/* SPDX-License-Identifier: Apache-2.0 */
/* A failure that is kept: its class at hand, and its sentences in as few bytes as they need. */
#ifndef HSMFERRY_BASE_ERR_NOTE_H
#define HSMFERRY_BASE_ERR_NOTE_H

#include "base/compact.h"
#include "base/err.h"

/* {0} is no failure. The owner frees it with err_note_free(). */
struct err_note {
    enum err_code code;
    struct compact *rest; /* the whole struct err; NULL: there was none, or no memory for it */
};

/* Replaces the note. Without memory the class is kept, and err_note_get() says that its sentences
 * were lost: notes are made at places at which nothing may fail. */
void err_note_set(struct err_note *note, const struct err *err);

/* The failure as it was noted. */
struct err err_note_get(const struct err_note *note);

/* Frees and empties. */
void err_note_free(struct err_note *note);

#endif
