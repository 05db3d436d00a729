/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a ceremony: it opens and chooses two HSMs, makes a plan, and walks the tables. */
#include "ceremony/ceremony.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "base/text.h"
#include "ceremony/canary.h"
#include "ceremony/conflicts.h"
#include "ceremony/lock_tokens.h"
#include "ceremony/demands.h"
#include "ceremony/members.h"
#include "ceremony/negotiation.h"
#include "ceremony/open_offers.h"
#include "ceremony/transport_warnings.h"
#include "transfer/public_object.h"
#include "transfer/sealing.h"

/* Connects its parts. */
static void prepare(struct ceremony *c)
{
    const struct policy *policy = &c->setup.policy;

    narrator_begin(&c->narrator, &c->host);
    c->gatekeeper = (struct gatekeeper){.gates = policy->gates,
                                        .two_officers = policy->two_officers,
                                        .officers = c->setup.officers,
                                        .officer_count = c->setup.officer_count};
    c->transport.policy = policy;
    c->transport.suite = &c->suite;
    c->transport.sealing = c->setup.sealing;
    if (c->setup.sealing)
        c->setup.policy.rsa_bits = c->setup.sealing->bits; /* checked against the policy's */
    snprintf(c->transport.label, sizeof c->transport.label, "hsmferry:%s", c->id);
    party_join(c->side, &c->transport, &c->transfers);
}

bool ceremony_new(const struct ceremony_setup *setup, const struct ceremony_host *host,
                  struct ceremony **out, struct err *err)
{
    struct ceremony *c = calloc(1, sizeof *c);
    uint8_t random[8];

    if (!c || RAND_bytes(random, sizeof random) != 1) {
        free(c);
        return err_set(err, ERR_FAILED, "no memory or no random numbers for a ceremony");
    }
    c->setup = *setup;
    c->host = *host;
    if (!c->setup.rehearsal && c->setup.policy.gates)
        c->setup.policy.gates |= 1U << GATE_DEVICES;
    if (!c->setup.rehearsal && c->setup.sealing) /* nothing else shows whose key it is */
        c->setup.policy.gates |= 1U << GATE_FINGERPRINT;
    if (c->setup.removal.what != REMOVAL_NONE) { /* what two people do knowingly, always */
        c->setup.policy.gates |= 1U << GATE_DEVICES | 1U << GATE_REVIEW;
        c->setup.policy.two_officers |= 1U << GATE_REVIEW;
    }
    if (c->setup.derived.wanted && !derived_key_policy(&c->setup.policy, err)) {
        free(c);
        return false;
    }
    text_hex(random, sizeof random, c->id);
    prepare(c);
    if (!emit_begin(&c->narrator, &c->setup, c->id, err) ||
        !pacer_begin(&c->walk.pacer, setup->pace == PACE_NONE ? PACE_RUN : setup->pace,
                     &c->narrator, err) ||
        !script_watch_begin(&c->verdicts.script, setup, &c->narrator, err)) {
        ceremony_free(c);
        return false;
    }
    *out = c;
    return true;
}

static void forget_plan(struct ceremony *c)
{
    gatekeeper_withdraw(&c->gatekeeper, GATE_REVIEW);
    if (!c->walk.begun && c->walk.phase == PHASE_KEYS) /* the review had come to its first key */
        c->walk.phase = PHASE_TRANSPORT;
    transfers_free(&c->transfers);
    plan_free(&c->plan);
    plan_verdicts_free(&c->verdicts.keys); /* they are on the same list */
    map_free(&c->verdicts.map);
    c->verdicts.made = false;
}

/* The suite is void once one of the sides has changed. */
static void forget_suite(struct ceremony *c)
{
    c->suite.option_count = 0;
    forget_plan(c);
}

void ceremony_free(struct ceremony *c)
{
    if (!c)
        return;
    forget_suite(c);
    script_free(&c->verdicts.script.script);
    transport_free(&c->transport);
    party_close(&c->side[SIDE_SOURCE]);
    party_close(&c->side[SIDE_DESTINATION]);
    free(c);
}

