/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the plan of an interrupted ceremony differed from its script, and the exceptions in which its
 * officers said why: the one that was written in it, and those that it quotes from ceremonies that
 * were interrupted before. The ceremony that resumes it needs no other one for the same
 * differences.
 */
#ifndef HSMFERRY_PLAN_EXPLAINED_H
#define HSMFERRY_PLAN_EXPLAINED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"
#include "protocol/event.h"

/* One difference, without what another listing of the same keys changes: handles and numbers. */
struct explained_difference {
    enum script_what what;
    uint32_t line, expect, found;
    enum key_class class;
    uint16_t label_len, id_len;
    uint8_t label[KEY_LABEL_MAX], id[KEY_ID_MAX];
    char type[KEY_TYPE_TEXT];
    char setting[32]; /* SCRIPT_POLICY: its name */
};

/* {0} is none, and valid. */
struct explained {
    struct explained_difference *differences; /* of the last plan; sorted by explained_end() */
    size_t count;
    struct event *words; /* the exceptions, in their order, with their times; ... */
    size_t word_count;
    char ceremony[40]; /* ... those that are not quoted there were written in this ceremony */
    bool counts;       /* the last one says why of what the others do not say */
};
enum { EXPLAINED_WORDS_MAX = 64 }; /* so many interruptions; a journal can claim any number */

/* The difference that an event of the script states; added: the key of SCRIPT_ADDED, else NULL. */
struct explained_difference explained_of(const struct event_script *word,
                                         const struct key_desc *added);

/* Takes over the next event of its journal; added as above. Errors: ERR_FAILED (memory), ERR_DATA
 * (more than EXPLAINED_WORDS_MAX exceptions). */
bool explained_take(struct explained *e, const struct event *event, const struct key_desc *added,
                    struct err *err);

/* Ends the taking. ceremony: the id of the interrupted one. */
void explained_end(struct explained *e, const char *ceremony);

/* Is there an exception, and does it say why of this difference? */
bool explained_covers(const struct explained *e, const struct explained_difference *difference);

void explained_free(struct explained *e);

#endif
