/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof on the path of an application: the migrated keys are used through OpenSSL and libp11, in a
 * separate process, not through the driver that moved them.
 */
#include "ceremony/application.h"

#include "ceremony/members.h"
#include "plan/name_index.h"
#include "transfer/ahead.h"
#include "transfer/proof.h"

/* The operations of OpenSSL's EVP_PKEY on a token; NULL: it has none for this proof. */
static const char *path_of(enum hsm_proof proof)
{
    static const char *const paths[HSM_PROOFS] = {
        [HSM_PROOF_RSA_SIGN] = "EVP_PKEY_sign of OpenSSL, through libp11",
        [HSM_PROOF_ECDSA] = "EVP_PKEY_sign of OpenSSL, through libp11",
        [HSM_PROOF_RSA_PSS] = "EVP_PKEY_sign of OpenSSL, through libp11",
        [HSM_PROOF_RSA_DECRYPT] = "EVP_PKEY_decrypt of OpenSSL, through libp11",
        [HSM_PROOF_ECDH] = "EVP_PKEY_derive of OpenSSL, through libp11",
    };
    return paths[proof];
}

static bool wants(const struct transfer *t)
{
    return t->outcome == KEY_MIGRATED && t->item->key->class == KEY_CLASS_PRIVATE;
}

static void not_tried(struct ceremony *c, const struct key_desc *key, const char *why)
{
    char label[KEY_LABEL_TEXT] = "private keys";

    if (key)
        key_label_text(key, label);
    emit_note(
        &c->narrator, EVENT_WARNING, SIDE_DESTINATION, "application",
        "%.80s: not proven through OpenSSL and libp11, only through the HSM's own API: %.120s",
        label, why);
}

/* Proves one key. An operation that libp11 does not support is no failure; a wrong answer is. */
static bool prove_one(struct ceremony *c, struct transfer *t, struct hsm *app,
                      const struct key_desc *found)
{
    const struct key_desc *key = t->item->key;
    struct bytes spki = {0};
    const struct proof_pair pair = {source_of(c),  key->handle, &spki, app,
                                    found->handle, key->class,  {0},   false};
    struct err err = {0};
    enum hsm_proof which;
    bool ok = (ahead_shows_public(t->ahead) ||
               proof_public(source_of(c), key, &t->item->half, &spki, &err)) &&
              ahead_run(&pair, &t->ahead, AHEAD_FRESH, 1U << t->proof, &which, &err) &&
              emit_proof(&c->narrator, c->side, t, STEP_PROVE_FRESH, path_of(which), &err);

    bytes_free(&spki);
    if (!ok && err.code == ERR_UNSUPPORTED)
        not_tried(c, key, err.what);
    else if (!ok) {
        t->outcome = KEY_UNKNOWN;
        err_note_set(&t->err, &err);
    }
    return ok;
}

static size_t prove_all(struct ceremony *c, struct hsm *app, const struct names *names)
{
    size_t proven = 0;

    for (size_t i = 0; i < c->transfers.count; i++) {
        struct transfer *t = &c->transfers.at[i];
        const struct key_desc *found;
        if (!wants(t))
            continue;
        found = names_only(names, t->item->key);
        if (!path_of(t->proof))
            not_tried(c, t->item->key,
                      hsm_signing_of(t->proof).hash == HSM_PURE || t->proof == HSM_PROOF_XDH ||
                              t->proof == HSM_PROOF_ML_KEM
                          ? "libp11 has no keys of this type"
                      : hsm_signing_of(t->proof).hash
                          ? "they hash first, and the key allows only mechanisms that hash"
                          : "OpenSSL unwraps no keys on a token");
        else if (found)
            proven += prove_one(c, t, app, found);
        else
            not_tried(c, t->item->key, "libp11 does not find one key of this name");
    }
    return proven;
}

void application_begin(struct ceremony *c, struct application *app)
{
    size_t wanted = 0;

    *app = (struct application){.hsm = NULL};
    for (size_t i = 0; i < c->transfers.count; i++)
        wanted +=
            c->transfers.at[i].proven && c->transfers.at[i].item->key->class == KEY_CLASS_PRIVATE;
    if (wanted == 0 || !c->host.open_app)
        return;
    app->entered = c->host.open_app(c->host.ctx, SIDE_DESTINATION, &app->hsm, &app->err) &&
                   party_login(&c->side[SIDE_DESTINATION], app->hsm, &app->err);
    if (app->entered && app->hsm->driver->list_ahead)
        app->hsm->driver->list_ahead(app->hsm);
}

size_t application_prove(struct ceremony *c, struct application *app)
{
    struct key_list list = {0};
    struct names names = {0};
    struct err *err = &app->err;
    size_t wanted = 0, proven = 0;

    for (size_t i = 0; i < c->transfers.count; i++)
        wanted += wants(&c->transfers.at[i]);
    if (wanted > 0 && app->entered && app->hsm->driver->list(app->hsm, &list, err) &&
        names_make(&list, &names, err))
        proven = prove_all(c, app->hsm, &names);
    else if (wanted > 0 && err->code != ERR_NONE && err->code != ERR_NO_INPUT)
        not_tried(c, NULL, err->what);
    names_free(&names);
    key_list_free(&list);
    if (app->hsm)
        app->hsm->driver->close(app->hsm);
    app->hsm = NULL;
    return proven;
}