/* An attempt on a side failed: emits that, and adds that nothing was changed. */
static bool side_failed(struct ceremony *c, enum side side, struct err *err)
{
    struct err ignored;

    emit_side(&c->narrator, side, SIDE_FAILED, &ignored);
    return err->now[0] ? false : err_now(err, "Nothing was changed.");
}

bool ceremony_start(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];

    forget_suite(c);
    party_close(party);
    c->devices.read_out = false;
    if (!emit_side(&c->narrator, side, SIDE_OPENING, err))
        return false;
    return c->host.open(c->host.ctx, side, &party->hsm, err) || side_failed(c, side, err);
}

bool ceremony_opened(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];

    if (party->hsm->driver->slots(party->hsm, &party->slots, err))
        return emit_side(&c->narrator, side, SIDE_OPEN, err);
    party_close(party);
    return side_failed(c, side, err);
}

bool ceremony_open(struct ceremony *c, enum side side, struct err *err)
{
    return ceremony_start(c, side, err) && ceremony_opened(c, side, err);
}

const struct hsm_slot_list *ceremony_slots(const struct ceremony *c, enum side side)
{
    return &c->side[side].slots;
}

const struct hsm_about *ceremony_info(const struct ceremony *c, enum side side)
{
    return &c->side[side].info;
}

/* --- choosing a token --- */

static bool check_slot(enum side side, const struct hsm_slot *slot, const struct hsm_slot *other,
                       struct err *err)
{
    if (side == SIDE_DESTINATION && (slot->flags & HSM_TOKEN_WRITE_PROTECTED)) {
        err_set(err, ERR_DENIED, "the destination's token %s is write-protected", slot->label);
        return err_next(err, "Remove the write protection, or choose another destination.");
    }
    if (!other || !hsm_same_token(other, slot))
        return true;
    if (!hsm_has_serial(slot) && !slot->store[0]) {
        err_set(err, ERR_CONFIG,
                "source and destination cannot be distinguished: both are %s, without a serial",
                slot->label);
        return err_next(err, "Give one of the two tokens another label.");
    }
    err_set(err, ERR_CONFIG, "source and destination are the same token: %s, serial %s",
            slot->label, slot->serial);
    return err_next(err, "Name two different tokens in the ceremony file.");
}

/* Logs in once and wipes the PIN; that of the destination is kept for the fresh process. A removal
 * opens fresh processes on both sides. */
static bool login(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];
    bool ok = secret_new(&party->pin, SECRET_PIN_MAX, err);

    if (ok && party_needs_pin(party->slot))
        ok = c->host.pin(c->host.ctx, side, party->slot, &party->pin, err) &&
             secret_check_pin(&party->pin, err);
    ok = ok && party_log_in(party->hsm, party->slot->id, &party->pin, err);
    if (!ok || (side == SIDE_SOURCE && c->setup.removal.what == REMOVAL_NONE))
        secret_free(&party->pin);
    return ok;
}

/* An object that the list could not read may be a key or a companion, so it is read again. Counts
 * the objects that still cannot be read, with the reason of the first. */
static bool look_at_unread(struct ceremony *c, enum side side, struct key_list *list,
                           struct err *err)
{
    struct hsm *hsm = c->side[side].hsm;
    const char *first = NULL;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++) {
        struct key_desc *key = &list->keys[i];
        struct err why = {0};
        if (key->class != KEY_CLASS_OTHER || !key->unread[0] ||
            hsm->driver->describe(hsm, key->handle, key, &why))
            continue;
        if (why.code == ERR_GONE) {
            *err = why;
            return false;
        }
        first = first ? first : key->unread;
        count++;
    }
    return count == 0 ||
           emit_note(&c->narrator, EVENT_WARNING, side, "unread",
                     "%zu of %zu objects cannot be read and may be keys; the first: %s", count,
                     list->count, first) ||
           emit_why(&c->narrator, err);
}

