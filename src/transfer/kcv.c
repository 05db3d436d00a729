/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check values: the few octets by which officers recognise a key. Each one takes an operation with
 * the key and reveals a little of it, so only keys whose own uses allow the operation have one; and
 * never a stored secret, since it would help to guess the secret.
 */
#include "transfer/kcv.h"

#include <stdio.h>
#include <string.h>

/* Over a block of zeros: PKCS#11 v2.40 4.10.2 (ECB); ANSI X9.24-1 (2017) Annex A (CMAC, and for
 * triple DES also ECB). */
static const struct {
    enum kcv_method method;
    enum hsm_proof by;
    uint32_t use;
} computed[] = {
    {KCV_ECB, HSM_PROOF_KCV_ECB, KEY_ENCRYPT},
    {KCV_CMAC, HSM_PROOF_KCV_CMAC, KEY_SIGN},
};

enum { COMPUTED = sizeof computed / sizeof computed[0] };

static bool none(struct kcv *kcv, const char *why)
{
    memset(kcv->value, 0, sizeof kcv->value);
    snprintf(kcv->text, sizeof kcv->text, "%s", why);
    return true;
}

static bool ask(struct hsm *hsm, uint64_t handle, enum hsm_proof by, const struct bytes *zeros,
                struct kcv_value *value, struct err *err)
{
    struct bytes answer = {0};
    bool ok = hsm->driver->prove(hsm, by, handle, zeros, &answer, err);

    if (ok && answer.len != HSM_KCV_SIZE)
        ok = err_set(err, ERR_HSM, "%zu octets were answered for a check value", answer.len);
    if (ok) {
        value->len = HSM_KCV_SIZE;
        memcpy(value->octets, answer.data, HSM_KCV_SIZE);
    }
    bytes_free(&answer);
    return ok;
}

static bool compute(const struct kcv_pair *pair, unsigned at, uint32_t offered, struct kcv *kcv,
                    struct err *err)
{
    uint8_t block[16] = {0};
    const struct bytes zeros = {block,
                                pair->key[SIDE_SOURCE]->kind == KEY_KIND_DES3 ? 8 : sizeof block};
    char why[EVENT_TEXT_MAX];

    kcv->method = computed[at].method;
    if (!key_is(pair->key[SIDE_SOURCE], computed[at].use)) {
        snprintf(why, sizeof why, "its uses do not allow: %s", key_flag_name(computed[at].use));
        return none(kcv, why);
    }
    if (!(offered & UINT32_C(1) << computed[at].by))
        return none(kcv, "not both HSMs compute it");
    if (kcv->method == KCV_ECB && pair->ecb)
        memcpy(kcv->value, pair->ecb, sizeof kcv->value);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (kcv->value[side].len == 0 && !ask(pair->hsm[side], pair->handle[side], computed[at].by,
                                              &zeros, &kcv->value[side], err)) {
            snprintf(why, sizeof why, "the %s: %.200s", side_name(side), err->what);
            return err->code != ERR_GONE && none(kcv, why);
        }
    if (memcmp(&kcv->value[SIDE_SOURCE], &kcv->value[SIDE_DESTINATION], sizeof kcv->value[0]) == 0)
        return true;
    err_set(err, ERR_DATA, "the check values of both sides differ: %s",
            kcv_method_words(kcv->method));
    return err_next(err, "Do not use this key on the destination; determine what altered it.");
}

/* Does not compare the two public halves: the comparison of attributes does that. */
static bool report_spki(const struct kcv_pair *pair, struct kcv *kcv)
{
    kcv->method = KCV_SPKI;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct kcv_value *value = &kcv->value[side];
        if (pair->key[side]->has_public) {
            value->len = sizeof pair->key[side]->spki_sha256;
            memcpy(value->octets, pair->key[side]->spki_sha256, value->len);
        } else {
            snprintf(kcv->text, sizeof kcv->text, "the %s reports no public half", side_name(side));
        }
    }
    return true;
}

static bool is_cipher(const struct key_desc *key)
{
    return key_kind_is(key->kind, KEY_FAMILY_CIPHER);
}

unsigned kcv_count(const struct key_desc *key)
{
    return is_cipher(key) ? COMPUTED : 1;
}

bool kcv_compute(const struct kcv_pair *pair, unsigned at, uint32_t offered, struct kcv *kcv,
                 struct err *err)
{
    const struct key_desc *key = pair->key[SIDE_SOURCE];

    *kcv = (struct kcv){0};
    if (is_cipher(key))
        return compute(pair, at, offered, kcv, err);
    if (key_kind_is(key->kind, KEY_FAMILY_PAIR))
        return report_spki(pair, kcv);
    return none(kcv, "a check value would help to guess a stored secret");
}

bool kcv_agree(const struct kcv_pair *pair, uint32_t offered)
{
    struct kcv kcv;
    struct err err = {0};
    bool any = false;

    for (unsigned i = 0; i < kcv_count(pair->key[SIDE_SOURCE]); i++) {
        if (!kcv_compute(pair, i, offered, &kcv, &err))
            return false;
        any |= kcv.value[SIDE_SOURCE].len > 0;
    }
    return any;
}
