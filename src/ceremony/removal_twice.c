/* SPDX-License-Identifier: Apache-2.0 */
/* ONE TOKEN SEEN TWICE would prove itself: two names of an HA group, a clone, a share on a network,
 * one NSS database through two APIs. So each side makes a test key, and neither may
 * have the one of the other. */
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "ceremony/removal_parts.h"

enum { MARK_ID = 16 };

/* A test key of one side. */
struct mark {
    uint8_t id[MARK_ID]; /* random */
    uint64_t handle;     /* 0: it does not exist */
};

/* Kinds that an HSM may generate, the quickest first. */
static const struct key_sample samples[] = {
    {.kind = KEY_KIND_AES, .length = 32},
    {.kind = KEY_KIND_GENERIC, .length = 32},
    {.kind = KEY_KIND_EC, .curve = "P-256"},
    {.kind = KEY_KIND_RSA, .bits = 2048},
};

static bool generate(const struct party *party, const char *label, uint64_t handles[2],
                     struct err *err)
{
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        handles[0] = handles[1] = 0;
        if (party->hsm->driver->make_key(party->hsm, &samples[i], label, &handles[0], &handles[1],
                                         err)) {
            err_clear(err);
            return known_made(&party->known, NULL, &handles[0], err) &&
                   (!handles[1] || known_made(&party->known, NULL, &handles[1], err));
        }
        if (err->code != ERR_UNSUPPORTED)
            return false;
    }
    return false;
}

/* Generates a session key, and makes it a token object. */
static bool make_mark(const struct party *party, const char *label, struct mark *mark,
                      struct err *err)
{
    const struct hsm_driver *driver = party->hsm->driver;
    uint64_t made[2] = {0}, final = 0;
    struct err ignored;
    bool ok = RAND_bytes(mark->id, sizeof mark->id) == 1 ||
              err_set(err, ERR_FAILED, "no random numbers for a test key");

    ok = ok && generate(party, label, made, err) &&
         driver->commit(party->hsm, made[0], (const uint8_t *)label, strlen(label), mark->id,
                        sizeof mark->id, &final, err) &&
         known_made(&party->known, NULL, &final, err);
    mark->handle = final;
    for (unsigned i = 0; i < 2; i++)
        if (made[i] && made[i] != final)
            known_destroy(&party->known, party->hsm, NULL, &made[i], &ignored);
    return ok;
}

/* How many objects of the list are this mark. */
static unsigned count_mark(const struct key_list *list, const char *label, const struct mark *mark)
{
    unsigned count = 0;

    for (size_t i = 0; i < list->count; i++) {
        const struct key_desc *key = &list->keys[i];
        count += key->id_len == MARK_ID && memcmp(key->id, mark->id, MARK_ID) == 0 &&
                 key->label_len == strlen(label) && memcmp(key->label, label, key->label_len) == 0;
    }
    return count;
}

static bool same_token(enum side side, struct err *err)
{
    err_set(err, ERR_CONFLICT,
            "the test key of the %s is on the %s, too: both sides are one token, seen twice",
            side_name(side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE), side_name(side));
    err_now(err, "Nothing was destroyed but the two test keys");
    return err_next(err, "Name the two devices by which the keys were migrated; a group, a clone "
                         "or a share of one of them is not the other one");
}

/* Both marks in one list of this side. */
static bool judge_list(const struct removal_walk *w, enum side side, const struct key_list *list,
                       const struct mark marks[2], bool fresh, struct err *err)
{
    const char *label = w->c->transport.label;

    if (count_mark(list, label, &marks[side == SIDE_SOURCE]) > 0) /* that of the other side */
        return same_token(side, err);
    if (count_mark(list, label, &marks[side]) == 1)
        return true;
    err_set(err, ERR_UNFINISHED, "%s on the %s does not find the test key that was just made there",
            fresh ? "a fresh process" : "the session", side_name(side));
    err_now(err, "Nothing was destroyed but the two test keys");
    return err_next(
        err, "Determine which token this side shows; two tokens cannot be distinguished there");
}

/* Looks in the session, and from a fresh process. */
static bool look(struct removal_walk *w, enum side side, const struct mark marks[2],
                 struct err *err)
{
    struct party *party = removal_party(w, side);
    const struct ceremony_host *host = &w->c->host;
    struct key_list list = {0}, again = {0};
    struct hsm *fresh = NULL;
    bool ok = party->hsm->driver->list(party->hsm, &list, err) &&
              judge_list(w, side, &list, marks, false, err) &&
              host->open(host->ctx, side, &fresh, err) && party_enter(party, fresh, &again, err) &&
              judge_list(w, side, &again, marks, true, err);

    key_list_free(&list);
    key_list_free(&again);
    if (fresh)
        fresh->driver->close(fresh);
    return ok;
}

bool removal_distinguish(struct removal_walk *w, struct step_result *result, struct err *err)
{
    struct mark marks[2] = {0};
    struct err undone = {0};
    bool ok = true, clean = true;

    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = make_mark(removal_party(w, side), w->c->transport.label, &marks[side], err);
    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = look(w, side, marks, err);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (marks[side].handle) {
            struct party *party = removal_party(w, side);
            clean &= known_destroy(&party->known, party->hsm, NULL, &marks[side].handle, &undone);
        }
    if (ok && !clean)
        *err = undone;
    snprintf(result->text, sizeof result->text,
             "two tokens: neither has the test key of the other");
    return ok && clean;
}