/* What is known of both sides may not suffice for keys that are new on the source. */
static void forget_too_little(struct ceremony *c)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct hsm_wanted wanted = negotiation_wanted(c, side);
        wanted.algs = c->side[side].wanted.algs; /* not all transports had their turn */
        if (c->suite.option_count > 0 && !hsm_wanted_has(&c->side[side].wanted, &wanted))
            forget_suite(c);
    }
}

bool ceremony_refresh(struct ceremony *c, enum side side, struct err *err)
{
    struct party *party = &c->side[side];
    struct key_list list = {0};

    if (!party->slot)
        return err_set(err, ERR_USAGE, "no token of the %s is chosen", side_name(side));
    forget_plan(c);
    key_list_free(&party->keys); /* before there is room for the next ones */
    party->listed = false;
    if (!party->hsm->driver->list(party->hsm, &list, err) || !look_at_unread(c, side, &list, err)) {
        key_list_free(&list);
        return side_failed(c, side, err);
    }
    for (size_t i = 0; i < list.count; i++)
        redact_kcv(&list.keys[i]);
    party->keys = list;
    party->listed = true;
    forget_too_little(c);
    return emit_side(&c->narrator, side, SIDE_LISTED, err);
}

/* A device that is not the confirmed one must be confirmed. */
static void forget_confirmed(struct ceremony *c, enum side side)
{
    const struct hsm_slot *is = c->side[side].slot;
    struct hsm_slot *was = &c->devices.confirmed[side];

    if (is->id != was->id || !hsm_same_token(is, was))
        gatekeeper_forget(&c->gatekeeper, GATE_DEVICES);
    *was = *is;
}

/* An agent that is less confined than the ceremony file requires gets no further call. */
static bool is_confined(const struct ceremony *c, const struct hsm_info *info, struct err *err)
{
    if (c->setup.policy.confinement != CONFINEMENT_REQUIRED || hsm_is_confined(info->confinement))
        return true;
    err_set(err, ERR_CONFIG, "The ceremony file requires confinement, and the agent is %s",
            info->confinement[0] ? info->confinement : "not known to be confined");
    err_now(err, "The token was logged in to, and nothing else was done");
    return err_next(err, "hsmferry-dialect(5) says what an agent needs for it; or write "
                         "\"confinement: when-possible\"");
}

static bool say_hsm(struct ceremony *c, enum side side, const struct hsm_slot *slot,
                    struct err *err)
{
    struct party *party = &c->side[side];
    struct hsm_info info;

    if (!party->hsm->driver->info(party->hsm, &info, err) || !is_confined(c, &info, err))
        return false;
    party->info = info.about;
    return emit_hsm(&c->narrator, side, &c->setup, &info, slot, err);
}

static bool read_out_one(struct ceremony *c, enum side side, const struct uri *token,
                         const struct hsm_slot *other, struct err *err)
{
    const struct hsm_slot *found;

    if (!c->side[side].hsm)
        return err_set(err, ERR_USAGE, "the %s is not open", side_name(side));
    if (!party_find_slot(&c->side[side].slots, side_name(side), token, &found, err) ||
        !check_slot(side, found, other, err) || !say_hsm(c, side, found, err))
        return side_failed(c, side, err);
    c->devices.confirmed[side] = *found;
    return true;
}

bool ceremony_read_out(struct ceremony *c, enum side side, const struct uri *token,
                       const struct hsm_slot **slot, struct err *err)
{
    *slot = &c->devices.confirmed[side];
    return read_out_one(c, side, token, NULL, err);
}

/* Finds the tokens, before the login. */
static bool read_out(struct ceremony *c, const struct uri token[2], struct err *err)
{
    return c->devices.read_out = read_out_one(c, SIDE_SOURCE, &token[SIDE_SOURCE], NULL, err) &&
                                 read_out_one(c, SIDE_DESTINATION, &token[SIDE_DESTINATION],
                                              &c->devices.confirmed[SIDE_SOURCE], err);
}

