/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/proof.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "hsm/keyless.h"
#include "hsm/spki.h"
#include "transfer/certificate.h"

static bool fresh_bytes(size_t len, struct bytes *out, struct err *err)
{
    if (!bytes_make(out, len, err))
        return false;
    if (RAND_bytes(out->data, (int)len) != 1)
        return err_set(err, ERR_FAILED, "no random numbers for a challenge");
    return true;
}

static bool differ(struct err *err, const char *how)
{
    err_set(err, ERR_DATA, "the proof failed: %s", how);
    return err_next(err, "Do not use this key on the destination; determine what altered it.");
}

static bool has_passed(const struct bytes *spki, const uint8_t passed[SHA256_DIGEST_LENGTH])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    return SHA256(spki->data, spki->len, digest) && memcmp(digest, passed, sizeof digest) == 0;
}

/* ML-DSA and ML-KEM are in OpenSSL from 3.5 on. */
static void cannot_read(const struct bytes *spki, struct err *err)
{
    const struct key_set *set = spki ? spki_read_set(spki, NULL) : NULL;

    if (set)
        err_set(err, ERR_UNSUPPORTED, "OpenSSL %s here has no %s, by which answers are checked",
                OpenSSL_version(OPENSSL_VERSION_STRING), set->name);
    else
        err_set(err, ERR_DATA, "the source's public key cannot be read");
}

/* passed: the SHA-256 of a public half that was checked before, which takes longer than a
 * signature. */
static EVP_PKEY *public_key(const struct bytes *spki, const uint8_t passed[SHA256_DIGEST_LENGTH],
                            struct err *err)
{
    EVP_PKEY *pkey = spki ? spki_read(spki) : NULL;
    EVP_PKEY_CTX *ctx = pkey ? EVP_PKEY_CTX_new(pkey, NULL) : NULL;

    if (!pkey)
        cannot_read(spki, err);
    else if (!ctx || (!has_passed(spki, passed) && EVP_PKEY_public_check(ctx) != 1))
        differ(err, "the source's public key is one under which anybody could answer");
    else {
        EVP_PKEY_CTX_free(ctx);
        return pkey;
    }
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return NULL;
}

/* Converts an ECDSA signature from r || s, as in PKCS#11, to DER, as in OpenSSL. */
static bool ecdsa_to_der(struct bytes *signature, struct err *err)
{
    int half = (int)(signature->len / 2), der_len = -1;
    unsigned char *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature->data, half, NULL);
    BIGNUM *s = BN_bin2bn(signature->data + half, half, NULL);
    bool ok;

    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL; /* now owned by sig */
        der_len = i2d_ECDSA_SIG(sig, &der);
    }
    ok = der_len > 0 ? bytes_set(signature, der, (size_t)der_len, err)
                     : err_set(err, ERR_DATA, "the signature cannot be read");
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(sig);
    return ok;
}

static const EVP_MD *hash_of(struct hsm_signing signing)
{
    return signing.hash == HSM_SHA384   ? EVP_sha384()
           : signing.hash == HSM_SHA512 ? EVP_sha512()
                                        : EVP_sha256();
}

static bool set_padding(EVP_PKEY_CTX *ctx, struct hsm_signing signing)
{
    if (!signing.pss)
        return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
    return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, hash_of(signing)) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/* EdDSA and ML-DSA, whose keys sign in no other way. */
static bool verify_pure(EVP_PKEY *pkey, const struct bytes *message, const struct bytes *signature)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok =
        ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) == 1 &&
        EVP_DigestVerify(ctx, signature->data, signature->len, message->data, message->len) == 1;

    EVP_MD_CTX_free(ctx);
    return ok;
}

