/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an application will do with the keys that arrived: reach them through OpenSSL and libp11, in
 * a process of its own, and not by the driver that moved them.
 */
#include "ceremony/state.h"

#include "plan/name_index.h"
#include "transfer/proof.h"

/* What OpenSSL's EVP_PKEY does with private keys; NULL: it has no such operation on a token. */
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

static bool wants(const struct ceremony *c, size_t i)
{
    return c->fates[i].outcome == KEY_MIGRATED && c->plan.items[i].key.class == KEY_CLASS_PRIVATE;
}

static void not_tried(struct ceremony *c, const struct key_desc *key, const char *why)
{
    char label[KEY_LABEL_TEXT] = "private keys";

    if (key)
        key_label_text(key, label);
    tell_note(
        c, EVENT_WARNING, SIDE_DESTINATION, "application",
        "%.80s: not proven through OpenSSL and libp11, only through the HSM's own API: %.120s",
        label, why);
}

/* Proves key number i. What libp11 cannot do is no failure of the key; a wrong answer is. */
static bool prove_one(struct ceremony *c, size_t i, struct hsm *app, const struct key_desc *found)
{
    struct fate *fate = &c->fates[i];
    const struct key_desc *key = &c->plan.items[i].key;
    struct bytes spki = {0};
    const struct proof_pair pair = {source_of(c),  key->handle, &spki, app,
                                    found->handle, key->class,  {0}};
    struct err err = {0};
    enum hsm_proof which;
    bool ok =
        proof_public(source_of(c), key, &c->plan.items[i].half, &spki, &err) &&
        proof_run(&pair, 1U << fate->proof, &which, &err) &&
        tell_proof(c, i, STEP_PROVE_FRESH, which, path_of(which), proof_sentence(which), &err);

    bytes_free(&spki);
    if (!ok && err.code == ERR_UNSUPPORTED)
        not_tried(c, key, err.what);
    else if (!ok) {
        fate->outcome = KEY_UNKNOWN;
        fate->err = err;
    }
    return ok;
}

static size_t prove_all(struct ceremony *c, struct hsm *app, const struct names *names)
{
    size_t proven = 0;

    for (size_t i = 0; i < c->plan.count; i++) {
        const struct key_desc *found;
        if (!wants(c, i))
            continue;
        found = names_only(names, &c->plan.items[i].key);
        if (!path_of(c->fates[i].proof))
            not_tried(c, &c->plan.items[i].key,
                      hsm_signing_of(c->fates[i].proof).hash
                          ? "they hash first, and the key allows only mechanisms that hash"
                          : "OpenSSL unwraps no keys on a token");
        else if (found)
            proven += prove_one(c, i, app, found);
        else
            not_tried(c, &c->plan.items[i].key, "libp11 does not find one key of this name");
    }
    return proven;
}

size_t closing_as_application(struct ceremony *c)
{
    struct hsm *app = NULL;
    struct key_list list = {0};
    struct names names = {0};
    struct err err = {0};
    size_t wanted = 0, proven = 0;

    for (size_t i = 0; i < c->plan.count; i++)
        wanted += wants(c, i);
    if (wanted == 0 || !c->host.open_app)
        return 0;
    if (c->host.open_app(c->host.ctx, SIDE_DESTINATION, &app, &err) &&
        closing_enter(c, app, &list, &err) && names_make(&list, &names, &err))
        proven = prove_all(c, app, &names);
    else if (err.code != ERR_NO_INPUT)
        not_tried(c, NULL, err.what);
    names_free(&names);
    key_list_free(&list);
    if (app)
        app->driver->close(app);
    return proven;
}
