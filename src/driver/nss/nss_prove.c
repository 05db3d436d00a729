/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_prove.h"

#include <string.h>

#include <pk11pub.h>
#include <secoid.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_wrap.h"

enum { SHA256_LEN = 32, NONCE_LEN = 32 };

/* Each writes the answer to out, which has room for any answer, and its length. */
static bool by_aes_ecb(struct nss_object *key, const SECItem *in, SECItem *out)
{
    return PK11_Encrypt(key->key, CKM_AES_ECB, NULL, out->data, &out->len, out->len, in->data,
                        in->len) == SECSuccess;
}

static bool by_aes_decrypt(struct nss_object *key, const SECItem *in, SECItem *out)
{
    return PK11_Decrypt(key->key, CKM_AES_ECB, NULL, out->data, &out->len, out->len, in->data,
                        in->len) == SECSuccess;
}

/* Truncates an answer to the length of a check value. */
static bool cut_kcv(bool ok, SECItem *out)
{
    out->len = HSM_KCV_SIZE;
    return ok;
}

static bool by_kcv_ecb(struct nss_object *key, const SECItem *in, SECItem *out)
{
    CK_MECHANISM_TYPE ecb = key->desc.kind == KEY_KIND_DES3 ? CKM_DES3_ECB : CKM_AES_ECB;

    return cut_kcv(PK11_Encrypt(key->key, ecb, NULL, out->data, &out->len, out->len, in->data,
                                in->len) == SECSuccess,
                   out);
}

static bool by_kcv_cmac(struct nss_object *key, const SECItem *in, SECItem *out)
{
    SECItem none = {.data = NULL};

    out->len = in->len; /* a CMAC is one block */
    return cut_kcv(PK11_SignWithSymKey(key->key, CKM_AES_CMAC, &none, out, in) == SECSuccess, out);
}

/* The RSA sizes that carry this many octets by OAEP with SHA-1 (RFC 8017 section 7.1.1). Most
 * secrets fit under 2048 bits, which are generated quickly. */
enum { MOVER_BITS = 2048, MOVER_BITS_LONG = 3072, OAEP_TAKES = 42 };

static bool make_mover(struct nss *nss, size_t len)
{
    bool is_long = len > MOVER_BITS / 8 - OAEP_TAKES;
    PK11RSAGenParams rsa = {.keySizeInBits = is_long ? MOVER_BITS_LONG : MOVER_BITS, .pe = 65537};
    PK11SlotInfo *slot = PK11_GetInternalSlot();

    if (nss->mover && SECKEY_PublicKeyStrength(nss->mover_public) < len + OAEP_TAKES) {
        SECKEY_DestroyPrivateKey(nss->mover);
        SECKEY_DestroyPublicKey(nss->mover_public);
        nss->mover = NULL;
        nss->mover_public = NULL;
    }
    if (!nss->mover && slot)
        nss->mover = PK11_GenerateKeyPair(slot, CKM_RSA_PKCS_KEY_PAIR_GEN, &rsa, &nss->mover_public,
                                          PR_FALSE, PR_TRUE, NULL);
    if (slot)
        PK11_FreeSlot(slot);
    return nss->mover != NULL;
}

/* NSS digests in a slot other than the database's. It moves a sensitive key there by itself, but
 * under an RSA key so small that only NSS_MOVES_MAX octets are certain to fit. This does the same
 * with a larger one. Returns NULL if the key could not be moved. */
static PK11SymKey *move_to_digest(struct nss *nss, PK11SymKey *key)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = nss_algs[HSM_RSA_OAEP_SHA1].oaep;
    SECItem params = {.data = (unsigned char *)&oaep, .len = sizeof oaep};
    unsigned char room[MOVER_BITS_LONG / 8];
    SECItem wrapped = {.data = room, .len = sizeof room};
    SECKEYPublicKey *copy = NULL; /* imported into the key's slot, and removed when it is freed */
    PK11SymKey *moved = NULL;

    if (make_mover(nss, PK11_GetKeyLength(key)))
        copy = SECKEY_CopyPublicKey(nss->mover_public);
    if (copy && PK11_PubWrapSymKeyWithMechanism(copy, CKM_RSA_PKCS_OAEP, &params, key, &wrapped) ==
                    SECSuccess)
        moved = PK11_PubUnwrapSymKeyWithMechanism(nss->mover, CKM_RSA_PKCS_OAEP, &params, &wrapped,
                                                  CKM_SHA256_HMAC, CKA_SIGN, 0);
    if (copy)
        SECKEY_DestroyPublicKey(copy);
    return moved;
}