static bool verify(EVP_PKEY *pkey, enum hsm_proof proof, const struct bytes *digest,
                   const struct bytes *signature)
{
    struct hsm_signing signing = hsm_signing_of(proof);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok;

    if (signing.hash == HSM_PURE) {
        EVP_PKEY_CTX_free(ctx);
        return verify_pure(pkey, digest, signature);
    }
    ok = ctx && EVP_PKEY_get_base_id(pkey) == (signing.ecdsa ? EVP_PKEY_EC : EVP_PKEY_RSA) &&
         EVP_PKEY_verify_init(ctx) == 1 &&
         EVP_PKEY_CTX_set_signature_md(ctx, hash_of(signing)) == 1 &&
         (signing.ecdsa || set_padding(ctx, signing)) &&
         EVP_PKEY_verify(ctx, signature->data, signature->len, digest->data, digest->len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

bool proof_signature(const struct bytes *spki, enum hsm_proof proof, const struct bytes *digest,
                     struct bytes *signature, struct err *err)
{
    EVP_PKEY *pkey = spki_read(spki);
    bool ok = pkey ? !hsm_signing_of(proof).ecdsa || ecdsa_to_der(signature, err)
                   : err_set(err, ERR_DATA, "the public key of the key that signed cannot be read");

    if (ok && !verify(pkey, proof, digest, signature))
        ok = err_set(err, ERR_DATA, "the HSM's signature does not verify under its public key");
    EVP_PKEY_free(pkey);
    return ok;
}

/* RSAES-OAEP with SHA-1, the only hash that every known HSM supports for decryption. */
static bool encrypt_oaep(EVP_PKEY *pkey, const struct bytes *plain, struct bytes *cipher,
                         struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    size_t len = (size_t)EVP_PKEY_get_size(pkey);
    bool ok = bytes_make(cipher, len, err);

    if (ok && (!ctx || EVP_PKEY_encrypt_init(ctx) != 1 ||
               EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
               EVP_PKEY_encrypt(ctx, cipher->data, &len, plain->data, plain->len) != 1))
        ok = err_set(err, ERR_UNSUPPORTED, "nothing can be encrypted under this public key");
    EVP_PKEY_CTX_free(ctx);
    return ok;
}

static bool join(const struct bytes *a, const struct bytes *b, struct bytes *out, struct err *err)
{
    if (a->len + b->len > HSM_CHALLENGE_MAX)
        return err_set(err, ERR_UNSUPPORTED, "no challenge fits a key of this size");
    if (!bytes_make(out, a->len + b->len, err))
        return false;
    memcpy(out->data, a->data, a->len);
    memcpy(out->data + a->len, b->data, b->len);
    return true;
}

static bool agrees(EVP_PKEY *pkey)
{
    const int type = EVP_PKEY_get_base_id(pkey);

    return type == EVP_PKEY_EC || type == EVP_PKEY_X25519 || type == EVP_PKEY_X448;
}

/* The relay's half of the derivation: a fresh pair on the curve, and the secret that it shares with
 * the source's public key. */
static bool agree(EVP_PKEY *pkey, struct bytes *point, struct bytes *secret, struct err *err)
{
    EVP_PKEY_CTX *make = EVP_PKEY_CTX_new(pkey, NULL), *derive = NULL;
    unsigned char *encoded = NULL;
    EVP_PKEY *ours = NULL;
    size_t len = 0;
    bool ok = make && agrees(pkey) && EVP_PKEY_keygen_init(make) == 1 &&
              EVP_PKEY_keygen(make, &ours) == 1 && (derive = EVP_PKEY_CTX_new(ours, NULL)) &&
              EVP_PKEY_derive_init(derive) == 1 && EVP_PKEY_derive_set_peer(derive, pkey) == 1 &&
              EVP_PKEY_derive(derive, NULL, &len) == 1 && bytes_make(secret, len, err) &&
              EVP_PKEY_derive(derive, secret->data, &secret->len) == 1 &&
              (len = EVP_PKEY_get1_encoded_public_key(ours, &encoded)) > 0 &&
              bytes_set(point, encoded, len, err);

    OPENSSL_free(encoded);
    EVP_PKEY_CTX_free(make);
    EVP_PKEY_CTX_free(derive);
    EVP_PKEY_free(ours);
    return ok || err_set(err, ERR_UNSUPPORTED, "nothing can be derived with this public key");
}

/* --- the challenge --- */

/* What is signed: the message, or its digest. */
static bool signed_of(struct hsm_signing signing, const struct bytes *message, struct bytes *out,
                      struct err *err)
{
    if (signing.hash == HSM_PURE)
        return bytes_set(out, message->data, message->len, err);
    return bytes_make(out, (size_t)EVP_MD_get_size(hash_of(signing)), err) &&
           EVP_Digest(message->data, message->len, out->data, NULL, hash_of(signing), NULL);
}

/* A random message, or the digest of one. */
static bool challenge_signature(struct proof_challenge *c, struct err *err)
{
    struct hsm_signing signing = hsm_signing_of(c->proof);
    struct bytes message = {0};
    bool ok = fresh_bytes(32, &message, err) && signed_of(signing, &message, &c->expected, err) &&
              bytes_set(&c->bytes, signing.hashed ? c->expected.data : message.data,
                        signing.hashed ? c->expected.len : message.len, err);

    bytes_free(&message);
    return ok;
}

/* A nonce, followed by the data from which both sides compute the secret; they answer with the
 * digest of nonce and secret. */
static bool challenge_secret(struct proof_challenge *c, const struct bytes *from,
                             const struct bytes *secret, struct err *err)
{
    struct bytes nonce = {0}, text = {0};
    bool ok = fresh_bytes(32, &nonce, err) && join(&nonce, from, &c->bytes, err) &&
              join(&nonce, secret, &text, err) &&
              bytes_make(&c->expected, SHA256_DIGEST_LENGTH, err) &&
              SHA256(text.data, text.len, c->expected.data);

    bytes_free(&nonce);
    bytes_free(&text);
    return ok;
}

/* A random secret that was encrypted under the source's public key. */
static bool challenge_unwrapping(struct proof_challenge *c, EVP_PKEY *pkey, struct err *err)
{
    struct bytes plain = {0}, cipher = {0};
    bool ok = fresh_bytes(32, &plain, err) && encrypt_oaep(pkey, &plain, &cipher, err) &&
              challenge_secret(c, &cipher, &plain, err);

    bytes_free(&plain);
    bytes_free(&cipher);
    return ok;
}

/* The secret that a fresh key pair of the relay shares with the key. It is worthless afterwards:
 * the relay's pair is discarded. */
static bool challenge_agreement(struct proof_challenge *c, EVP_PKEY *pkey, struct err *err)
{
    struct bytes point = {0}, secret = {0};
    bool ok = agree(pkey, &point, &secret, err) && challenge_secret(c, &point, &secret, err);

    bytes_free(&point);
    bytes_free(&secret);
    return ok;
}

/* The secret that the relay encapsulated for the public key. Worthless afterwards, too. */
static bool challenge_encapsulation(struct proof_challenge *c, EVP_PKEY *pkey, struct err *err)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    struct bytes text = {0}, secret = {0};
    size_t text_len = 0, secret_len = 0;
    bool ok = ctx && EVP_PKEY_encapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_encapsulate(ctx, NULL, &text_len, NULL, &secret_len) == 1 &&
              bytes_make(&text, text_len, err) && bytes_make(&secret, secret_len, err) &&
              EVP_PKEY_encapsulate(ctx, text.data, &text_len, secret.data, &secret_len) == 1;

    if (!ok)
        err_set(err, ERR_UNSUPPORTED, "nothing can be encapsulated for this public key");
    ok = ok && challenge_secret(c, &text, &secret, err);
    EVP_PKEY_CTX_free(ctx);
    bytes_free(&text);
    bytes_free(&secret);
    return ok;
}

/* Challenges that are answered with the private half. */
static bool challenge_private(struct proof_challenge *c, const struct bytes *spki, struct err *err)
{
    EVP_PKEY *pkey;
    bool ok;

    if (spki && hsm_signing_of(c->proof).hash && has_passed(spki, c->passed))
        return challenge_signature(c, err); /* the key is not needed before the judgement */
    pkey = public_key(spki, c->passed, err);
    if (!pkey)
        return false;
    SHA256(spki->data, spki->len, c->passed);
    ok = c->proof == HSM_PROOF_RSA_DECRYPT ? fresh_bytes(32, &c->expected, err) &&
                                                 encrypt_oaep(pkey, &c->expected, &c->bytes, err)
         : c->proof == HSM_PROOF_RSA_UNWRAP ? challenge_unwrapping(c, pkey, err)
         : c->proof == HSM_PROOF_ML_KEM     ? challenge_encapsulation(c, pkey, err)
         : hsm_proof_has_secret(c->proof)   ? challenge_agreement(c, pkey, err)
                                            : challenge_signature(c, err);
    EVP_PKEY_free(pkey);
    return ok;
}

static bool make_challenge(struct proof_challenge *out, const struct bytes *spki, struct err *err)
{
    switch (out->proof) {
    case HSM_PROOF_AES_ECB:
    case HSM_PROOF_AES_DECRYPT:
    case HSM_PROOF_DIGEST:
    case HSM_PROOF_HMAC:
        return fresh_bytes(32, &out->bytes, err);
    case HSM_PROOF_BYTES:
        return true; /* each side is asked for the whole object */
    case HSM_PROOF_RSA_DECRYPT:
    case HSM_PROOF_RSA_UNWRAP:
    case HSM_PROOF_ECDH:
    case HSM_PROOF_XDH:
    case HSM_PROOF_ML_KEM:
        return challenge_private(out, spki, err);
    default:
        return hsm_signing_of(out->proof).hash ? challenge_private(out, spki, err)
                                               : err_set(err, ERR_UNSUPPORTED, "no such proof");
    }
}

bool proof_challenge(enum hsm_proof proof, const struct bytes *spki, const uint8_t *passed,
                     struct proof_challenge *out, struct err *err)
{
    *out = (struct proof_challenge){.proof = proof};
    if (passed)
        memcpy(out->passed, passed, sizeof out->passed);
    if (make_challenge(out, spki, err))
        return true;
    proof_challenge_free(out);
    return false;
}

bool proof_again(enum hsm_proof proof, const struct bytes *bytes, struct proof_challenge *out,
                 struct err *err)
{
    const struct hsm_signing signing = hsm_signing_of(proof);
    const size_t digest = signing.hash ? (size_t)EVP_MD_get_size(hash_of(signing)) : 0;
    bool ok = true;

    *out = (struct proof_challenge){.proof = proof};
    if (bytes->len == 0 || bytes->len > HSM_CHALLENGE_MAX ||
        (signing.hashed && bytes->len != digest))
        return err_set(err, ERR_DATA, "this is no challenge of this proof");
    ok = bytes_set(&out->bytes, bytes->data, bytes->len, err);
    if (ok && signing.hashed)
        ok = bytes_set(&out->expected, bytes->data, bytes->len, err);
    else if (ok && signing.hash)
        ok = signed_of(signing, bytes, &out->expected, err);
    if (!ok)
        proof_challenge_free(out);
    return ok;
}

void proof_challenge_free(struct proof_challenge *challenge)
{
    bytes_free(&challenge->bytes);
    bytes_free(&challenge->expected);
}

/* --- the answer --- */

bool proof_value(struct hsm *hsm, enum key_class class, uint64_t handle, struct bytes *der,
                 struct err *err)
{
    return class == KEY_CLASS_CERTIFICATE ? hsm->driver->certificate(hsm, handle, der, err)
                                          : hsm->driver->public_key(hsm, handle, der, err);
}

bool proof_half(struct hsm *hsm, const struct proof_half *half, struct bytes *spki, struct err *err)
{
    struct bytes der = {0};
    bool ok = proof_value(hsm, half->class, half->handle, &der, err);

    if (ok && half->class == KEY_CLASS_CERTIFICATE)
        ok = certificate_spki(&der, spki, err);
    else if (ok)
        ok = bytes_set(spki, der.data, der.len, err);
    bytes_free(&der);
    return ok;
}

bool proof_answer(struct hsm *hsm, const struct proof_place *at,
                  const struct proof_challenge *challenge, struct bytes *answer, struct err *err)
{
    if (challenge->proof != HSM_PROOF_BYTES)
        return hsm->driver->prove(hsm, challenge->proof, at->handle, &challenge->bytes, answer,
                                  err);
    return at->half.handle ? proof_half(hsm, &at->half, answer, err)
                           : proof_value(hsm, at->class, at->handle, answer, err);
}

/* --- the judgement --- */

/* Both answers are equal, and depend on a key. */
static bool judge_alike(const struct proof_challenge *c, size_t answer_len,
                        const struct proof_answers *a, struct err *err)
{
    if (a->source.len != answer_len || !bytes_equal(&a->source, &a->destination))
        return differ(err, "source and destination answer the same challenge differently");
    return !keyless_is(c->proof, &c->bytes, &a->source) ||
           differ(err, "both sides answer as if there were no key at all");
}

/* Both answers are those of a holder of the private half. */
static bool judge_expected(const struct proof_challenge *c, const struct proof_answers *a,
                           struct err *err)
{
    if (!c->source_shown && !bytes_equal(&c->expected, &a->source))
        return differ(err, "the source itself does not answer as its own public key wants it");
    return bytes_equal(&c->expected, &a->destination) ||
           differ(err, "the destination does not answer as the source's public key wants it");
}

/* Both signatures verify under the source's public key. */
static bool judge_signatures(const struct proof_challenge *c, const struct bytes *spki,
                             struct proof_answers *a, struct err *err)
{
    EVP_PKEY *pkey = public_key(spki, c->passed, err);
    bool ecdsa = hsm_signing_of(c->proof).ecdsa;
    bool ok = pkey && (!ecdsa || ((c->source_shown || ecdsa_to_der(&a->source, err)) &&
                                  ecdsa_to_der(&a->destination, err)));

    if (ok && !c->source_shown && !verify(pkey, c->proof, &c->expected, &a->source))
        ok = differ(err, "a signature by the source does not verify under its own public key");
    if (ok && !verify(pkey, c->proof, &c->expected, &a->destination))
        ok = differ(err, "a signature by the destination does not verify under the source's "
                         "public key");
    EVP_PKEY_free(pkey);
    return ok;
}

/* Both sides read back the bytes that were carried. */
static bool judge_bytes(const struct proof_challenge *c, const struct bytes *carried,
                        const struct proof_answers *a, struct err *err)
{
    if (!c->source_shown && !bytes_equal(carried, &a->source))
        return err_set(err, ERR_CONFLICT, "the object on the source was changed since it was read");
    return bytes_equal(carried, &a->destination) ||
           differ(err, "the destination reads back other bytes than were sent");
}

bool proof_judge(const struct proof_challenge *challenge, const struct bytes *spki,
                 struct proof_answers *answers, struct err *err)
{
    switch (challenge->proof) {
    case HSM_PROOF_AES_ECB:
    case HSM_PROOF_AES_DECRYPT:
        return judge_alike(challenge, 32, answers, err);
    case HSM_PROOF_DIGEST:
    case HSM_PROOF_HMAC:
        return judge_alike(challenge, SHA256_DIGEST_LENGTH, answers, err);
    case HSM_PROOF_BYTES:
        return judge_bytes(challenge, spki, answers, err);
    case HSM_PROOF_RSA_DECRYPT:
    case HSM_PROOF_RSA_UNWRAP:
    case HSM_PROOF_ECDH:
    case HSM_PROOF_XDH:
    case HSM_PROOF_ML_KEM:
        return judge_expected(challenge, answers, err);
    default:
        return judge_signatures(challenge, spki, answers, err);
    }
}

/* --- both sides, one after the other --- */

static bool ask_both(const struct proof_pair *pair, const struct proof_challenge *challenge,
                     struct proof_answers *a, struct err *err)
{
    const struct proof_place from = {pair->source_key, pair->class, pair->half};
    const struct proof_place to = {pair->destination_key, pair->class, {0}};

    if (!proof_answer(pair->source, &from, challenge, &a->source, err))
        return false;
    return pair->destination ? proof_answer(pair->destination, &to, challenge, &a->destination, err)
                             : bytes_set(&a->destination, a->source.data, a->source.len, err);
}

static bool prove_by(const struct proof_pair *pair, enum hsm_proof proof, struct err *err)
{
    struct proof_challenge challenge;
    struct proof_answers a = {0};
    bool ok;

    if (!proof_challenge(proof, pair->source_spki, NULL, &challenge, err))
        return false;
    ok = ask_both(pair, &challenge, &a, err) && proof_judge(&challenge, pair->source_spki, &a, err);
    bytes_free(&a.source);
    bytes_free(&a.destination);
    proof_challenge_free(&challenge);
    return ok;
}

bool proof_run(const struct proof_pair *pair, uint32_t proofs, enum hsm_proof *which,
               struct err *err)
{
    err_set(err, ERR_UNSUPPORTED, "no proof is known that both sides can carry out with this key");
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++) {
        if (!(proofs & 1U << proof))
            continue;
        if (prove_by(pair, proof, err)) {
            *which = proof;
            err_clear(err);
            return true;
        }
        if (err->code != ERR_UNSUPPORTED)
            return false;
    }
    return false;
}

