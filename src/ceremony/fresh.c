/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last look, by a process that has seen nothing of the ceremony: it proves what is on the
 * destination, and finds the traces of what went wrong.
 */
#include "ceremony/fresh.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/application.h"
#include "ceremony/members.h"
#include "hsm/fidelity.h"
#include "plan/name_index.h"
#include "transfer/proof.h"
#include "transfer/public_object.h"

/* Proves a key from the fresh process; what became of it is decided here. */
static void prove_fresh(struct ceremony *c, struct transfer *t, struct hsm *fresh,
                        const struct key_desc *listed)
{
    const struct plan_item *item = t->item;
    struct bytes spki = {0};
    struct hsm *source = source_of(c);
    struct key_desc found; /* with what it demands of other keys, which no list has */
    const struct proof_pair pair = {
        source,          item->key.handle, &spki, fresh, listed ? listed->handle : 0,
        item->key.class, item->half};
    const struct fidelity_pair same = {&item->key, &item->want_flags, &found, false};
    bool ok = true;

    if (!listed)
        ok = err_set(&t->err, ERR_UNFINISHED,
                     "a fresh process does not find exactly one key of this name");
    else
        ok = fresh->driver->describe(fresh, listed->handle, &found, &t->err) &&
             public_object_read(source, item, &spki, &t->err);
    ok = ok && fidelity_check(&same, &t->err) &&
         (item->unproven ||
          (proof_run(&pair, proof_exact(1U << t->proof, &item->key, &found), &t->proof, &t->err) &&
           emit_proof(&c->narrator, c->side, t, STEP_PROVE_FRESH, NULL, &t->err)));
    if (ok)
        t->found = found;
    t->outcome = !ok ? KEY_UNKNOWN : item->unproven ? KEY_UNPROVEN : KEY_MIGRATED;
    bytes_free(&spki);
}

/* May the destination still be writing, though nobody waits for it any longer? */
static bool is_at_work(const struct ceremony *c)
{
    struct hsm *hsm = c->side[SIDE_DESTINATION].hsm;

    return hsm->driver->at_work && hsm->driver->at_work(hsm);
}

/* A key that was not proven: is anything under its name after all? A commit that was answered OK is
 * not undone by not being found, and one that is still under way may be done later. Where the
 * inventories could not be compared, a key that failed may be there too. */
static void count_trace(struct ceremony *c, struct transfer *t, bool there, bool at_work)
{
    bool looked = !c->side[SIDE_DESTINATION].gone;

    if (there && (t->outcome == KEY_UNKNOWN || (t->outcome == KEY_FAILED && !looked)))
        c->result.left.left_over++;
    else if (!there && t->outcome == KEY_UNKNOWN && t->final == 0 && !at_work)
        t->outcome = KEY_FAILED;
}

/* Temporaries that outlived their session, and the traces of a commit whose answer was lost. */
static void count_traces(struct ceremony *c, const struct key_list *list, const struct names *names,
                         bool at_work)
{
    const uint32_t before = inventory_nameless(&c->side[SIDE_DESTINATION].keys);
    const uint32_t now = inventory_nameless(list);

    /* Half an object of a commit that was cut off, where no inventory could show it. */
    if (c->side[SIDE_DESTINATION].gone && now > before)
        c->result.left.left_over += now - before;
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].label_len == strlen(c->transport.label) &&
            memcmp(list->keys[i].label, c->transport.label, strlen(c->transport.label)) == 0)
            c->result.left.left_over++;
    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (!t->proven)
            count_trace(c, t, names_same(names, &t->item->key) > 0, at_work);
    }
}

/* Where the destination's own session could not compare the inventories, the fresh one knows what
 * was listed at the login by its name. */
static void compare_names(struct ceremony *c, const struct names *names)
{
    struct party *party = &c->side[SIDE_DESTINATION];
    const uint32_t lost = c->result.left.lost;
    char text[EVENT_TEXT_MAX];

    if (!party->gone)
        return;
    for (size_t i = 0; i < party->keys.count; i++)
        if (names_same(names, &party->keys.keys[i]) == 0) {
            inventory_name(party, party->keys.keys[i].handle, text, sizeof text);
            emit_note(&c->narrator, EVENT_WARNING, SIDE_DESTINATION, "missing", "%s", text);
            c->result.left.lost++;
        }
    party->intact = c->result.left.lost == lost;
}

