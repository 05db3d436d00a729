/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_prove.h"

#include <string.h>

#include "driver/dialect/ckr.h"
#include "driver/dialect/pkcs11_3_2.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_kem.h"
#include "driver/pkcs11/pkcs11_object.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_seen.h"
#include "driver/pkcs11/pkcs11_temp.h"

#define ANY_TYPE (~(CK_KEY_TYPE)0)
enum { NONCE = 32, KEM_SECRET = 32 };

/* For each proof: the mechanism, the keys that can answer, and the challenges that it accepts. */
static const struct row {
    CK_MECHANISM_TYPE mechanism;
    CK_FLAGS listed_for;
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    uint32_t use; /* 0: any key can be digested */
    size_t shortest, longest, multiple;
    const char *words;
    CK_MECHANISM_TYPE des3; /* the mechanism for a CKK_DES3 key; 0: not for such keys */
} rows[HSM_PROOFS] = {
    [HSM_PROOF_AES_ECB] = {CKM_AES_ECB, CKF_ENCRYPT, CKO_SECRET_KEY, CKK_AES, KEY_ENCRYPT, 16,
                           HSM_CHALLENGE_MAX, 16, "C_Encrypt CKM_AES_ECB", 0},
    [HSM_PROOF_AES_DECRYPT] = {CKM_AES_ECB, CKF_DECRYPT, CKO_SECRET_KEY, CKK_AES, KEY_DECRYPT, 16,
                               HSM_CHALLENGE_MAX, 16, "C_Decrypt CKM_AES_ECB", 0},
    [HSM_PROOF_DIGEST] = {CKM_SHA256, CKF_DIGEST, CKO_SECRET_KEY, ANY_TYPE, 0, 32, 32, 1,
                          "C_DigestKey CKM_SHA256", 0},
    [HSM_PROOF_HMAC] = {CKM_SHA256_HMAC, CKF_SIGN, CKO_SECRET_KEY, ANY_TYPE, KEY_SIGN, 1,
                        HSM_CHALLENGE_MAX, 1, "C_Sign CKM_SHA256_HMAC", 0},
    [HSM_PROOF_RSA_SIGN] = {CKM_RSA_PKCS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA, KEY_SIGN, 32, 32, 1,
                            "C_Sign CKM_RSA_PKCS", 0},
    [HSM_PROOF_ECDSA] = {CKM_ECDSA, CKF_SIGN, CKO_PRIVATE_KEY, CKK_EC, KEY_SIGN, 32, 32, 1,
                         "C_Sign CKM_ECDSA", 0},
    [HSM_PROOF_RSA_DECRYPT] = {CKM_RSA_PKCS_OAEP, CKF_DECRYPT, CKO_PRIVATE_KEY, CKK_RSA,
                               KEY_DECRYPT, 1, HSM_CHALLENGE_MAX, 1,
                               "C_Decrypt CKM_RSA_PKCS_OAEP SHA-1", 0},
    [HSM_PROOF_RSA_UNWRAP] = {CKM_RSA_PKCS_OAEP, CKF_UNWRAP, CKO_PRIVATE_KEY, CKK_RSA, KEY_UNWRAP,
                              NONCE + 1, HSM_CHALLENGE_MAX, 1,
                              "C_UnwrapKey CKM_RSA_PKCS_OAEP SHA-1, C_DigestKey CKM_SHA256", 0},
    [HSM_PROOF_ECDH] = {CKM_ECDH1_DERIVE, CKF_DERIVE, CKO_PRIVATE_KEY, CKK_EC, KEY_DERIVE,
                        NONCE + 3, HSM_CHALLENGE_MAX, 1,
                        "C_DeriveKey CKM_ECDH1_DERIVE, C_DigestKey CKM_SHA256", 0},
    [HSM_PROOF_RSA_PSS] = {CKM_RSA_PKCS_PSS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA, KEY_SIGN, 32, 32,
                           1, "C_Sign CKM_RSA_PKCS_PSS SHA-256", 0},
    [HSM_PROOF_RSA_SHA256] = {CKM_SHA256_RSA_PKCS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA, KEY_SIGN, 32,
                              32, 1, "C_Sign CKM_SHA256_RSA_PKCS", 0},
    [HSM_PROOF_RSA_SHA384] = {CKM_SHA384_RSA_PKCS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA, KEY_SIGN, 32,
                              32, 1, "C_Sign CKM_SHA384_RSA_PKCS", 0},
    [HSM_PROOF_RSA_SHA512] = {CKM_SHA512_RSA_PKCS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA, KEY_SIGN, 32,
                              32, 1, "C_Sign CKM_SHA512_RSA_PKCS", 0},
    [HSM_PROOF_RSA_PSS_SHA256] = {CKM_SHA256_RSA_PKCS_PSS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA,
                                  KEY_SIGN, 32, 32, 1, "C_Sign CKM_SHA256_RSA_PKCS_PSS", 0},
    [HSM_PROOF_RSA_PSS_SHA384] = {CKM_SHA384_RSA_PKCS_PSS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA,
                                  KEY_SIGN, 32, 32, 1, "C_Sign CKM_SHA384_RSA_PKCS_PSS", 0},
    [HSM_PROOF_RSA_PSS_SHA512] = {CKM_SHA512_RSA_PKCS_PSS, CKF_SIGN, CKO_PRIVATE_KEY, CKK_RSA,
                                  KEY_SIGN, 32, 32, 1, "C_Sign CKM_SHA512_RSA_PKCS_PSS", 0},
    [HSM_PROOF_ECDSA_SHA256] = {CKM_ECDSA_SHA256, CKF_SIGN, CKO_PRIVATE_KEY, CKK_EC, KEY_SIGN, 32,
                                32, 1, "C_Sign CKM_ECDSA_SHA256", 0},
    [HSM_PROOF_ECDSA_SHA384] = {CKM_ECDSA_SHA384, CKF_SIGN, CKO_PRIVATE_KEY, CKK_EC, KEY_SIGN, 32,
                                32, 1, "C_Sign CKM_ECDSA_SHA384", 0},
    [HSM_PROOF_ECDSA_SHA512] = {CKM_ECDSA_SHA512, CKF_SIGN, CKO_PRIVATE_KEY, CKK_EC, KEY_SIGN, 32,
                                32, 1, "C_Sign CKM_ECDSA_SHA512", 0},
    [HSM_PROOF_EDDSA] = {CKM_EDDSA, CKF_SIGN, CKO_PRIVATE_KEY, CKK_EC_EDWARDS, KEY_SIGN, 32, 32, 1,
                         "C_Sign CKM_EDDSA", 0},
    [HSM_PROOF_XDH] = {CKM_ECDH1_DERIVE, CKF_DERIVE, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, KEY_DERIVE,
                       NONCE + 3, HSM_CHALLENGE_MAX, 1,
                       "C_DeriveKey CKM_ECDH1_DERIVE, C_DigestKey CKM_SHA256", 0},
    [HSM_PROOF_ML_DSA] = {CKM_ML_DSA, CKF_SIGN, CKO_PRIVATE_KEY, CKK_ML_DSA, KEY_SIGN, 32, 32, 1,
                          "C_Sign CKM_ML_DSA", 0},
    [HSM_PROOF_ML_KEM] = {CKM_ML_KEM, CKF_DECAPSULATE, CKO_PRIVATE_KEY, CKK_ML_KEM, KEY_DECAPSULATE,
                          NONCE + 1, HSM_CHALLENGE_MAX, 1,
                          "C_DecapsulateKey CKM_ML_KEM, C_DigestKey CKM_SHA256", 0},
    [HSM_PROOF_KCV_ECB] = {CKM_AES_ECB, CKF_ENCRYPT, CKO_SECRET_KEY, CKK_AES, KEY_ENCRYPT, 8, 16, 8,
                           "C_Encrypt CKM_AES_ECB or CKM_DES3_ECB", CKM_DES3_ECB},
    [HSM_PROOF_KCV_CMAC] = {CKM_AES_CMAC, CKF_SIGN, CKO_SECRET_KEY, CKK_AES, KEY_SIGN, 8, 16, 8,
                            "C_Sign CKM_AES_CMAC or CKM_DES3_CMAC", CKM_DES3_CMAC},
};

