/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of an HSM, by handle: after the login, before the first step, and at the end. */
#ifndef HSMFERRY_CEREMONY_INVENTORIES_H
#define HSMFERRY_CEREMONY_INVENTORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "ceremony/narrator.h"
#include "ceremony/party.h"
#include "hsm/key.h"
#include "protocol/step.h"
#include "transfer/transfer.h"

/* The step that compares them at the end. */
enum { INVENTORY_STEP = STEP_INVENTORY };

/* The result of comparing them so far. */
struct leftovers {
    uint32_t left_over; /* objects that cannot be explained */
    uint32_t lost;      /* objects that were there before and are gone */
    bool opened;        /* both inventories before the first step are in the record */
    bool unsure;        /* it could not be checked whether an object is left over */
};

/* The inventory of one side right after its login, before anything is tried or made. */
bool inventory_login(struct party *party, struct err *err);

/* The inventory before the first step, of both sides. Errors: ERR_HSM: an object is gone since the
 * login, which left->lost counts. */
bool inventory_open(struct party *sides, struct leftovers *left, struct narrator *n,
                    struct err *err);

/* The same of one side. */
bool inventory_open_one(struct party *party, struct leftovers *left, struct narrator *n,
                        struct err *err);

/* What is there now and was not before, and can be explained. */
struct inventory_made {
    const uint64_t *handles; /* objects that stay */
    size_t count;
    const struct transfers *arrived; /* keys that may have arrived */
};

/* inventory_close() of one side. */
bool inventory_close_one(struct party *party, const struct inventory_made *made,
                         struct leftovers *left, struct narrator *n, char text[EVENT_TEXT_MAX],
                         struct err *err);

/* Compares both sides with what they were; all are the keys that may have arrived. Says in text
 * what was found. Errors: ERR_UNFINISHED (something is left over), ERR_HSM (an
 * object is gone), ERR_GONE. */
bool inventory_close(struct party *sides, const struct transfers *all, struct leftovers *left,
                     struct narrator *n, char text[EVENT_TEXT_MAX], struct err *err);

/* Before the review: adds the present state to *err, by both inventories: nothing was changed; or,
 * with another code, an object is gone; or the state is not known. Returns false, except if
 * err->code is ERR_NONE and nothing is gone. */
bool inventory_say_now(const struct party *sides, struct err *err);

/* Describes the object with this handle, as it was listed. */
void inventory_name(const struct party *party, uint64_t handle, char *text, size_t size);

/* Objects without class, label and id: incomplete ones, as a crash may leave them. */
bool inventory_is_nameless(const struct key_desc *key);
uint32_t inventory_nameless(const struct key_list *list);

#endif