bool proof_public(struct hsm *source, const struct key_desc *listed, const struct proof_half *half,
                  struct bytes *spki, struct err *err)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    if (!(half->handle ? proof_half(source, half, spki, err)
                       : source->driver->public_key(source, listed->handle, spki, err)))
        return false;
    SHA256(spki->data, spki->len, digest);
    if (!listed->has_public || memcmp(digest, listed->spki_sha256, sizeof digest) == 0)
        return true;
    err_set(err, ERR_DATA, "the source now reports another public key than it listed for this key");
    return err_next(err, "Determine who changed the public key on the source.");
}

uint32_t proof_exact(uint32_t proofs, const struct key_desc *source, const struct key_desc *found)
{
    bool exact = source->length && source->length == found->length;

    return exact ? proofs : proofs & ~(1U << HSM_PROOF_HMAC);
}

const char *proof_sentence(enum hsm_proof which)
{
    static const char *const sentences[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = "both sides encrypted the same random block to the same ciphertext",
        [HSM_PROOF_DIGEST] = "both sides digested a random nonce and the value to the same SHA-256",
        [HSM_PROOF_HMAC] = "both sides computed the same HMAC-SHA-256 over a random challenge",
        [HSM_PROOF_AES_DECRYPT] = "both sides decrypted the same random block to the same text",
        [HSM_PROOF_RSA_DECRYPT] = "both sides decrypted a random block encrypted under the "
                                  "source's public key",
        [HSM_PROOF_RSA_UNWRAP] = "both sides unwrapped a random secret encrypted under the "
                                 "source's public key",
        [HSM_PROOF_ECDH] = "both sides derived the secret that a fresh key shares with the "
                           "source's public key",
        [HSM_PROOF_XDH] = "both sides derived the secret that a fresh key shares with the "
                          "source's public key",
        [HSM_PROOF_ML_KEM] = "both sides decapsulated a fresh secret that was encapsulated for the "
                             "source's public key",
        [HSM_PROOF_BYTES] = "the destination reads back the same bytes that the source holds",
    };
    if (hsm_signing_of(which).hash)
        return "both sides signed a random challenge; both signatures verify under the source's "
               "public key";
    return (unsigned)which < HSM_PROOFS && sentences[which] ? sentences[which] : "?";
}