/* SEQUENCE { SEQUENCE { sha256, NULL }, OCTET STRING of 32 octets } (RFC 8017 9.2), up to the
 * digest itself. */
static const uint8_t digest_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                      0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

enum { ANSWER_ROOM = 8192 }; /* a signature of ML-DSA-87 has 4,627 octets */

/* One operation in progress: its input, and room for its output. */
struct operation {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE key;
    CK_MECHANISM mechanism;
    uint8_t in[HSM_CHALLENGE_MAX];
    size_t in_len;
    uint8_t out[ANSWER_ROOM];
    CK_ULONG out_len;
};

/* Encryption, decryption and signature have the same form. */
static CK_RV
run_plain(struct operation *o, CK_RV (*init)(CK_SESSION_HANDLE, CK_MECHANISM *, CK_OBJECT_HANDLE),
          CK_RV (*run)(CK_SESSION_HANDLE, unsigned char *, CK_ULONG, unsigned char *, CK_ULONG *))
{
    CK_RV rv = init(o->session, &o->mechanism, o->key);

    return rv == CKR_OK ? run(o->session, o->in, o->in_len, o->out, &o->out_len) : rv;
}

static CK_RV run_digest(CK_FUNCTION_LIST *fn, struct operation *o, CK_OBJECT_HANDLE key)
{
    CK_MECHANISM sha256 = {CKM_SHA256, NULL, 0};
    CK_RV rv = fn->C_DigestInit(o->session, &sha256), ended;

    if (rv != CKR_OK)
        return rv;
    rv = fn->C_DigestUpdate(o->session, o->in, NONCE);
    if (rv == CKR_OK)
        rv = fn->C_DigestKey(o->session, key);
    /* also after a failure: a digest left open would block the session */
    ended = fn->C_DigestFinal(o->session, o->out, &o->out_len);
    return rv != CKR_OK ? rv : ended;
}