bool ceremony_devices(struct ceremony *c, const struct uri token[2], bool *open, struct err *err)
{
    const struct gate_subject about = {.gate = GATE_DEVICES, .devices = c->devices.confirmed};

    if (!c->devices.read_out && !read_out(c, token, err))
        return false;
    if (atomic_load(&c->walk.stop) && c->gatekeeper.open) {
        gatekeeper_refuse(&c->gatekeeper, &c->narrator);
        err_set(&c->devices.failure, ERR_STOPPED, "stopped by the officers before anything else");
    }
    *err = c->devices.failure;
    if (err->code != ERR_NONE)
        return err_now(err, "Nothing was changed.");
    *open = !gatekeeper_pass(&c->gatekeeper, &about, &c->narrator, err);
    return !*open || c->gatekeeper.open;
}

/* Right after both inventories. */
static bool open_script(struct ceremony *c, struct err *err)
{
    if (!c->side[SIDE_SOURCE].listed || !c->side[SIDE_DESTINATION].listed)
        return true;
    return script_watch_open(&c->verdicts.script, &c->side[SIDE_SOURCE].keys,
                             c->setup.interrupted != NULL, &c->narrator, err);
}

bool ceremony_enter(struct ceremony *c, enum side side, const struct uri *uri, struct err *err)
{
    struct party *party = &c->side[side];

    if (!party->hsm)
        return err_set(err, ERR_USAGE, "the %s is not open", side_name(side));
    if (party->slot && !ceremony_open(c, side, err))
        return false;
    party->listed = false;
    if (!party_find_slot(&party->slots, side_name(side), uri, &party->slot, err) ||
        !check_slot(side, party->slot, c->side[side == SIDE_SOURCE].slot, err) ||
        !login(c, side, err) || !inventory_login(party, err)) {
        party->slot = NULL;
        return side_failed(c, side, err);
    }
    forget_confirmed(c, side);
    if (!say_hsm(c, side, party->slot, err) || !emit_side(&c->narrator, side, SIDE_LOGGED_IN, err))
        return false;
    if (party->hsm->driver->list_ahead)
        party->hsm->driver->list_ahead(party->hsm);
    return true;
}

bool ceremony_list_part(struct ceremony *c, enum side side, bool *more)
{
    struct hsm *hsm = c->side[side].hsm;

    *more = false;
    return !hsm || !hsm->driver->list_part || hsm->driver->list_part(hsm, more);
}

bool ceremony_list(struct ceremony *c, enum side side, struct err *err)
{
    return ceremony_refresh(c, side, err) && open_offers_warn(c, side, c->setup.offers, err) &&
           open_script(c, err);
}

bool ceremony_choose(struct ceremony *c, enum side side, const struct uri *uri, struct err *err)
{
    return ceremony_enter(c, side, uri, err) && ceremony_list(c, side, err);
}

const struct key_list *ceremony_keys(const struct ceremony *c, enum side side)
{
    return &c->side[side].keys;
}

/* --- negotiation and plan --- */

bool ceremony_negotiate(struct ceremony *c, struct err *err)
{
    const struct agreement on = agreement_of(c);

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!c->side[side].slot)
            return err_set(err, ERR_USAGE, "no token of the %s is chosen", side_name(side));
    if (!negotiation_run(c, &c->suite, err))
        return inventory_say_now(c->side, err);
    if (c->setup.sealing) {
        c->suite.service = c->setup.sealing->service;
        c->suite.pads = c->side[SIDE_SOURCE].caps.exact_length != HSM_YES;
    }
    if (c->setup.derived.wanted)
        c->suite.derived = &c->setup.derived;
    return emit_suite(&c->narrator, &on, err);
}

const struct suite *ceremony_suite(const struct ceremony *c)
{
    return c->suite.option_count > 0 ? &c->suite : NULL;
}

