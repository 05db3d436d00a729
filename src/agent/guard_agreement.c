/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/guard_agreement.h"

#include <openssl/sha.h>

#include "hsm/wrap_alg.h"

bool guard_make_agreement_pair(struct guard *g, enum hsm_alg alg, const char *label,
                               struct hsm_pair *pair, struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    struct guard *login = guard_lock(g);
    const bool taken = login->agreed.pair != 0;

    guard_unlock(login);
    if (taken)
        return err_set(err, ERR_DENIED, "this session has a pair to agree with already");
    if (!wrap_is_agreed(alg) || !driver->make_agreement_pair)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not agree on keys by %s",
                       hsm_alg_name(alg));
    if (!driver->make_agreement_pair(g->hsm, alg, label, pair, err))
        return false;
    if (!guard_made_two(g, pair->private_handle, pair->public_handle, err)) {
        bytes_free(&pair->spki);
        return false;
    }
    login = guard_lock(g);
    login->agreed = (struct agreed){.pair = pair->private_handle,
                                    .public = pair->public_handle,
                                    .alg = alg,
                                    .kek = login->agreed.kek};
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
    SHA256(known->data, known->len, login->agreed.info);
    guard_unlock(login);
    return true;
}

bool guard_agree(struct guard *g, const struct hsm_agreement *on, uint64_t *handle, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = agreed_may_derive(&login->agreed, on, err);
    struct key_desc is;
    uint64_t made;

    guard_unlock(login);
    if (!ok || !g->hsm->driver->agree(g->hsm, on, &made, err) || !guard_made(g, made, err))
        return false;
    if (!g->hsm->driver->describe(g->hsm, made, &is, err) ||
        !agreed_check_derived(&is, on->use, err)) {
        guard_destroy(g, made, NULL);
        return false;
    }
    login = guard_lock(g);
    login->agreed.key = made;
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
