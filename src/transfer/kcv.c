/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Check values: the few octets by which officers know a key again. Each is an operation on the key
 * and a small leak of it, so only keys whose own uses allow the operation have one, and never a
 * stored secret, which it would help to guess.
 */
#include "transfer/kcv.h"

#include <stdio.h>
#include <string.h>

/* Over a block of zeros: PKCS#11 v2.40 4.10.2 (ECB); ANSI X9.24-1 (2017) Annex A (CMAC, and for
 * triple DES also ECB). */
static const struct {
    enum key_check method;
    enum hsm_proof by;
    uint32_t use;
} computed[] = {
    {KEY_CHECK_ECB, HSM_PROOF_CHECK_ECB, KEY_ENCRYPT},
    {KEY_CHECK_CMAC, HSM_PROOF_CHECK_CMAC, KEY_SIGN},
};

enum { COMPUTED = sizeof computed / sizeof computed[0] };

static bool none(struct check *check, const char *why)
{
    memset(check->value, 0, sizeof check->value);
    snprintf(check->text, sizeof check->text, "%s", why);
    return true;
}

static bool ask(struct hsm *hsm, uint64_t handle, enum hsm_proof by, const struct bytes *zeros,
                struct key_check_value *value, struct err *err)
{
    struct bytes answer = {0};
    bool ok = hsm->driver->prove(hsm, by, handle, zeros, &answer, err);

    if (ok && answer.len != HSM_CHECK_SIZE)
        ok = err_set(err, ERR_HSM, "%zu octets were answered for a check value", answer.len);
    if (ok) {
        value->len = HSM_CHECK_SIZE;
        memcpy(value->octets, answer.data, HSM_CHECK_SIZE);
    }
    bytes_free(&answer);
    return ok;
}

static bool compute(const struct check_pair *pair, unsigned at, uint32_t offered,
                    struct check *check, struct err *err)
{
    uint8_t block[16] = {0};
    const struct bytes zeros = {block,
                                pair->key[SIDE_SOURCE]->kind == KEY_KIND_DES3 ? 8 : sizeof block};
    char why[EVENT_TEXT_MAX];

    check->method = computed[at].method;
    if (!key_is(pair->key[SIDE_SOURCE], computed[at].use)) {
        snprintf(why, sizeof why, "its uses do not allow: %s", key_flag_name(computed[at].use));
        return none(check, why);
    }
    if (!(offered & UINT32_C(1) << computed[at].by))
        return none(check, "not both HSMs compute it");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        if (!ask(pair->hsm[side], pair->handle[side], computed[at].by, &zeros, &check->value[side],
                 err)) {
            snprintf(why, sizeof why, "the %s: %.200s", side_name(side), err->what);
            return err->code != ERR_GONE && none(check, why);
        }
    if (memcmp(&check->value[SIDE_SOURCE], &check->value[SIDE_DESTINATION],
               sizeof check->value[0]) == 0)
        return true;
    err_set(err, ERR_DATA, "the check values of both sides differ: %s",
            key_check_words(check->method));
    return err_next(err, "Do not use this key on the destination; find out what altered it.");
}

/* Whether both public halves are the same is for the comparison of attributes to say. */
static bool tell_spki(const struct check_pair *pair, struct check *check)
{
    check->method = KEY_CHECK_SPKI;
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        struct key_check_value *value = &check->value[side];
        if (pair->key[side]->has_public) {
            value->len = sizeof pair->key[side]->spki_sha256;
            memcpy(value->octets, pair->key[side]->spki_sha256, value->len);
        } else {
            snprintf(check->text, sizeof check->text, "the %s tells no public half",
                     side_name(side));
        }
    }
    return true;
}

static bool is_cipher(const struct key_desc *key)
{
    return key->kind == KEY_KIND_AES || key->kind == KEY_KIND_DES3;
}

unsigned check_count(const struct key_desc *key)
{
    return is_cipher(key) ? COMPUTED : 1;
}

bool check_value(const struct check_pair *pair, unsigned at, uint32_t offered, struct check *check,
                 struct err *err)
{
    const struct key_desc *key = pair->key[SIDE_SOURCE];

    *check = (struct check){0};
    if (is_cipher(key))
        return compute(pair, at, offered, check, err);
    if (key->kind == KEY_KIND_RSA || key->kind == KEY_KIND_EC)
        return tell_spki(pair, check);
    return none(check, "a check value would help to guess a stored secret");
}

bool check_agree(const struct check_pair *pair, uint32_t offered)
{
    struct check check;
    struct err err = {0};
    bool any = false;

    for (unsigned i = 0; i < check_count(pair->key[SIDE_SOURCE]); i++) {
        if (!check_value(pair, i, offered, &check, &err))
            return false;
        any |= check.value[SIDE_SOURCE].len > 0;
    }
    return any;
}