bool ceremony_verdicts(struct ceremony *c, struct err *err)
{
    struct suite suite;

    if (c->suite.option_count == 0 && !ceremony_negotiate(c, err))
        return false;
    plan_verdicts_free(&c->verdicts.keys);
    negotiation_could(c, &suite);
    c->verdicts.made = plan_verdicts(&c->setup.policy, &suite, &c->side[SIDE_SOURCE].keys,
                                     &c->side[SIDE_DESTINATION].keys, &c->verdicts.keys, err);
    return c->verdicts.made;
}

const struct plan_verdicts *ceremony_the_verdicts(const struct ceremony *c)
{
    return c->verdicts.made ? &c->verdicts.keys : NULL;
}

/* Warnings about one key that the officers must read before they start. */
static bool warn_of(struct ceremony *c, size_t i, struct err *err)
{
    const struct plan_item *item = &c->plan.items[i];

    if (item->route == ROUTE_NONE || item->route == ROUTE_PUBLIC || item->route == ROUTE_ALIGNED)
        return true;
    if (c->suite.pads && item->route == ROUTE_ENVELOPE && item->key->class == KEY_CLASS_PRIVATE &&
        !emit_warning(&c->narrator, SIDE_SOURCE, (int64_t)i, err, "padded", "%s", service_pads))
        return false;
    if (!transport_warn_of_key(c, i, err))
        return false;
    return !suite_is_weak(item->alg) ||
           emit_warning(&c->narrator, SIDE_RELAY, (int64_t)i, err, "no-integrity",
                        "%s protects no integrity: %s", hsm_alg_name(item->alg),
                        "only the proof shows whether a key was altered");
}

static bool warn_of_no_canary(struct ceremony *c, struct err *err)
{
    const char *what =
        "no canary, as the policy says: the first real key shows whether keys can be "
        "migrated";

    if (c->setup.sealing)
        what = "no canary: whether the service can open the files shows when it takes them";
    else if (c->setup.derived.wanted || /* no key is wrapped */
             (c->setup.policy.canary != CANARY_NONE && c->setup.policy.writes_before_review))
        return true;
    else if (c->setup.policy.canary != CANARY_NONE)
        what = "the canary did not commit: the policy forbids writes before the review, so the "
               "first real key shows whether the destination can store keys";
    return emit_warning(&c->narrator, SIDE_RELAY, NO_ITEM, err, "no-canary", "%s", what);
}

static bool warn_of_no_serial(struct ceremony *c, struct err *err)
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct hsm_slot *slot = c->side[side].slot;
        if (!hsm_has_serial(slot) && !slot->store[0] &&
            !emit_warning(&c->narrator, side, NO_ITEM, err, "no-serial",
                          "this token has no serial: only its label distinguishes it from others"))
            return false;
    }
    return true;
}

/* Who copied the file before has the keys, whatever becomes of it. */
static bool warn_of_software(struct ceremony *c, struct err *err)
{
    return !hsm_is_software(&c->side[SIDE_SOURCE].info) ||
           emit_warning(&c->narrator, SIDE_SOURCE, NO_ITEM, err, "software",
                        "the source is SOFTWARE: anyone who could copy the file and knows its "
                        "passphrase has its keys, also after the ceremony");
}

static bool nothing_is_movable(const struct plan *plan, struct err *err)
{
    struct err reason = plan->count ? err_note_get(&plan->items[0].reason) : (struct err){0};

    if (plan->count == 0)
        err_set(err, ERR_NO_INPUT, "no key on the source was selected");
    else
        err_set(err, reason.code,
                plan->count == 1 ? "the key cannot be migrated: %s"
                                 : "none of the keys can be migrated; the first: %s",
                reason.what);
    err_now(err, "Nothing was changed.");
    return err_next(err, "Read the reason next to each key, and select others.");
}