static bool digest(PK11SymKey *key, const SECItem *nonce, SECItem *out)
{
    PK11Context *context = PK11_CreateDigestContext(SEC_OID_SHA256);
    bool ok = context && PK11_DigestBegin(context) == SECSuccess &&
              PK11_DigestOp(context, nonce->data, NONCE_LEN) == SECSuccess &&
              PK11_DigestKey(context, key) == SECSuccess &&
              PK11_DigestFinal(context, out->data, &out->len, SHA256_LEN) == SECSuccess;

    if (context)
        PK11_DestroyContext(context, PR_TRUE);
    return ok;
}

static bool by_digest(struct nss_object *key, const SECItem *in, SECItem *out)
{
    PK11SymKey *moved;
    bool ok;

    if (key->desc.length && key->desc.length <= NSS_MOVES_MAX)
        return digest(key->key, in, out);
    moved = move_to_digest(key->nss, key->key);
    ok = moved && digest(moved, in, out);
    PK11_FreeSymKey(moved);
    return ok;
}

/* Digests a temporary secret and destroys it. */
static bool digest_made(struct nss *nss, PK11SymKey *made, const SECItem *in, SECItem *out)
{
    PK11SymKey *moved =
        made && PK11_GetKeyLength(made) > NSS_MOVES_MAX ? move_to_digest(nss, made) : NULL;
    bool ok = made && digest(moved ? moved : made, in, out);

    PK11_FreeSymKey(moved);
    PK11_FreeSymKey(made);
    return ok;
}

static bool by_hmac(struct nss_object *key, const SECItem *in, SECItem *out)
{
    SECItem none = {.data = NULL};

    out->len = SHA256_LEN;
    return PK11_SignWithSymKey(key->key, CKM_SHA256_HMAC, &none, out, in) == SECSuccess;
}

/* RFC 8017 section 9.2: the DigestInfo of a SHA-256 digest, which CKM_RSA_PKCS pads and signs. */
static bool by_rsa_sign(struct nss_object *key, const SECItem *in, SECItem *out)
{
    unsigned char info[19 + SHA256_LEN] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                           0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                           0x01, 0x05, 0x00, 0x04, 0x20};
    SECItem item = {.data = info, .len = sizeof info};

    memcpy(info + 19, in->data, SHA256_LEN);
    return PK11_SignWithMechanism(&key->private, CKM_RSA_PKCS, NULL, out, &item) == SECSuccess;
}

/* Uses the proof's mechanism directly; it hashes or pads as its name says. */
static bool by_mechanism(enum hsm_proof proof, struct nss_object *key, const SECItem *in,
                         SECItem *out)
{
    static const CK_RSA_PKCS_PSS_PARAMS pss[] = {
        [HSM_SHA256] = {CKM_SHA256, CKG_MGF1_SHA256, 32},
        [HSM_SHA384] = {CKM_SHA384, CKG_MGF1_SHA384, 48},
        [HSM_SHA512] = {CKM_SHA512, CKG_MGF1_SHA512, 64},
    };
    struct hsm_signing signing = hsm_signing_of(proof);
    CK_RSA_PKCS_PSS_PARAMS params = pss[signing.hash];
    SECItem item = {.data = (unsigned char *)&params, .len = sizeof params};

    return PK11_SignWithMechanism(&key->private, hsm_proof_mechanism(proof),
                                  signing.pss ? &item : NULL, out, in) == SECSuccess;
}

static bool by_rsa_decrypt(struct nss_object *key, const SECItem *in, SECItem *out)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = nss_algs[HSM_RSA_OAEP_SHA1].oaep;
    SECItem params = {.data = (unsigned char *)&oaep, .len = sizeof oaep};

    return PK11_PrivDecrypt(&key->private, CKM_RSA_PKCS_OAEP, &params, out->data, &out->len,
                            out->len, in->data, in->len) == SECSuccess;
}

static bool by_rsa_unwrap(struct nss_object *key, const SECItem *in, SECItem *out)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = nss_algs[HSM_RSA_OAEP_SHA1].oaep;
    SECItem params = {.data = (unsigned char *)&oaep, .len = sizeof oaep};
    SECItem cipher = {.data = in->data + NONCE_LEN, .len = in->len - NONCE_LEN};

    return digest_made(key->nss,
                       PK11_PubUnwrapSymKeyWithMechanism(&key->private, CKM_RSA_PKCS_OAEP, &params,
                                                         &cipher, CKM_SHA256_HMAC, CKA_SIGN, 0),
                       in, out);
}