/* What another process finds to be another key, or guarded worse, a resume finds so, too. */
static bool is_settled(const struct ceremony *c)
{
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct transfer *t = &c->transfers.at[i];
        if (t->proven && t->outcome == KEY_UNKNOWN && t->err.code != ERR_DATA &&
            t->err.code != ERR_DENIED && t->err.code != ERR_UNSUPPORTED &&
            t->err.code != ERR_CONFLICT)
            return false;
    }
    return true;
}

static bool unfinished(const struct ceremony *c, size_t proven, size_t unknown, struct err *err)
{
    err_set(err, ERR_UNFINISHED, "%zu of %zu keys could not be proven from a fresh process",
            unknown, proven);
    err_now(err,
            "They are on the destination, and were proven there by the process that kept them");
    return err_next(
        err, is_settled(c) ? "Read the reason beside each key: no resume changes it. Look at both "
                             "tokens, and use no such key on the destination before."
                           : "Read the reason beside each key, then run: hsmferry resume with the "
                             "journal");
}

/* How many keys, and how many public objects. */
struct tally {
    size_t keys, objects;
};

static size_t sum(const struct tally *tally)
{
    return tally->keys + tally->objects;
}

static void count(struct tally *tally, const struct transfer *t, bool yes)
{
    *(t->item->route == ROUTE_PUBLIC ? &tally->objects : &tally->keys) += yes;
}

/* Opens the destination in a separate process, and proves there what this one has kept. */
static bool look_afresh(struct ceremony *c, bool at_work, struct err *err)
{
    struct hsm *fresh = NULL;
    struct key_list list = {0};
    struct names names = {0};
    bool ok = c->host.open(c->host.ctx, SIDE_DESTINATION, &fresh, err) &&
              party_enter(&c->side[SIDE_DESTINATION], fresh, &list, err) &&
              names_make(&list, &names, err);

    if (ok) {
        count_traces(c, &list, &names, at_work);
        compare_names(c, &names);
    } else
        c->result.left.unsure = true;
    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (!t->proven)
            continue;
        if (ok)
            prove_fresh(c, t, fresh, names_only(&names, &t->item->key));
        else {
            t->outcome = KEY_UNKNOWN;
            t->err = *err;
        }
    }
    names_free(&names);
    key_list_free(&list);
    if (fresh)
        fresh->driver->close(fresh);
    return ok;
}

static void say(const struct tally *migrated, const struct tally *proven, size_t by_app, char *text,
                size_t size)
{
    size_t len = text_print(text, size, "%zu of %zu keys", migrated->keys, proven->keys);

    if (proven->objects)
        len += text_print(text + len, size - len, ", %zu of %zu public objects", migrated->objects,
                          proven->objects);
    len += text_print(text + len, size - len, " proven by a process of its own");
    if (by_app)
        text_print(text + len, size - len, ", %zu of them also through OpenSSL and libp11", by_app);
}

bool fresh_prove(struct ceremony *c, struct step_result *result, struct err *err)
{
    struct tally proven = {0}, migrated = {0};
    size_t unsure = 0, by_app;
    const bool at_work = is_at_work(c); /* asked before it is looked */
    bool ok;

    for (size_t i = 0; i < c->transfers.count; i++) {
        count(&proven, &c->transfers.at[i], c->transfers.at[i].proven);
        unsure += c->transfers.at[i].outcome == KEY_UNKNOWN;
    }
    if (sum(&proven) + unsure == 0 && !c->side[SIDE_DESTINATION].gone) {
        snprintf(result->text, sizeof result->text, "not needed: no key was kept");
        return true;
    }
    ok = look_afresh(c, at_work, err);
    by_app = ok ? application_prove(c) : 0;
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct transfer *t = &c->transfers.at[i];
        count(&migrated, t, t->outcome == KEY_MIGRATED || t->outcome == KEY_UNPROVEN);
    }
    secret_free(&c->side[SIDE_DESTINATION].pin);
    say(&migrated, &proven, by_app, result->text, sizeof result->text);
    return !ok || sum(&migrated) == sum(&proven) ||
           unfinished(c, sum(&proven), sum(&proven) - sum(&migrated), err);
}