bool ceremony_plan_review(struct ceremony *c, const struct key_list *destination,
                          const struct selection *selection, struct err *err)
{
    if (!plan_review(c, destination, selection, err))
        return false;
    if (!negotiation_yields(c))
        return true;
    plan_free(&c->plan);
    return ceremony_negotiate(c, err) && plan_review(c, destination, selection, err);
}

/* Is there nothing left for a resync to do? Objects that only a pattern names may be refused. */
static bool all_is_there(const struct ceremony *c)
{
    for (size_t i = 0; i < c->plan.count; i++)
        if (c->plan.items[i].explicit && !c->plan.items[i].there)
            return false;
    return c->setup.resync && c->plan.count > 0;
}

/* Nothing is to be approved or carried: both inventories are compared, and that is the record. */
static bool begin_closing(struct ceremony *c, struct err *err)
{
    c->walk.begun = true;
    c->walk.phase = PHASE_CLOSING;
    return inventory_open(c->side, &c->result.left, &c->narrator, err);
}

static bool make_plan(struct ceremony *c, const struct selection *asked, struct err *err)
{
    const struct key_list *source = &c->side[SIDE_SOURCE].keys;
    const struct key_list *destination = &c->side[SIDE_DESTINATION].keys;
    struct selection selection = *asked;
    struct settled settled;
    bool ok = conflicts_settle(c, &selection, &settled, err) &&
              ceremony_plan_review(c, destination, &selection, err);

    settled_free(&settled);
    /* Each round tries options that were not tried yet, and there are only a few. */
    while (ok && canary_due(c))
        ok = canary_run(c, err) &&
             plan_judge(&c->setup.policy, &c->suite, source, destination, &c->plan, err);
    return ok && public_objects_judge(source_of(c), &c->plan, err);
}

bool ceremony_plan(struct ceremony *c, const struct selection *selection, struct err *err)
{
    const struct agreement on = agreement_of(c);

    if (c->walk.begun)
        return err_set(err, ERR_USAGE, "the ceremony has begun: its plan is fixed");
    if (negotiation_relent(c))
        forget_suite(c);
    if (!lock_tokens(c, err) || (c->suite.option_count == 0 && !ceremony_negotiate(c, err)))
        return false;
    forget_plan(c);
    c->narrator.plan++;
    if (!make_plan(c, selection, err))
        return inventory_say_now(c->side, err);
    *err = (struct err){0};
    if (!inventory_say_now(c->side, err))
        return false;
    if (!transfers_make(&c->plan, &c->transport, &c->transfers, err))
        return false;
    for (size_t i = 0; i < c->transfers.count; i++)
        if (c->plan.items[i].route == ROUTE_NONE)
            transfer_leave_out(&c->transfers.at[i]);
    if (!emit_plan(&c->narrator, &on, &c->plan, &c->transfers, err) ||
        !script_watch_plan(&c->verdicts.script, &c->plan, &c->narrator, err) ||
        !transport_warn(c, err) || !warn_of_no_canary(c, err) || !warn_of_no_serial(c, err) ||
        !warn_of_software(c, err))
        return false;
    for (size_t i = 0; i < c->plan.count; i++)
        if (!warn_of(c, i, err))
            return false;
    if (!transport_warn_of_line(c, err))
        return false;
    if (c->plan.movable > 0)
        return true;
    return all_is_there(c) ? begin_closing(c, err) : nothing_is_movable(&c->plan, err);
}

const struct plan *ceremony_the_plan(const struct ceremony *c)
{
    return &c->plan;
}

const struct hsm_capability *ceremony_evidence(const struct ceremony *c, enum side side)
{
    return &c->side[side].caps.evidence;
}

void ceremony_stop(struct ceremony *c)
{
    atomic_store(&c->walk.stop, true);
}

bool ceremony_emit(struct ceremony *c, struct event *event, struct err *err)
{
    if (event->kind == EVENT_EXCEPTION)
        script_watch_explain(&c->verdicts.script, event);
    return emit_event(&c->narrator, event, err);
}