static CK_RSA_PKCS_OAEP_PARAMS oaep = {CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};

/* The nonce is followed by a ciphertext to unwrap or decapsulate, or a point to derive with. The
 * resulting secret stays on the token, is digested there, and is destroyed before this returns. */
static CK_RV run_made(struct p11 *p, enum hsm_proof proof, struct operation *o)
{
    static const char label[] = "hsmferry:proof";
    const struct p11_asked asked = {label, strlen(label), false};
    CK_ULONG len = o->in_len - NONCE;
    CK_ECDH1_DERIVE_PARAMS ecdh = {CKD_NULL, 0, NULL, len, o->in + NONCE};
    CK_OBJECT_HANDLE made = CK_INVALID_HANDLE;
    struct p11_attrs t = {0};
    CK_RV rv, gone;

    p11_attrs_number(&t, CKA_CLASS, CKO_SECRET_KEY);
    p11_attrs_number(&t, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    p11_attrs_bool(&t, CKA_TOKEN, false);
    p11_attrs_add(&t, CKA_LABEL, label, strlen(label));
    p11_attrs_flags(&t, KEY_CLASS_SECRET, KEY_PRIVATE | KEY_SENSITIVE, P11_SECRECY);
    if (proof == HSM_PROOF_ML_KEM) {
        p11_attrs_number(&t, CKA_VALUE_LEN, KEM_SECRET);
        rv = p11_decapsulate(p, o->key, (struct p11_kem_text){o->in + NONCE, len}, &t, &made);
    } else if (proof == HSM_PROOF_ECDH || proof == HSM_PROOF_XDH) {
        o->mechanism.pParameter = &ecdh;
        o->mechanism.ulParameterLen = sizeof ecdh;
        p11_attrs_number(&t, CKA_VALUE_LEN, proof == HSM_PROOF_XDH ? len : (len - 1) / 2);
        rv = p->fn->C_DeriveKey(o->session, &o->mechanism, o->key, t.attr, t.count, &made);
    } else {
        o->mechanism.pParameter = &oaep;
        o->mechanism.ulParameterLen = sizeof oaep;
        rv = p->fn->C_UnwrapKey(o->session, &o->mechanism, o->key, o->in + NONCE, len, t.attr,
                                t.count, &made);
    }
    rv = p11_made(p, rv, made, &asked);
    if (rv != CKR_OK)
        return rv;
    rv = run_digest(p->fn, o, made);
    gone = p11_unmake(p, made);
    return rv != CKR_OK ? rv : gone;
}

static CK_RV run_sign(CK_FUNCTION_LIST *fn, enum hsm_proof proof, struct operation *o)
{
    static const CK_RSA_PKCS_PSS_PARAMS pss[] = {
        [HSM_SHA256] = {CKM_SHA256, CKG_MGF1_SHA256, 32},
        [HSM_SHA384] = {CKM_SHA384, CKG_MGF1_SHA384, 48},
        [HSM_SHA512] = {CKM_SHA512, CKG_MGF1_SHA512, 64},
    };
    struct hsm_signing signing = hsm_signing_of(proof);
    CK_RSA_PKCS_PSS_PARAMS params = pss[signing.hash];

    if (signing.pss) {
        o->mechanism.pParameter = &params;
        o->mechanism.ulParameterLen = sizeof params;
    }
    if (proof == HSM_PROOF_RSA_SIGN) {
        memmove(o->in + sizeof digest_info, o->in, o->in_len);
        memcpy(o->in, digest_info, sizeof digest_info);
        o->in_len += sizeof digest_info;
    }
    return run_plain(o, fn->C_SignInit, fn->C_Sign);
}

static CK_RV run(struct p11 *p, enum hsm_proof proof, struct operation *o)
{
    CK_FUNCTION_LIST *fn = p->fn;

    switch (proof) {
    case HSM_PROOF_AES_ECB:
    case HSM_PROOF_KCV_ECB:
        return run_plain(o, fn->C_EncryptInit, fn->C_Encrypt);
    case HSM_PROOF_DIGEST:
        return run_digest(fn, o, o->key);
    case HSM_PROOF_AES_DECRYPT:
        return run_plain(o, fn->C_DecryptInit, fn->C_Decrypt);
    case HSM_PROOF_RSA_UNWRAP:
    case HSM_PROOF_ECDH:
    case HSM_PROOF_XDH:
    case HSM_PROOF_ML_KEM:
        return run_made(p, proof, o);
    case HSM_PROOF_RSA_DECRYPT:
        o->mechanism.pParameter = &oaep;
        o->mechanism.ulParameterLen = sizeof oaep;
        return run_plain(o, fn->C_DecryptInit, fn->C_Decrypt);
    default:
        return run_sign(fn, proof, o);
    }
}

static bool check_challenge(const struct row *row, const struct bytes *challenge, struct err *err)
{
    if (challenge->len < row->shortest || challenge->len > row->longest ||
        challenge->len % row->multiple != 0)
        return err_set(err, ERR_DATA, "a challenge of %zu octets does not fit this proof",
                       challenge->len);
    for (size_t i = 0; row->des3 && i < challenge->len; i++)
        if (challenge->data[i])
            return err_set(err, ERR_DATA, "a check value is computed over zeros only");
    return true;
}

/* As it was just described, or as it is read now; a test key as it was created. */
static bool look(struct p11 *p, uint64_t handle, struct key_desc *is, struct err *err)
{
    struct p11_object o;

    if ((p->probing && p11_seen_new(p, handle, is)) ||
        p11_seen_take(p, handle, P11_PROVE, is, NULL, NULL))
        return true;
    if (!p11_read(p, (CK_OBJECT_HANDLE)handle, &o, err))
        return false;
    p11_object_key(&o, handle, is, NULL);
    return true;
}

/* Some tokens do not enforce a key's type and uses, so they are checked here. Sets the mechanism
 * for this key. */
static bool check_key(struct p11 *p, const struct row *row, uint64_t handle, struct operation *o,
                      struct err *err)
{
    const struct key_set *set;
    struct key_desc is;
    bool des3;

    if (!look(p, handle, &is, err))
        return false;
    des3 = row->des3 && is.kind == KEY_KIND_DES3;
    if (is.class != p11_class_of(row->class) ||
        (row->type != ANY_TYPE && is.kind != p11_kind_of(row->type) && !des3))
        return err_set(err, ERR_UNSUPPORTED, "this proof does not apply to a key of this type");
    if (row->use && key_is_not(&is, row->use))
        return err_set(err, ERR_UNSUPPORTED, "the key lacks the use that this proof requires: %s",
                       key_flag_name(row->use));
    if (is.flags & KEY_ALWAYS_AUTHENTICATE)
        return err_set(err, ERR_UNSUPPORTED, "this key requires the PIN before each operation");
    o->mechanism.mechanism = des3 ? row->des3 : row->mechanism;
    set = key_set_named(is.curve);
    if (row->mechanism == CKM_EDDSA && set)
        o->out_len = set->answer_len; /* NSS takes no larger room */
    return true;
}

/* The token cannot do this proof, or not with this key: the caller may try another proof. */
static bool is_unsupported(CK_RV rv)
{
    return rv == CKR_KEY_FUNCTION_NOT_PERMITTED || ckr_code(rv) == ERR_UNSUPPORTED;
}

bool p11_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
               const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    struct operation o = {
        .session = p->session, .key = (CK_OBJECT_HANDLE)handle, .out_len = ANSWER_ROOM};
    bool ok = false;
    CK_RV rv;

    if ((unsigned)proof >= HSM_PROOFS)
        return err_set(err, ERR_UNSUPPORTED, "no such proof");
    if (!check_challenge(&rows[proof], challenge, err) ||
        !check_key(p, &rows[proof], handle, &o, err))
        return false;
    memcpy(o.in, challenge->data, challenge->len);
    o.in_len = challenge->len;
    rv = run(p, proof, &o);
    if (rv == CKR_OK && (o.out_len == 0 || o.out_len > ANSWER_ROOM))
        rv = CKR_DEVICE_ERROR;
    if (rv == CKR_OK && rows[proof].des3 && o.out_len > HSM_KCV_SIZE)
        o.out_len = HSM_KCV_SIZE; /* a check value is no longer than this */
    if (rv == CKR_OK)
        ok = bytes_set(answer, o.out,
                       hsm_answer_len(proof, challenge->data, challenge->len, o.out_len), err);
    else
        ckr_set_as(err, is_unsupported(rv) ? ERR_UNSUPPORTED : ckr_code(rv), rv,
                   "the HSM did not answer the challenge (%s)", hsm_proof_name(proof));
    explicit_bzero(&o, sizeof o);
    return ok;
}

bool p11_lists_proof(struct p11 *p, enum hsm_proof proof)
{
    CK_MECHANISM_INFO info = {0};

    return p->fn->C_GetMechanismInfo(p->slot, rows[proof].mechanism, &info) == CKR_OK &&
           (info.flags & rows[proof].listed_for) != 0 &&
           (proof != HSM_PROOF_ML_KEM || p11_has_kem(p));
}

const char *p11_proof_call(enum hsm_proof proof)
{
    return (unsigned)proof < HSM_PROOFS && rows[proof].words ? rows[proof].words : "";
}
