/* SPDX-License-Identifier: Apache-2.0 */
/* What must be true before a removal opens anything, and the two HSMs that it opens. */
#include <string.h>

#include "base/text.h"
#include "ceremony/ceremony.h"
#include "ceremony/lock_tokens.h"
#include "ceremony/removal_parts.h"
#include "ceremony/sign.h"
#include "plan/wanted.h"
#include "protocol/officer.h"

static bool refuse(struct err *err, const char *next)
{
    err_now(err, "Nothing was destroyed");
    return err_next(err, "%s", next);
}

static bool has_two_roles(struct removal_walk *w, struct err *err)
{
    const struct ceremony_setup *setup = &w->c->setup;

    for (unsigned i = 0; i < 2; i++)
        if (!officer_find(setup->officers, setup->officer_count, officer_roles[i])) {
            err_set(err, ERR_DENIED, "a key is destroyed by two officers, and nobody is the %s",
                    officer_roles[i]);
            return refuse(err, "Name both under \"officers\" in the ceremony file");
        }
    return true;
}

/* Keys of a rehearsal may be real ones. */
static bool may_destroy(struct removal_walk *w, struct err *err)
{
    if (w->job->destroys || !(w->job->of_rehearsal || w->c->setup.rehearsal))
        return true;
    err_set(err, ERR_DENIED, "%s a rehearsal, which destroys nothing on the %s",
            w->job->of_rehearsal ? "the report is that of" : "this is", side_name(w->from));
    return refuse(err, "If its keys are test keys, write \"destroys: yes\" for that side in the "
                       "ceremony file");
}

/* Anyone who can write next to a report can put any public key there. */
static bool is_signed_by_ours(struct removal_walk *w, struct err *err)
{
    uint8_t sha256[SHA256_SIZE];

    if (!w->job->signer.key.text[0])
        return true;
    if (!sign_public_half(&w->c->host, &w->job->signer.token, &w->job->signer.key, sha256, err))
        return err->now[0] ? false : err_now(err, "Nothing was destroyed");
    for (unsigned i = 0; i < w->job->signer.count; i++)
        if (memcmp(sha256, w->job->signer.sha256[i], sizeof sha256) == 0)
            return true;
    err_set(err, ERR_DENIED,
            "the report is signed by another key than the one under \"sign-report\"");
    return refuse(err, "Determine who signed it; rely on no report that others have signed");
}

static bool is_its_device(struct removal_walk *w, enum side side, struct err *err)
{
    const struct removal_device *was = &w->job->device[side];
    const struct hsm_slot *is = &w->c->devices.confirmed[side];

    if (strcmp(was->serial, is->serial) == 0 && strcmp(was->label, is->label) == 0 &&
        strcmp(was->manufacturer, is->manufacturer) == 0)
        return true;
    err_set(err, ERR_CONFLICT,
            "the report is about another pair of devices: its %s is %.40s, serial %.40s, and this "
            "is %.40s, serial %.40s",
            side_name(side), was->label, was->serial, is->label, is->serial);
    return refuse(err, "Name the ceremony file of the two devices of the report");
}

/* Both are read out, compared with the report, and confirmed by the officers, before any PIN. */
static bool confirm_devices(struct removal_walk *w, struct err *err)
{
    struct ceremony *c = w->c;
    const struct hsm_slot *slot;
    const struct gate_subject about = {.gate = GATE_DEVICES, .devices = c->devices.confirmed};

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!ceremony_read_out(c, side, &w->job->token[side], &slot, err) ||
            !is_its_device(w, side, err))
            return false;
    return removal_gate(w, &about, err);
}

/* The proofs that the keys of either side allow: of a key that is gone, only the copy is there. */
static struct hsm_wanted wanted_proofs(const struct ceremony *c, enum side side)
{
    const enum hsm_role role = side == SIDE_SOURCE ? HSM_GIVES : HSM_TAKES;
    struct hsm_wanted wanted =
        wanted_for(&c->side[SIDE_SOURCE].keys, &c->setup.policy, role, false);
    const struct hsm_wanted there =
        wanted_for(&c->side[SIDE_DESTINATION].keys, &c->setup.policy, role, false);

    wanted.algs = 0; /* nothing is wrapped */
    wanted.kinds |= there.kinds;
    wanted.proofs |= there.proofs;
    return wanted;
}

static bool find_proofs(struct removal_walk *w, struct err *err)
{
    struct ceremony *c = w->c;
    const struct agreement on = agreement_of(c);

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct party *party = &c->side[side];
        party->wanted = wanted_proofs(c, side);
        if (!party->hsm->driver->capabilities(party->hsm, &party->wanted, &party->caps, err))
            return false;
    }
    c->suite.proofs = c->side[SIDE_SOURCE].caps.proofs & c->side[SIDE_DESTINATION].caps.proofs;
    c->suite.by_destination = c->side[SIDE_DESTINATION].caps.proofs;
    return emit_policy(&c->narrator, &on, err);
}

/* Objects that were listed before the lock may have been changed by another process. */
static bool open_both(struct removal_walk *w, struct err *err)
{
    struct ceremony *c = w->c;
    bool ok = ceremony_open(c, SIDE_SOURCE, err) && ceremony_open(c, SIDE_DESTINATION, err) &&
              confirm_devices(w, err);

    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = ceremony_enter(c, side, &w->job->token[side], err);
    ok = ok && lock_tokens(c, err);
    for (enum side side = SIDE_SOURCE; ok && side <= SIDE_DESTINATION; side++)
        ok = ceremony_list(c, side, err);
    return ok && find_proofs(w, err);
}

bool removal_enter(struct removal_walk *w, struct err *err)
{
    return has_two_roles(w, err) && may_destroy(w, err) && is_signed_by_ours(w, err) &&
           open_both(w, err);
}