static bool by_ecdh(struct nss_object *key, const SECItem *in, SECItem *out)
{
    SECKEYPublicKey other = {
        .keyType = ecKey,
        .u.ec = {.DEREncodedParams = nss_attributes_value(&key->values, CKA_EC_PARAMS),
                 .publicValue = {.data = in->data + NONCE_LEN, .len = in->len - NONCE_LEN},
                 .encoding = ECPoint_Uncompressed},
    };

    return digest_made(key->nss,
                       PK11_PubDeriveWithKDF(&key->private, &other, PR_FALSE, NULL, NULL,
                                             CKM_ECDH1_DERIVE, CKM_SHA256_HMAC, CKA_SIGN, 0,
                                             CKD_NULL, NULL, NULL),
                       in, out);
}

/* Which keys can answer which challenges, and how. */
static const struct method {
    enum key_class class;
    enum key_kind kind; /* KEY_KIND_OTHER: any */
    uint32_t use;
    uint16_t min, max, multiple; /* of the challenge, in octets */
    bool (*answer)(struct nss_object *key, const SECItem *in,
                   SECItem *out); /* NULL: by_mechanism() */
    const char *words;
    bool check; /* a check value: computed over zeros only */
} methods[HSM_PROOFS] = {
    [HSM_PROOF_AES_ECB] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_ENCRYPT, 16, HSM_CHALLENGE_MAX, 16,
                           by_aes_ecb, "PK11_Encrypt CKM_AES_ECB", false},
    [HSM_PROOF_AES_DECRYPT] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_DECRYPT, 16, HSM_CHALLENGE_MAX,
                               16, by_aes_decrypt, "PK11_Decrypt CKM_AES_ECB", false},
    [HSM_PROOF_DIGEST] = {KEY_CLASS_SECRET, KEY_KIND_OTHER, 0, NONCE_LEN, NONCE_LEN, 1, by_digest,
                          "PK11_DigestKey SHA-256", false},
    [HSM_PROOF_HMAC] = {KEY_CLASS_SECRET, KEY_KIND_OTHER, KEY_SIGN, 1, HSM_CHALLENGE_MAX, 1,
                        by_hmac, "PK11_SignWithSymKey CKM_SHA256_HMAC", false},
    [HSM_PROOF_RSA_SIGN] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                            by_rsa_sign, "PK11_SignWithMechanism CKM_RSA_PKCS", false},
    [HSM_PROOF_RSA_DECRYPT] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_DECRYPT, 1, 2048, 1,
                               by_rsa_decrypt, "PK11_PrivDecrypt CKM_RSA_PKCS_OAEP SHA-1", false},
    [HSM_PROOF_RSA_UNWRAP] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_UNWRAP, NONCE_LEN + 1,
                              HSM_CHALLENGE_MAX, 1, by_rsa_unwrap,
                              "PK11_PubUnwrapSymKeyWithMechanism CKM_RSA_PKCS_OAEP, "
                              "PK11_DigestKey",
                              false},
    [HSM_PROOF_ECDH] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_DERIVE, NONCE_LEN + 3,
                        HSM_CHALLENGE_MAX, 1, by_ecdh,
                        "PK11_PubDeriveWithKDF CKM_ECDH1_DERIVE, PK11_DigestKey", false},
    [HSM_PROOF_ECDSA] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1, NULL,
                         "PK11_SignWithMechanism CKM_ECDSA", false},
    [HSM_PROOF_RSA_PSS] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                           NULL, "PK11_SignWithMechanism CKM_RSA_PKCS_PSS", false},
    [HSM_PROOF_RSA_SHA256] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                              NULL, "PK11_SignWithMechanism CKM_SHA256_RSA_PKCS", false},
    [HSM_PROOF_RSA_SHA384] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                              NULL, "PK11_SignWithMechanism CKM_SHA384_RSA_PKCS", false},
    [HSM_PROOF_RSA_SHA512] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                              NULL, "PK11_SignWithMechanism CKM_SHA512_RSA_PKCS", false},
    [HSM_PROOF_RSA_PSS_SHA256] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN,
                                  1, NULL, "PK11_SignWithMechanism CKM_SHA256_RSA_PKCS_PSS", false},
    [HSM_PROOF_RSA_PSS_SHA384] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN,
                                  1, NULL, "PK11_SignWithMechanism CKM_SHA384_RSA_PKCS_PSS", false},
    [HSM_PROOF_RSA_PSS_SHA512] = {KEY_CLASS_PRIVATE, KEY_KIND_RSA, KEY_SIGN, SHA256_LEN, SHA256_LEN,
                                  1, NULL, "PK11_SignWithMechanism CKM_SHA512_RSA_PKCS_PSS", false},
    [HSM_PROOF_ECDSA_SHA256] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                                NULL, "PK11_SignWithMechanism CKM_ECDSA_SHA256", false},
    [HSM_PROOF_ECDSA_SHA384] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                                NULL, "PK11_SignWithMechanism CKM_ECDSA_SHA384", false},
    [HSM_PROOF_ECDSA_SHA512] = {KEY_CLASS_PRIVATE, KEY_KIND_EC, KEY_SIGN, SHA256_LEN, SHA256_LEN, 1,
                                NULL, "PK11_SignWithMechanism CKM_ECDSA_SHA512", false},
    [HSM_PROOF_KCV_ECB] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_ENCRYPT, 8, 16, 8, by_kcv_ecb,
                           "PK11_Encrypt CKM_AES_ECB or CKM_DES3_ECB", true},
    [HSM_PROOF_KCV_CMAC] = {KEY_CLASS_SECRET, KEY_KIND_AES, KEY_SIGN, 8, 16, 8, by_kcv_cmac,
                            "PK11_SignWithSymKey CKM_AES_CMAC", true},
};

