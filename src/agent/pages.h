/* SPDX-License-Identifier: Apache-2.0 */
/* Long lists, sent page by page: page 0 queries the HSM again, the others continue its list. A page
 * of keys is sent as soon as it is filled, or after PAGES_WAIT_MS, before the next ones are read.
 */
#ifndef HSMFERRY_AGENT_PAGES_H
#define HSMFERRY_AGENT_PAGES_H

#include "agent/readers.h"
#include "hsm/handles.h"
#include "hsm/hsm.h"
#include "link/wire.h"

/* {0} holds no list. */
struct pages {
    struct key_list keys;
    uint64_t *handles;
    size_t handle_count, read_count; /* of keys, so many were read */
    struct readers readers;          /* of keys */
    /* memory that a page lends to the reply: */
    Pb__KeyPage key_page;
    Pb__HandlePage handle_page;
    Pb__Key parts[WIRE_KEYS_PAGE];
    Pb__Key *refs[WIRE_KEYS_PAGE];
    struct wire_constraints constraints[WIRE_KEYS_PAGE];
};

enum { PAGES_WAIT_MS = 200 };

/* The page that begins at entry from. The reply borrows from *p until the next call. known: the
 * inventory of now, if it was taken already; otherwise NULL. Keys are read by as many sessions as
 * the page allows, if that is faster. Errors: ERR_DATA (no such page), and those of list() and
 * handles(). */
bool pages_keys(struct pages *p, struct hsm *hsm, const Pb__Page *page, const struct handles *known,
                Pb__Reply *reply, struct err *err);
bool pages_handles(struct pages *p, struct hsm *hsm, uint32_t from, Pb__Reply *reply,
                   struct err *err);

/* The first page of an inventory that was taken already; the others follow by pages_handles().
 * Errors: ERR_FAILED (memory). */
bool pages_known_handles(struct pages *p, const struct handles *known, Pb__Reply *reply,
                         struct err *err);

/* Must come before the end of the HSM. */
void pages_forget(struct pages *p);

#endif
