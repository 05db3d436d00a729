/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/visit_run.h"

#include <string.h>

#include "ceremony/ceremony.h"
#include "ceremony/ending.h"
#include "ceremony/inventories.h"
#include "ceremony/visit_parts.h"
#include "ceremony/visit_sign.h"
#include "protocol/officer.h"

/* --- the own side --- */

/* With two officers: the witness of this room is the second one. */
static bool name_officers(struct visit_walk *v, struct err *err)
{
    static const char *const roles[2][2] = {{"source officer", "source witness"},
                                            {"destination officer", "destination witness"}};
    const struct ceremony_setup *setup = &v->c->setup;
    struct gatekeeper *k = &v->c->gatekeeper;

    k->answerers = roles[v->side];
    for (unsigned i = 0; i < 2 && k->two_officers; i++)
        if (!officer_find(setup->officers, setup->officer_count, k->answerers[i])) {
            err_set(err, ERR_CONFIG, "a gate waits for two officers, and nobody is the %s",
                    k->answerers[i]);
            err_now(err, "Nothing was started");
            return err_next(err, "Name the officer and the witness of this room under "
                                 "\"officers\" in the ceremony file");
        }
    return true;
}

static bool confirm_device(struct visit_walk *v, struct err *err)
{
    struct gate_subject about = {.gate = GATE_DEVICES};

    return ceremony_read_out(v->c, v->side, &v->job->token, &about.device, err) &&
           visit_gate(v, &about, err);
}

/* The token of the offer, and no other one. */
static bool is_same_device(const struct visit_walk *v, struct err *err)
{
    if (v->side != SIDE_DESTINATION || !v->past || !v->past->has_pair ||
        hsm_same_token(&v->past->slot, v->own->slot))
        return true;
    err_set(err, ERR_CONFLICT, "the offer was made on the token %.40s, serial %.40s, not on %.40s",
            v->past->slot.label, v->past->slot.serial, v->own->slot->label);
    err_now(err, "Nothing was changed.");
    return err_next(err, "Connect the token of the offer.");
}

/* Objects that were listed before the lock may have been changed by another process. */
static bool enter(struct visit_walk *v, struct err *err)
{
    struct ceremony *c = v->c;

    return ceremony_open(c, v->side, err) && confirm_device(v, err) &&
           ceremony_enter(c, v->side, &v->job->token, err) && is_same_device(v, err) &&
           (!c->host.lock_token ||
            c->host.lock_token(c->host.ctx, v->side, v->own->hsm, v->own->slot, err)) &&
           ceremony_list(c, v->side, err) && visit_find_signer(v, err);
}

/* --- the end --- */

static bool close_inventory(struct visit_walk *v, struct step_result *result, struct err *err)
{
    struct ceremony *c = v->c;
    const struct inventory_made made = {v->pair, v->stays ? 2 : 0, &c->transfers};

    return inventory_close_one(v->own, &made, &c->result.left, &c->narrator, result->text, err);
}

static void note(struct visit_walk *v, const struct err *err)
{
    if (v->failed.code == ERR_NONE)
        v->failed = *err;
}

static uint32_t count(const struct visit_walk *v, enum key_outcome outcome)
{
    uint32_t found = 0;

    for (size_t i = 0; i < v->c->transfers.count; i++)
        found += v->c->transfers.at[i].outcome == outcome;
    return found;
}

/* The other room says that a key has arrived, and its answer does not show it. Of what accompanies
 * a key nothing can be shown: it is public. */
static bool has_unjudged(const struct visit_walk *v)
{
    for (size_t i = 0; i < v->c->transfers.count; i++)
        if (v->c->transfers.at[i].outcome == KEY_REPORTED && !v->c->transfers.at[i].owner)
            return true;
    return false;
}

/* "Nothing has changed" is true only when no key has arrived, and no file is written. */
static int exit_of(const struct visit_walk *v)
{
    enum err_code code = v->failed.code;
    const struct leftovers *left = &v->c->result.left;
    bool arrived = count(v, KEY_MIGRATED) + count(v, KEY_UNPROVEN) > 0;
    bool again = code == ERR_HSM || code == ERR_GONE || code == ERR_FAILED || code == ERR_STOPPED;

    if (left->left_over || left->unsure || count(v, KEY_UNKNOWN))
        return err_exit(ERR_UNFINISHED);
    if (left->lost)
        return err_exit(ERR_HSM);
    if (code == ERR_NONE)
        return has_unjudged(v) ? err_exit(ERR_UNFINISHED) : 0;
    if (again || code == ERR_UNSUPPORTED)
        return err_exit(arrived || v->stays ? ERR_UNFINISHED : ERR_FAILED);
    return err_exit(code);
}

