/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last check, by a process that took no part in the ceremony: it proves the keys on the
 * destination, and finds the traces of failures.
 */
#include "ceremony/fresh.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ceremony/application.h"
#include "ceremony/members.h"
#include "ceremony/windows.h"
#include "hsm/fidelity.h"
#include "plan/name_index.h"
#include "transfer/ahead.h"
#include "transfer/in_line.h"
#include "transfer/proof.h"
#include "transfer/public_object.h"
#include "transfer/wrapped_key.h"

/* One key, on any thread. */
struct fresh_key {
    struct transfer *t;
    const struct key_desc *listed; /* NULL: there is not exactly one of its name */
    struct key_desc found;         /* with its templates, which no list has */
    bool ok;
    struct err err;
};

/* Several at the same time, if keys were in progress together. */
enum { FRESH_KEYS = 32 };
struct fresh_keys {
    struct hsm *source, *fresh;
    uint64_t evidence_key; /* 0: it has none */
    size_t count, most;
    struct fresh_key key[FRESH_KEYS];
};

static bool is_as_it_must_be(struct fresh_key *key)
{
    const struct plan_item *item = key->t->item;
    const struct fidelity_pair same = {item->key, &item->want_flags, &key->found, false};

    return item->route == ROUTE_ALIGNED ? in_line_holds(item, &key->found, &key->err)
                                        : fidelity_check(&same, &key->err);
}

/* Proves a key from the fresh process. */
static void prove_key(void *arg, size_t i)
{
    struct fresh_keys *keys = arg;
    struct fresh_key *key = &keys->key[i];
    const struct key_desc *listed = key->listed;
    const struct plan_item *item = key->t->item;
    struct bytes spki = {0};
    const struct proof_pair pair = {
        keys->source,     item->key->handle, &spki, keys->fresh, listed ? listed->handle : 0,
        item->key->class, item->half,        false};

    if (!listed)
        key->ok = err_set(&key->err, ERR_UNFINISHED,
                          "a fresh process does not find exactly one key of this name");
    else
        key->ok =
            keys->fresh->driver->describe(keys->fresh, listed->handle, &key->found, &key->err) &&
            (item->unproven || ahead_shows_public(key->t->ahead) ||
             public_object_read(keys->source, item, &spki, &key->err));
    if (key->t->ahead && key->t->ahead->sealed)
        key->t->ahead->sealed->of.evidence_key = keys->evidence_key;
    if (item->route == ROUTE_DERIVED)
        ahead_free(&key->t->ahead); /* it was of another object of the source */
    key->ok = key->ok && is_as_it_must_be(key) &&
              (item->unproven || ahead_run(&pair, &key->t->ahead, AHEAD_FRESH,
                                           proof_exact(1U << key->t->proof, item->key, &key->found),
                                           &key->t->proof, &key->err));
    bytes_free(&spki);
}

/* Records the proof, and decides the outcome. */
static void judge_key(struct ceremony *c, struct fresh_key *key)
{
    struct transfer *t = key->t;

    key->ok = key->ok && (t->item->unproven ||
                          emit_proof(&c->narrator, c->side, t, STEP_PROVE_FRESH, NULL, &key->err));
    if (key->ok) {
        key->found.handle = t->final; /* the fresh process has handles for itself alone */
        key->ok = compact_set(&t->found, &key->found, sizeof key->found) ||
                  err_set(&key->err, ERR_FAILED, "no memory for the description of a key");
    }
    if (!key->ok)
        err_note_set(&t->err, &key->err);
    t->outcome = !key->ok                          ? KEY_UNKNOWN
                 : t->item->unproven               ? KEY_UNPROVEN
                 : t->item->route == ROUTE_ALIGNED ? KEY_ALIGNED
                 : t->item->route == ROUTE_DERIVED ? KEY_DERIVED
                                                   : KEY_MIGRATED;
}

static void prove_keys(struct ceremony *c, struct fresh_keys *keys)
{
    windows_spread(c, keys->count, prove_key, keys);
    for (size_t i = 0; i < keys->count; i++)
        judge_key(c, &keys->key[i]);
    keys->count = 0;
}

/* As many sessions as the keys had that were in progress together. If it has none for them, the
 * first call shows it. */
static void open_sessions(const struct ceremony *c, struct fresh_keys *keys)
{
    unsigned have = 1;
    struct err ignored;

    keys->most = 1;
    if (c->walk.windows.threads == 0)
        return;
    if (!keys->fresh->driver->sessions ||
        keys->fresh->driver->sessions(keys->fresh, c->walk.windows.sessions, &have, &ignored))
        keys->most = FRESH_KEYS;
}

