/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/proof.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

static bool fresh_challenge(size_t len, struct bytes *challenge, struct err *err)
{
    if (!bytes_make(challenge, len, err))
        return false;
    if (RAND_bytes(challenge->data, (int)len) != 1)
        return err_set(err, ERR_FAILED, "no random numbers for a challenge");
    return true;
}

static bool differ(struct err *err, const char *how)
{
    err_set(err, ERR_DATA, "the proof failed: %s", how);
    return err_next(err, "Do not use this key on the destination; find out what altered it.");
}

/* Both sides answer the same challenge; the answers are equal. */
static bool prove_alike(const struct proof_pair *pair, enum hsm_proof proof, size_t challenge_len,
                        size_t answer_len, struct err *err)
{
    struct bytes challenge = {0}, ours = {0}, theirs = {0};
    bool ok = fresh_challenge(challenge_len, &challenge, err) &&
              pair->source->driver->prove(pair->source, proof, pair->source_key, &challenge, &ours,
                                          err) &&
              pair->destination->driver->prove(pair->destination, proof, pair->destination_key,
                                               &challenge, &theirs, err);

    if (ok && (ours.len != answer_len || !bytes_equal(&ours, &theirs)))
        ok = differ(err, "source and destination answer the same challenge differently");
    bytes_free(&challenge);
    bytes_free(&ours);
    bytes_free(&theirs);
    return ok;
}

static EVP_PKEY *public_key(const struct proof_pair *pair, struct err *err)
{
    const unsigned char *at = pair->source_spki ? pair->source_spki->data : NULL;
    EVP_PKEY *pkey = at ? d2i_PUBKEY(NULL, &at, (long)pair->source_spki->len) : NULL;

    if (!pkey)
        err_set(err, ERR_DATA, "the source's public key cannot be read");
    return pkey;
}

/* An ECDSA signature as PKCS#11 gives it, r || s, becomes the DER that OpenSSL wants. */
static bool ecdsa_to_der(struct bytes *signature, struct err *err)
{
    int half = (int)(signature->len / 2), der_len = -1;
    unsigned char *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature->data, half, NULL);
    BIGNUM *s = BN_bin2bn(signature->data + half, half, NULL);
    bool ok;

    if (sig && r && s && ECDSA_SIG_set0(sig, r, s)) {
        r = s = NULL; /* handed over */
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

static bool verify(EVP_PKEY *pkey, const struct bytes *digest, const struct bytes *signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool ok = ctx && EVP_PKEY_verify_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA ||
               EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
              EVP_PKEY_verify(ctx, signature->data, signature->len, digest->data, digest->len) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* The destination signs the digest of a random message; it verifies under the source's public key.
 */
static bool prove_signature(const struct proof_pair *pair, enum hsm_proof proof, struct err *err)
{
    struct bytes message = {0}, digest = {0}, signature = {0};
    EVP_PKEY *pkey = public_key(pair, err);
    bool ok = pkey && fresh_challenge(32, &message, err) &&
              bytes_make(&digest, SHA256_DIGEST_LENGTH, err) &&
              SHA256(message.data, message.len, digest.data) &&
              pair->destination->driver->prove(pair->destination, proof, pair->destination_key,
                                               &digest, &signature, err) &&
              (proof != HSM_PROOF_ECDSA || ecdsa_to_der(&signature, err));

    if (ok && !verify(pkey, &digest, &signature))
        ok = differ(err, "a signature by the destination does not verify under the source's "
                         "public key");
    bytes_free(&message);
    bytes_free(&digest);
    bytes_free(&signature);
    EVP_PKEY_free(pkey);
    return ok;
}

/* RSAES-OAEP with SHA-1, the one hash that every HSM known decrypts. */
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

/* The destination decrypts what was encrypted under the source's public key. */
static bool prove_decryption(const struct proof_pair *pair, struct err *err)
{
    struct bytes plain = {0}, cipher = {0}, answer = {0};
    EVP_PKEY *pkey = public_key(pair, err);
    bool ok = pkey && fresh_challenge(32, &plain, err) &&
              encrypt_oaep(pkey, &plain, &cipher, err) &&
              pair->destination->driver->prove(pair->destination, HSM_PROOF_RSA_DECRYPT,
                                               pair->destination_key, &cipher, &answer, err);

    if (ok && !bytes_equal(&plain, &answer))
        ok = differ(err, "the destination does not decrypt what the source's public key encrypted");
    bytes_free(&plain);
    bytes_free(&cipher);
    bytes_free(&answer);
    EVP_PKEY_free(pkey);
    return ok;
}

static bool prove_by(const struct proof_pair *pair, enum hsm_proof proof, struct err *err)
{
    switch (proof) {
    case HSM_PROOF_AES_ECB:
        return prove_alike(pair, proof, 32, 32, err);
    case HSM_PROOF_DIGEST:
    case HSM_PROOF_HMAC:
        return prove_alike(pair, proof, 32, SHA256_DIGEST_LENGTH, err);
    case HSM_PROOF_RSA_SIGN:
    case HSM_PROOF_ECDSA:
        return prove_signature(pair, proof, err);
    case HSM_PROOF_RSA_DECRYPT:
        return prove_decryption(pair, err);
    default:
        return err_set(err, ERR_UNSUPPORTED, "no such proof");
    }
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

const char *proof_sentence(enum hsm_proof which)
{
    static const char *const sentences[HSM_PROOFS] = {
        [HSM_PROOF_AES_ECB] = "both sides encrypted the same random block to the same ciphertext",
        [HSM_PROOF_DIGEST] = "both sides digested a random nonce and the value to the same SHA-256",
        [HSM_PROOF_HMAC] = "both sides computed the same HMAC-SHA-256 over a random challenge",
        [HSM_PROOF_RSA_SIGN] =
            "signature by the destination over a random challenge, verified with "
            "the source's public key",
        [HSM_PROOF_ECDSA] = "signature by the destination over a random challenge, verified with "
                            "the source's public key",
        [HSM_PROOF_RSA_DECRYPT] = "the destination decrypted a random block encrypted under the "
                                  "source's public key",
    };
    return (unsigned)which < HSM_PROOFS ? sentences[which] : "?";
}