static const char *last_sentence(const struct visit_walk *v)
{
    static const char *const done[VISITS] = {
        [VISIT_OFFER] = "the transport pair waits on the token; carry the offer to the other room",
        [VISIT_LOAD] = "the keys are encrypted in the bundle; carry it to the other room",
        [VISIT_ACCEPT] = "every key that arrived was proven; carry the answer to the other room",
        [VISIT_CONFIRM] = "this HSM has judged every answer of the other one",
        [VISIT_WITHDRAW] = "the transport pair of the offer is destroyed",
    };

    const bool unproven = count(v, KEY_UNPROVEN) > 0;

    return v->c->result.left.left_over ? "something is left over: the warnings say what"
           : v->failed.code == ERR_NONE && v->job->arrival
               ? (unproven ? "the key arrived unproven, by waiver: try it before it is relied on"
                           : "the key arrived, and was proven")
           : v->failed.code == ERR_NONE && unproven
               ? "unproven keys arrived, by waiver: try each one before it is relied on there; "
                 "carry the answer to the other room"
           : v->failed.code == ERR_NONE && v->job->pem[0]
               ? "the transport pair waits on the token; give its public key to the key service"
           : v->failed.code == ERR_NONE ? done[v->job->what]
           : v->stays ? "it did not come to its end, and its file is written: do not use the file"
                      : "it did not come to its end";
}

static void finish(struct visit_walk *v)
{
    struct ceremony *c = v->c;
    const bool arrived = count(v, KEY_MIGRATED) + count(v, KEY_UNPROVEN) > 0;
    struct end_word word = {.left_over = 0, .transfers = &c->transfers};
    struct err err;

    for (size_t i = 0; i < c->transfers.count; i++)
        ending_say_done(c, &c->transfers.at[i]);
    note(v, &c->result.failure);
    if (v->failed.code != ERR_NONE)
        emit_error(&c->narrator, &v->failed);
    word.exit_code = c->result.exit_code = exit_of(v);
    word.left_over = c->result.left.left_over;
    word.outcome = v->failed.code == ERR_STOPPED ? END_ABORTED
                   : word.exit_code == 0         ? END_COMPLETE
                   : arrived                     ? END_PARTIAL
                                                 : END_FAILED;
    word.text = last_sentence(v);
    c->walk.phase = PHASE_OVER;
    if (!emit_end(&c->narrator, &word, &err)) {
        emit_error(&c->narrator, &err);
        c->result.exit_code = c->result.exit_code ? c->result.exit_code : err_exit(err.code);
    }
    secret_free(&v->own->pin);
}

static const struct visit_row *row_of(const struct visit_job *job)
{
    static const struct visit_row *const rows[] = {&visit_offer, &visit_load, &visit_accept,
                                                   &visit_confirm, &visit_withdraw};

    for (size_t i = 0; !job->arrival && i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i]->what == job->what)
            return rows[i];
    return job->arrival ? &visit_arrive : NULL;
}

bool visit_run(struct ceremony *c, const struct visit_job *job, struct err *err)
{
    const struct visit_row *row = row_of(job);
    struct visit_walk v = {.c = c, .job = job, .side = visit_side(job->what)};
    struct err last;

    v.own = &c->side[v.side];
    v.past = visit_past_of(job->pasts, c->setup.visit.migration);
    if (!name_officers(&v, err) || (row->check && !row->check(&v, err)) || !enter(&v, err))
        return false;
    if (!row->run(&v, &v.failed) && !c->walk.begun) {
        *err = v.failed;
        if (row->free)
            row->free(&v);
        return err->now[0] ? false : err_now(err, "Nothing was changed.");
    }
    if (row->close && !row->close(&v, &last))
        note(&v, &last);
    if (!visit_step(&v, (enum step_id)INVENTORY_STEP, close_inventory, &last))
        note(&v, &last);
    if (row->last && !row->last(&v, &last))
        note(&v, &last);
    if (row->free)
        row->free(&v);
    finish(&v);
    return true;
}