static void prove_fresh(struct ceremony *c, struct hsm *fresh, const struct names *names)
{
    struct fresh_keys keys = {
        .source = source_of(c), .fresh = fresh, .evidence_key = c->transport.evidence.fresh_key};

    open_sessions(c, &keys);
    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (!t->proven)
            continue;
        keys.key[keys.count++] =
            (struct fresh_key){.t = t, .listed = names_only(names, in_line_name(t->item))};
        if (keys.count == keys.most)
            prove_keys(c, &keys);
    }
    prove_keys(c, &keys);
}

/* May the destination still be executing a call that was given up? */
static bool is_at_work(const struct ceremony *c)
{
    struct hsm *hsm = c->side[SIDE_DESTINATION].hsm;

    return hsm->driver->at_work && hsm->driver->at_work(hsm);
}

/* A key that was not proven: does an object with its name exist? If a commit was answered OK, "not
 * found" does not mean that it was undone; and a commit that is still being executed may be done
 * later. If the inventories could not be compared, a key that failed may exist too. */
static void count_trace(struct ceremony *c, struct transfer *t, bool there, bool at_work)
{
    bool looked = !c->side[SIDE_DESTINATION].gone;

    if (there && (t->outcome == KEY_UNKNOWN || (t->outcome == KEY_FAILED && !looked)))
        c->result.left.left_over++;
    else if (!there && t->outcome == KEY_UNKNOWN && t->final == 0 && !at_work)
        t->outcome = KEY_FAILED;
}

/* Temporary objects that outlived their session, and the traces of a commit without an answer. */
static void count_traces(struct ceremony *c, const struct key_list *list, const struct names *names,
                         bool at_work)
{
    const uint32_t before = inventory_nameless(&c->side[SIDE_DESTINATION].keys);
    const uint32_t now = inventory_nameless(list);

    /* Half an object of an interrupted commit, which no inventory could show. */
    if (c->side[SIDE_DESTINATION].gone && now > before)
        c->result.left.left_over += now - before;
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i].handle != c->transport.evidence.fresh_key &&
            list->keys[i].label_len == strlen(c->transport.label) &&
            memcmp(list->keys[i].label, c->transport.label, strlen(c->transport.label)) == 0)
            c->result.left.left_over++;
    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (!t->proven && t->item->route != ROUTE_ALIGNED)
            count_trace(c, t, names_same(names, t->item->key) > 0, at_work);
    }
}

/* If the session of the destination could not compare the inventories, the fresh session looks for
 * the objects listed at the login by their names. */
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

/* If the fresh process finds another key, or one with weaker guards, so will a resume. */
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
        err, is_settled(c) ? "Read the reason next to each key: no resume changes it. Look at both "
                             "tokens, and use no such key on the destination before."
                           : "Read the reason next to each key, then run: hsmferry resume with the "
                             "journal");
}

/* The numbers of keys and of public objects. */
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

/* The pair of the offer, in the fresh process. 0: it is not there. */
static uint64_t find_pair(const struct key_list *list, const struct key_desc *pair)
{
    for (size_t i = 0; i < list->count; i++)
        if (key_same_name(&list->keys[i], pair) && list->keys[i].has_public && pair->has_public &&
            memcmp(list->keys[i].spki_sha256, pair->spki_sha256, sizeof pair->spki_sha256) == 0)
            return list->keys[i].handle;
    return 0;
}

bool fresh_prepare(struct ceremony *c, const struct key_desc *pair, struct err *err)
{
    struct transport *t = &c->transport;
    const struct hsm_template template = transport_kek_template(t, KEY_UNWRAP);
    struct key_list list = {0};
    uint64_t kek = 0, handle;
    bool ok;

    if (!t->evidence.wanted)
        return true;
    ok = c->host.open(c->host.ctx, SIDE_DESTINATION, &t->evidence.fresh, err) &&
         party_enter(&c->side[SIDE_DESTINATION], t->evidence.fresh, &list, err);
    handle = ok ? find_pair(&list, pair) : 0;
    ok = ok && (handle || err_set(err, ERR_UNFINISHED, "a fresh process does not find the pair")) &&
         wrapped_key_unwrap(t->evidence.fresh, t->suite->transport, handle, &t->wire.wrapped_kek,
                            &template, &kek, err) &&
         transport_unwrap_evidence(t->evidence.fresh, t, kek, &t->evidence.fresh_key, NULL, err);
    if (kek)
        ok = t->evidence.fresh->driver->destroy(t->evidence.fresh, kek, err) && ok;
    key_list_free(&list);
    if (!ok)
        fresh_forget(c);
    return ok;
}

