/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/guard_agreement.h"

#include <openssl/sha.h>

#include "hsm/key_agreement.h"
#include "hsm/wrap_alg.h"

/* A derived key that is still there would lose its rules with another pair. */
static bool has_none(struct guard *g, struct err *err)
{
    struct guard *login = guard_lock(g);
    const bool taken =
        login->agreed.pair || login->agreed.kem || login->agreed.key || login->agreed.outer;

    guard_unlock(login);
    return !taken || err_set(err, ERR_DENIED, "this session has a pair to agree with already");
}

/* Notes what the driver made. What is ours of a pair that is not is destroyed later, with the
 * session. */
static bool take_pair(struct guard *g, struct hsm_pair *pair, struct err *err)
{
    const bool first = guard_made_two(g, pair->private_handle, pair->public_handle, err);
    const bool both = first && (!pair->kem_private ||
                                guard_made_two(g, pair->kem_private, pair->kem_public, err));

    if (!both)
        bytes_free(&pair->spki);
    return both;
}

bool guard_make_agreement_pair(struct guard *g, enum hsm_alg alg, const char *label,
                               struct hsm_pair *pair, struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    struct guard *login;

    if (!has_none(g, err))
        return false;
    if (!wrap_is_agreed(alg) || !driver->make_agreement_pair)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not agree on keys by %s",
                       hsm_alg_name(alg));
    if (!driver->make_agreement_pair(g->hsm, alg, label, pair, err))
        return false;
    if (!take_pair(g, pair, err))
        return false;
    login = guard_lock(g);
    login->agreed = (struct agreed){.pair = pair->private_handle,
                                    .public = pair->public_handle,
                                    .kem = pair->kem_private,
                                    .kem_public = pair->kem_public,
                                    .alg = alg,
                                    .kek = login->agreed.kek};
    guard_unlock(login);
    return true;
}

/* Destroys what an encapsulation made. */
static bool unmake(struct guard *g, const struct hsm_pair *pair)
{
    const uint64_t made[] = {pair->private_handle, pair->public_handle, pair->kem_private,
                             pair->kem_public};

    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
        if (made[i])
            guard_destroy(g, made[i], NULL);
    return false;
}

/* Is what was encapsulated for its one use only? */
static bool check_secret(struct guard *g, const struct hsm_encapsulation *with,
                         const struct hsm_pair *pair, struct err *err)
{
    const uint64_t secret = pair->kem_private ? pair->kem_private : pair->private_handle;
    struct key_desc is;

    return g->hsm->driver->describe(g->hsm, secret, &is, err) &&
           agreed_check_derived(&is, agreement_secret_use(with->kdf), err);
}

bool guard_encapsulate(struct guard *g, const struct hsm_encapsulation *with, struct hsm_pair *pair,
                       struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    struct agreed made = {.alg = with->alg, .kdf = with->kdf, .source = true};
    struct guard *login;

    if (!has_none(g, err))
        return false;
    if (!wrap_is_post_quantum(with->alg) || !(hsm_kdfs_of(with->alg) & 1U << with->kdf) ||
        !driver->encapsulate)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not encapsulate by %s",
                       hsm_alg_name(with->alg));
    if (!agreement_check_public(with->alg, with->peer, "other side's public key", err) ||
        !driver->encapsulate(g->hsm, with, pair, err) || !take_pair(g, pair, err))
        return false;
    if (!check_secret(g, with, pair, err) ||
        !bytes_set(&made.peer, with->peer->data, with->peer->len, err) ||
        !bytes_set(&made.sent, pair->spki.data, pair->spki.len, err)) {
        agreed_free(&made);
        bytes_free(&pair->spki);
        return unmake(g, pair);
    }
    made.pair = pair->private_handle;
    made.public = pair->public_handle;
    made.kem = pair->kem_private;
    made.kem_public = pair->kem_public;
    login = guard_lock(g);
    made.kek = login->agreed.kek;
    login->agreed = made; /* ownership was passed on */
    guard_unlock(login);
    return true;
}

bool guard_meet(struct guard *g, const struct hsm_meeting *with, struct bytes *known,
                struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = agreed_may_meet(&login->agreed, with, err);
    struct bytes peer = {0};

    guard_unlock(login);
    if (!ok || !bytes_set(&peer, with->peer->data, with->peer->len, err))
        return false;
    if (!g->hsm->driver->meet(g->hsm, with, known, err)) {
        bytes_free(&peer);
        return false;
    }
    login = guard_lock(g);
    bytes_free(&login->agreed.peer);
    login->agreed.peer = peer; /* ownership was passed on */
    login->agreed.source = with->source;
    login->agreed.met = true;
    SHA256(known->data, known->len, login->agreed.info);
    guard_unlock(login);
    return true;
}

bool guard_agree(struct guard *g, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    struct guard *login = guard_lock(g);
    const bool outer = on->use == KEY_ENCRYPT || on->use == KEY_DECRYPT;
    bool ok = agreed_may_derive(&login->agreed, on, err);
    struct key_desc is;
    uint64_t made;

    guard_unlock(login);
    if (!ok || !g->hsm->driver->agree(g->hsm, on, &made, err))
        return false;
    if (made != agreement_encapsulated(on) && !guard_made(g, made, err))
        return false;
    if (!g->hsm->driver->describe(g->hsm, made, &is, err) ||
        !(on->key ? agreed_check_staying(&is, on->key, err)
                  : agreed_check_derived(&is, on->use, err))) {
        guard_destroy(g, made, NULL);
        return false;
    }
    if (on->key) { /* from now on a key like one that has arrived */
        *handle = made;
        return true;
    }
    login = guard_lock(g);
    *(outer ? &login->agreed.outer : &login->agreed.key) = made;
    guard_unlock(login);
    *handle = made;
    return true;
}

bool guard_make_kek(struct guard *g, uint32_t bits, const char *label, uint64_t *handle,
                    struct err *err)
{
    struct guard *login;
    uint64_t made;

    if (!g->hsm->driver->make_kek(g->hsm, bits, label, &made, err) || !guard_made(g, made, err))
        return false;
    login = guard_lock(g);
    login->agreed.kek = made;
    guard_unlock(login);
    *handle = made;
    return true;
}
