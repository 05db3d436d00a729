/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/next_step.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "hsm/ml_kem.h"
#include "hsm/wrap_alg.h"

enum {
    LABEL_COLUMNS = 32, /* of a longer label, so many are shown */
    KEK_OCTETS = 32,    /* AES-256 */
    EC_SPKI = 26,       /* octets of an EC public key's DER besides the two coordinates */
    SPKI_FRAME = 38,    /* octets of an RSA public key's DER besides the modulus */
    EXACT_MAX = 1000,   /* above it, an estimate is rounded to hundreds */
    EC_FRAME = 42,      /* octets of an EC private key's DER besides its three numbers ... */
    EDWARDS_FRAME = 16, /* ... of one of RFC 8410 besides its one */
    RSA_FRAME = 50,     /* ... of an RSA one; its numbers are 4.5 times as long as the modulus */
};

/* A key that has no envelope crosses under the transport key itself. */
static const char wrap_directly[] =
    "The SOURCE encrypts % under the transport key of the DESTINATION.";

/* Octets of a key as it is wrapped: a secret's value, a private key's PKCS#8 (RFC 5958). 0: not
 * known. */
static size_t octets_of(const struct key_desc *key)
{
    size_t field = ((size_t)key->bits + 7) / 8;

    switch (key->kind) {
    case KEY_KIND_RSA:
        return field * 9 / 2 + RSA_FRAME;
    case KEY_KIND_EC:
        return 3 * field + EC_FRAME;
    case KEY_KIND_EDWARDS:
    case KEY_KIND_MONTGOMERY:
        return field + EDWARDS_FRAME;
    case KEY_KIND_DES3:
        return key->length ? key->length : 24;
    default:
        return key->length ? key->length : field;
    }
}

/* The algorithm of one blob whose AES key this one encrypts. */
static enum hsm_alg blob_by(enum hsm_alg outer)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++)
        if (wrap_alg(alg)->family == WRAP_RSA_AES && wrap_alg(alg)->outer == outer)
            return alg;
    return outer;
}

size_t next_step_bytes(const struct next_step *next)
{
    const bool agreed = next->transport_bits && wrap_is_agreed(next->transport);
    const struct wrap_alg *alg = wrap_alg(next->transport);
    size_t modulus = next->transport_bits / 8, octets;

    switch (step_sent(next->id)) {
    case STEP_SENT_PUBLIC:
        if (agreed)
            return (alg->curve ? 2 * (((size_t)alg->bits + 7) / 8) + EC_SPKI : 0) +
                   (!alg->kem ? 0
                    : next->id == STEP_RELAY_PUBLIC || next->id == STEP_MAKE_PAIR
                        ? ml_kem_spki_len(alg->kem)
                        : ml_kem_ciphertext_len(alg->kem));
        return modulus ? modulus + SPKI_FRAME : 0;
    case STEP_SENT_KEK:
        return agreed && alg->curve && alg->kem ? 0 /* one layer or two */
               : agreed                    ? wrap_ciphertext_len(next->transport, KEK_OCTETS, 0)
               : wrap_is_by_rsa(next->alg) ? wrap_ciphertext_len(next->alg, KEK_OCTETS, modulus)
                                           : modulus;
    case STEP_SENT_KEY:
        octets = next->key ? octets_of(next->key) : 0;
        return octets && (unsigned)next->alg < HSM_ALGS
                   ? wrap_ciphertext_len(next->blob ? blob_by(next->alg) : next->alg, octets,
                                         modulus)
                   : 0;
    default:
        return 0;
    }
}

/* ", about 2,400 bytes"; an asymmetric key's encoding is not known to the octet. */
static void put_bytes(const struct next_step *next, char *out, size_t size)
{
    size_t bytes = next_step_bytes(next);
    enum step_sent sent = step_sent(next->id);
    bool about = sent == STEP_SENT_PUBLIC || (sent == STEP_SENT_KEY && next->key &&
                                              key_kind_is(next->key->kind, KEY_FAMILY_PAIR));

    out[0] = '\0';
    if (about && bytes > EXACT_MAX)
        bytes = (bytes + 50) / 100 * 100;
    if (bytes >= 1000)
        text_print(out, size, ", %s%zu,%03zu bytes", about ? "about " : "", bytes / 1000,
                   bytes % 1000);
    else if (bytes)
        text_print(out, size, ", %s%zu bytes", about ? "about " : "", bytes);
}

/* "root-ca (RSA 4096)" */
static void put_key(const struct key_desc *key, char *out, size_t size)
{
    char label[KEY_LABEL_TEXT], fits[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT];

    text_fit(key_label_text(key, label), LABEL_COLUMNS, true, fits, sizeof fits);
    text_print(out, size, "%s (%s)", fits, key_type_text(key, type));
}

void next_step_words(const struct next_step *next, struct next_words *out)
{
    char key[KEY_LABEL_TEXT + KEY_TYPE_TEXT + 4] = "the key", bytes[48];
    const char *does, *mark;

    *out = (struct next_words){.does = ""};
    if ((unsigned)next->id >= STEPS)
        return;
    if (next->key)
        put_key(next->key, key, sizeof key);
    does = next->id == STEP_WRAP_KEY && next->route == ROUTE_DIRECT ? wrap_directly
           : wrap_is_agreed(next->transport)
               ? step_does_agreed(next->id, wrap_alg(next->transport)->kem)
               : step_does(next->id);
    mark = strchrnul(does, '%');
    text_print(out->does, sizeof out->does, "%.*s%s%s%s%s%s", (int)(mark - does), does,
               *mark ? key : "", *mark ? mark + 1 : "", next->call && next->call[0] ? " " : "",
               next->call ? next->call : "", next->call && next->call[0] ? "." : "");
    put_bytes(next, bytes, sizeof bytes);
    text_print(out->leaves, sizeof out->leaves, "%s%s.", step_leaves(next->id), bytes);
}