static bool is_kind(const struct method *method, const struct key_desc *key)
{
    return method->kind == KEY_KIND_OTHER || key->kind == method->kind ||
           (method->answer == by_kcv_ecb && key->kind == KEY_KIND_DES3); /* NSS has no DES3 CMAC */
}

static bool check_method(enum hsm_proof proof, const struct method *method,
                         const struct key_desc *key, const struct bytes *challenge, struct err *err)
{
    if (key->class != method->class || !is_kind(method, key))
        return err_set(err, ERR_UNSUPPORTED, "a key of this type cannot be proven by %s",
                       hsm_proof_name(proof));
    if (method->use && !key_is(key, method->use))
        return err_set(err, ERR_UNSUPPORTED, "the key lacks the use %s",
                       key_flag_name(method->use));
    if (proof == HSM_PROOF_DIGEST && key->length > NSS_SECRET_MAX)
        return err_set(err, ERR_UNSUPPORTED,
                       "secrets of more than %d octets cannot be digested here", NSS_SECRET_MAX);
    if (challenge->len < method->min || challenge->len > method->max ||
        challenge->len % method->multiple)
        return err_set(err, ERR_DATA, "a challenge of %zu octets does not fit %s", challenge->len,
                       hsm_proof_name(proof));
    for (size_t i = 0; method->check && i < challenge->len; i++)
        if (challenge->data[i])
            return err_set(err, ERR_DATA, "a check value is computed over zeros only");
    return true;
}

bool nss_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct bytes made = {0};
    struct nss_object key;
    SECItem in, out;
    bool ok;

    if (!nss)
        return false;
    if ((unsigned)proof >= HSM_PROOFS)
        return err_set(err, ERR_UNSUPPORTED, "no such proof");
    ok = nss_object_open(nss, handle, &key, err) &&
         check_method(proof, &methods[proof], &key.desc, challenge, err) &&
         bytes_make(&made, HSM_BLOB_MAX, err);
    if (ok) {
        in = (SECItem){.data = challenge->data, .len = (unsigned)challenge->len};
        out = (SECItem){.data = made.data, .len = (unsigned)made.len};
        ok = (methods[proof].answer ? methods[proof].answer(&key, &in, &out)
                                    : by_mechanism(proof, &key, &in, &out)) ||
             nss_failed(err, ERR_HSM, "NSS did not answer the challenge (%s)",
                        hsm_proof_name(proof));
    }
    ok = ok && bytes_set(answer, out.data,
                         hsm_answer_len(proof, challenge->data, challenge->len, out.len), err);
    bytes_free(&made);
    nss_object_close(&key);
    return ok;
}

const char *nss_proof_call(enum hsm_proof proof)
{
    return (unsigned)proof < HSM_PROOFS && methods[proof].words ? methods[proof].words : "";
}
