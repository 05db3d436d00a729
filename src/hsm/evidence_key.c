/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/evidence_key.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/secret.h"
#include "hsm/keyless.h"

/* --- both sides --- */

/* The context, and room for an answer and a challenge in locked memory. */
struct work {
    uint8_t octets[EVIDENCE_CONTEXT];
    struct bytes context;
    struct secret answer, text;
};

/* Decryption may need room for the whole ciphertext, and a token may use all of it. */
enum { ROOM = 2 * EVIDENCE_CIPHERTEXT };

static bool work_begin(struct work *w, struct err *err)
{
    *w = (struct work){.context = {NULL, EVIDENCE_CONTEXT}};
    w->context.data = w->octets;
    return secret_new(&w->answer, ROOM, err) && secret_new(&w->text, ROOM, err);
}

static void work_end(struct work *w)
{
    secret_free(&w->answer);
    secret_free(&w->text);
}

/* This HSM's own answer. */
static bool ask(struct hsm *hsm, const struct evidence_subject *of, const uint8_t *challenge,
                struct secret *answer, struct err *err)
{
    const struct bytes asked = {(uint8_t *)challenge, EVIDENCE_TEXT};
    struct bytes got = {0};
    bool ok = hsm->driver->prove(hsm, of->proof, of->key, &asked, &got, err);

    if (ok && (got.len != EVIDENCE_TEXT || keyless_is(of->proof, &asked, &got)))
        ok = err_set(err, ERR_DATA, "the HSM answers as if there were no key at all");
    ok = ok && secret_set(answer, got.data, got.len, err);
    bytes_free(&got);
    return ok;
}

static bool draw(uint8_t *to, size_t len, struct err *err)
{
    return RAND_bytes(to, (int)len) == 1 ||
           err_set(err, ERR_FAILED, "no random numbers for a challenge");
}

/* --- the source --- */

static bool draw_challenge(struct secret *text, struct err *err)
{
    text->len = EVIDENCE_TEXT;
    return draw(text->data, text->len, err);
}

bool evidence_key_seal(struct hsm *hsm, const struct evidence_subject *of,
                       struct evidence_cipher *cipher, struct err *err)
{
    struct evidence_cipher made = *cipher;
    struct work w;
    bool ok = work_begin(&w, err) && draw(made.iv, sizeof made.iv, err) &&
              (!of->open || draw_challenge(&w.text, err)) &&
              ask(hsm, of, of->open ? w.text.data : made.challenge, &w.answer, err);

    if (ok && of->open)
        SHA256(w.answer.data, w.answer.len, made.challenge);
    if (ok)
        evidence_context(of, made.challenge, w.octets);
    ok = ok && hsm->driver->encrypt(hsm, of->evidence_key, &w.context,
                                    of->open ? &w.text : &w.answer, &made, err);
    work_end(&w);
    if (ok)
        *cipher = made;
    return ok;
}

/* --- the destination --- */

/* Return one uniform error for evidence that was altered, and for another key. */
static bool fail_different(struct err *err)
{
    err_set(err, ERR_DATA, "the proof failed: the evidence of the source is not for this key");
    return err_next(err, "Do not use this key on the destination; determine what altered it, or "
                         "the file.");
}

static bool is_equal(const struct evidence_subject *of, const struct evidence_cipher *cipher,
                     const struct work *w)
{
    uint8_t sha256[SHA256_DIGEST_LENGTH];

    if (!of->open)
        return CRYPTO_memcmp(w->answer.data, w->text.data, EVIDENCE_TEXT) == 0;
    SHA256(w->answer.data, w->answer.len, sha256);
    return CRYPTO_memcmp(sha256, cipher->challenge, sizeof sha256) == 0;
}

bool evidence_key_unseal(struct hsm *hsm, const struct evidence_subject *of,
                         const struct evidence_cipher *cipher, struct bytes *answer,
                         struct err *err)
{
    struct err why = {0};
    struct work w;
    bool ok = work_begin(&w, err);

    evidence_context(of, cipher->challenge, w.octets);
    if (ok && !hsm->driver->decrypt(hsm, of->evidence_key, &w.context, cipher, &w.text, &why)) {
        ok = false;
        if (why.code == ERR_DATA)
            fail_different(err);
        else if (err)
            *err = why;
    }
    ok = ok && ask(hsm, of, of->open ? w.text.data : cipher->challenge, &w.answer, err) &&
         (is_equal(of, cipher, &w) || fail_different(err)) &&
         (!of->open || bytes_set(answer, w.answer.data, w.answer.len, err));
    work_end(&w);
    return ok;
}