void fresh_forget(struct ceremony *c)
{
    struct hsm *fresh = c->transport.evidence.fresh;

    c->transport.evidence.fresh = NULL;
    c->transport.evidence.fresh_key = 0;
    if (fresh)
        fresh->driver->close(fresh);
}

/* The process that was prepared, or another one. */
static bool enter(struct ceremony *c, struct hsm **fresh, struct key_list *list, struct err *err)
{
    *fresh = c->transport.evidence.fresh;
    c->transport.evidence.fresh = NULL;
    if (*fresh)
        return (*fresh)->driver->list(*fresh, list, err);
    return c->host.open(c->host.ctx, SIDE_DESTINATION, fresh, err) &&
           party_enter(&c->side[SIDE_DESTINATION], *fresh, list, err);
}

/* Opens the destination in a separate process, and proves the keys that this process committed. */
static bool look_afresh(struct ceremony *c, bool at_work, struct application *app, struct err *err)
{
    struct hsm *fresh = NULL;
    struct key_list list = {0};
    struct names names = {0};
    bool ok = enter(c, &fresh, &list, err) && names_make(&list, &names, err);

    if (ok) {
        count_traces(c, &list, &names, at_work);
        compare_names(c, &names);
    } else
        c->result.left.unsure = true;
    if (ok) {
        application_begin(c, app);
        prove_fresh(c, fresh, &names);
    }
    for (size_t i = 0; !ok && i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        if (t->proven) {
            t->outcome = KEY_UNKNOWN;
            err_note_set(&t->err, err);
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
    len += text_print(text + len, size - len, " proven by a separate process");
    if (by_app)
        text_print(text + len, size - len, ", %zu of them also through OpenSSL and libp11", by_app);
}

bool fresh_prove(struct ceremony *c, struct step_result *result, struct err *err)
{
    struct tally proven = {0}, migrated = {0};
    size_t unsure = 0, by_app;
    const bool at_work = is_at_work(c); /* determined before the search */
    struct application app = {.hsm = NULL};
    bool ok;

    for (size_t i = 0; i < c->transfers.count; i++) {
        count(&proven, &c->transfers.at[i], c->transfers.at[i].proven);
        unsure += c->transfers.at[i].outcome == KEY_UNKNOWN;
    }
    if (sum(&proven) + unsure == 0 && !c->side[SIDE_DESTINATION].gone) {
        snprintf(result->text, sizeof result->text, "not needed: no key was kept");
        return true;
    }
    ok = look_afresh(c, at_work, &app, err);
    by_app = ok ? application_prove(c, &app) : 0;
    for (size_t i = 0; i < c->transfers.count; i++) {
        const struct transfer *t = &c->transfers.at[i];
        count(&migrated, t,
              t->outcome == KEY_MIGRATED || t->outcome == KEY_UNPROVEN ||
                  t->outcome == KEY_ALIGNED || t->outcome == KEY_DERIVED);
    }
    secret_free(&c->side[SIDE_DESTINATION].pin);
    say(&migrated, &proven, by_app, result->text, sizeof result->text);
    return !ok || sum(&migrated) == sum(&proven) ||
           unfinished(c, sum(&proven), sum(&proven) - sum(&migrated), err);
}

/* --- test keys --- */

static bool is_listed(const struct key_list *list, const struct transfer *t)
{
    const struct key_desc *like = t->item->key;
    const char *label = t->transport->label;

    for (size_t i = 0; i < list->count; i++) {
        const struct key_desc *key = &list->keys[i];
        if (key->class == like->class && key->kind == like->kind &&
            key->label_len == strlen(label) && memcmp(key->label, label, key->label_len) == 0 &&
            (!like->has_public || !key->has_public ||
             memcmp(key->spki_sha256, like->spki_sha256, sizeof key->spki_sha256) == 0))
            return true;
    }
    return false;
}

bool fresh_find(struct ceremony *c, const struct transfers *transfers,
                const struct transfer **missing, struct err *err)
{
    struct key_list list = {0};
    struct hsm *fresh = NULL;
    bool ok = c->host.open(c->host.ctx, SIDE_DESTINATION, &fresh, err) &&
              party_enter(&c->side[SIDE_DESTINATION], fresh, &list, err);

    if (!ok && err->code == ERR_UNFINISHED)
        err->code = ERR_HSM; /* nothing of a test is kept */
    *missing = NULL;
    for (size_t i = 0; ok && !*missing && i < transfers->count; i++)
        if (transfers->at[i].final && !is_listed(&list, &transfers->at[i]))
            *missing = &transfers->at[i];
    key_list_free(&list);
    if (fresh)
        fresh->driver->close(fresh);
    return ok;
}
