/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The identity and the capabilities of an HSM as plain data, without the contract (hsm.h), for code
 * that shows or records them.
 */
#ifndef HSMFERRY_HSM_FACTS_H
#define HSMFERRY_HSM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/wrap_alg.h"

enum {
    HSM_TEXT_MAX = 64,
    HSM_SLOTS_MAX = 256,      /* listed slots */
    HSM_OBJECTS_MAX = 200000, /* listed objects */
    HSM_LOADED_MAX = 32,      /* listed libraries of a module */
    HSM_STORE_MAX = 96,
};

/* How well a vendor's dialect is verified. */
enum hsm_dialect_status {
    HSM_DIALECT_NONE,      /* this API has no dialects */
    HSM_DIALECT_TRIED,     /* one of our tests runs on this HSM */
    HSM_DIALECT_DOCUMENTS, /* from the vendor's documents only */
    HSM_DIALECT_STATUSES
};

/* The vendor's dialect that is used for an HSM. */
struct hsm_dialect {
    char name[HSM_TEXT_MAX]; /* "softhsm"; "": none, or not known before the login */
    enum hsm_dialect_status status;
    uint8_t sha256[32];    /* of its file */
    uint32_t not_enforced; /* enum key_flag: restrictions that this HSM does not enforce; the agent
                              does */
};

/* A file that an HSM's process uses. */
struct hsm_file {
    char path[256];     /* without symbolic links; empty: not known */
    uint8_t sha256[32]; /* of its content at that time */
};

/* What the HSM and its agent report about themselves. All text has passed text_safe(). */
struct hsm_about {
    char api[16];
    char library[HSM_TEXT_MAX];      /* "Implementation of PKCS11" */
    char manufacturer[HSM_TEXT_MAX]; /* of the library */
    char version[16];                /* of the library: "2.6" */
    char api_version[16];            /* "2.40" */
    struct hsm_dialect dialect;
    char agent_version[32]; /* of hsmferry-agent */
    struct hsm_file agent;  /* the program file */
    struct hsm_file module; /* the library of the API; for NSS, the module that holds the keys */
    char host[80];          /* the agent's, by its own name */
    char user[80];          /* as whom it runs there: "hsm, uid 992"; the host may have no name */
};

/* Are its keys in a file that software reads, so that copies of them may exist? */
bool hsm_is_software(const struct hsm_about *about);

/* The same, and how the module was loaded and confined. */
struct hsm_info {
    struct hsm_about about;
    char loading[64];     /* how the module was loaded: "its own path"; empty: not known */
    char confinement[96]; /* the confinement of the agent; empty: not known */
    struct hsm_file loaded[HSM_LOADED_MAX]; /* libraries that the module loaded ... */
    size_t loaded_count;
    bool loaded_more; /* ... and there are more */
};

/* Is this the text of a complete confinement? An incomplete one begins with "not ". */
bool hsm_is_confined(const char *confinement);

enum hsm_slot_flag {
    HSM_SLOT_TOKEN_PRESENT = 1 << 0,
    HSM_SLOT_REMOVABLE = 1 << 1,
    HSM_SLOT_HARDWARE = 1 << 2,
    HSM_TOKEN_INITIALIZED = 1 << 3,
    HSM_TOKEN_LOGIN_REQUIRED = 1 << 4,
    HSM_TOKEN_PIN_SET = 1 << 5,
    HSM_TOKEN_WRITE_PROTECTED = 1 << 6,
    HSM_TOKEN_PIN_COUNT_LOW = 1 << 7,
    HSM_TOKEN_PIN_FINAL_TRY = 1 << 8,
    HSM_TOKEN_PIN_LOCKED = 1 << 9,
    HSM_TOKEN_PIN_TO_BE_CHANGED = 1 << 10,
    HSM_TOKEN_PROTECTED_PATH =
        1 << 11, /* the PIN is entered on the device: log in with an empty one */
    HSM_TOKEN_ERROR_STATE = 1 << 12,
    HSM_TOKEN_RNG = 1 << 13,
};
enum { HSM_SLOT_FLAGS = 14 };

/* A slot and the token in it. Text has passed text_safe(), trailing blanks removed. */
struct hsm_slot {
    uint64_t id;
    uint32_t flags; /* enum hsm_slot_flag */
    char description[4 * 64 + 1];
    char label[4 * 32 + 1];
    char manufacturer[4 * 32 + 1];
    char model[4 * 16 + 1];
    char serial[4 * 16 + 1];
    char hardware[16];
    char firmware[16];
    char store[HSM_STORE_MAX]; /* the file in which a software token stores keys: the same text for
                                  each process on the same host, however the file is named; "":
                                  none, or not known */
};

/* Does the serial number distinguish this token from others? A serial number of zeros only does
 * not: all NSS databases have it. */
bool hsm_has_serial(const struct hsm_slot *slot);

/* The identity of this token, one part in each line: manufacturer, model, serial number and label;
 * without a serial number, its store; if that is not known either, manufacturer, model and label.
 * Two tokens with the same identity must not be used together. out has HSM_IDENTITY bytes. Returns
 * out. */
enum { HSM_IDENTITY = 640 };
const char *hsm_identity(const struct hsm_slot *slot, char *out);
bool hsm_same_token(const struct hsm_slot *a, const struct hsm_slot *b);

/* A lock on a token for a ceremony. */
struct hsm_lock {
    struct hsm_slot slot;
    bool shared;       /* with others that only read it */
    uint64_t ceremony; /* a random number: its agents have the lock together */
};

struct hsm_slot_list {
    struct hsm_slot *slots;
    size_t count;
};

/* The operations of an HSM in a ceremony other than wrapping, unwrapping and proving. */
enum hsm_op {
    HSM_MAKE_PAIR,
    HSM_LOAD_PUBLIC,
    HSM_MAKE_KEK,
    HSM_COMMIT,
    HSM_READ_PUBLIC,
    HSM_MAKE_PUBLIC,
    HSM_MAKE_EVIDENCE_KEY,
    HSM_MAKE_AGREEMENT_PAIR,
    HSM_MAKE_KEM_PAIR,
    HSM_ENCAPSULATE,
    HSM_OPS
};

/* Proofs of possession of a key, named by their input and output. Challenge -> answer: */
enum hsm_proof {
    HSM_PROOF_AES_ECB,     /* 16..2048 octets, a multiple of 16 -> AES-ECB encryption of them */
    HSM_PROOF_AES_DECRYPT, /* the same -> AES-ECB decryption of them */
    HSM_PROOF_DIGEST,      /* nonce, 32 octets -> SHA-256(nonce || value) */
    HSM_PROOF_HMAC,        /* 1..2048 octets -> HMAC-SHA-256 */
    HSM_PROOF_RSA_SIGN, /* a SHA-256 digest -> RSASSA-PKCS1-v1_5 signature (RFC 8017 section 8.2) */
    HSM_PROOF_ECDSA,    /* a SHA-256 digest -> r || s, each of the field's length */
    HSM_PROOF_RSA_DECRYPT, /* RSAES-OAEP SHA-1 ciphertext -> plaintext */
    HSM_PROOF_RSA_UNWRAP, /* nonce, 32 octets, and such a ciphertext -> SHA-256(nonce || plaintext);
                             the plaintext stays inside, as a temporary secret */
    HSM_PROOF_ECDH,       /* nonce, 32 octets, and an uncompressed point of the key's curve ->
                             SHA-256(nonce || shared secret); the secret stays inside (x-coordinate
                             only, SP 800-56A section 5.7.1.2) */
    /* For keys whose allowed mechanisms lack the raw ones: the HSM hashes a message of 32 octets
     * itself, or pads a SHA-256 digest by RSASSA-PSS (RFC 8017 section 8.1; MGF1 with the same
     * hash, a salt as long as the hash). -> signature, as above */
    HSM_PROOF_RSA_PSS,
    HSM_PROOF_RSA_SHA256,
    HSM_PROOF_RSA_SHA384,
    HSM_PROOF_RSA_SHA512,
    HSM_PROOF_RSA_PSS_SHA256,
    HSM_PROOF_RSA_PSS_SHA384,
    HSM_PROOF_RSA_PSS_SHA512,
    HSM_PROOF_ECDSA_SHA256,
    HSM_PROOF_ECDSA_SHA384,
    HSM_PROOF_ECDSA_SHA512,
    /* Of the pairs with parameter sets (hsm/key_kind.h): */
    HSM_PROOF_EDDSA,  /* a message of 32 octets -> Ed25519 or Ed448 signature (RFC 8032) */
    HSM_PROOF_XDH,    /* as HSM_PROOF_ECDH, with a public key of X25519 or X448 (RFC 7748) */
    HSM_PROOF_ML_DSA, /* a message of 32 octets -> signature, without context (FIPS 204) */
    HSM_PROOF_ML_KEM, /* nonce, 32 octets, and a ciphertext -> SHA-256(nonce || shared secret),
                         which stays inside (FIPS 203) */
    /* Not proofs, but check values that officers compare: a block of zeros, as long as the block of
     * the AES or triple DES key's cipher -> the first HSM_KCV_SIZE octets of its ECB encryption,
     * or of its CMAC (SP 800-38B). */
    HSM_PROOF_KCV_ECB,
    HSM_PROOF_KCV_CMAC,
    HSM_PROOF_BYTES, /* not done by an HSM: public objects are compared byte for byte */
    HSM_PROOFS
};

/* The kind of signature that answers a proof. */
/* HSM_PURE: the message itself is signed, not its digest. */
enum hsm_hash { HSM_HASH_NONE, HSM_SHA256, HSM_SHA384, HSM_SHA512, HSM_PURE };
struct hsm_signing {
    enum hsm_hash hash; /* HSM_HASH_NONE: the proof is not a signature */
    bool pss;           /* padded by RSASSA-PSS; otherwise by PKCS #1 v1.5, or ECDSA */
    bool ecdsa;
    bool hashed; /* the challenge already is a digest: the HSM does not hash it */
};
struct hsm_signing hsm_signing_of(enum hsm_proof proof);

/* Is the answer the digest of a nonce and a secret that is unwrapped, derived or decapsulated? */
bool hsm_proof_has_secret(enum hsm_proof proof);

/* How a shared secret becomes a key; of those of one algorithm, the strongest first. NONE: its last
 * octets are the key (PKCS#11 v2.40 section 2.3.9: what is too long is cut at the leading end). The
 * journal has their numbers. */
enum hsm_kdf {
    HSM_KDF_SHA256, /* ANSI X9.63 with SHA-256 (SEC 1 section 3.6.1), and the digest of what both
                       sides agreed on as its shared information */
    HSM_KDF_NONE,
    HSM_KDF_HKDF,   /* two secrets, one after the other in full length, through HKDF-SHA-256 (RFC
                       5869) without salt; info: the same digest */
    HSM_KDF_NESTED, /* two secrets, two layers: the ECDH key by X9.63-SHA-256 wraps, and what it
                       wrapped is encrypted under the KEM's key by AES-256-GCM */
    HSM_KDF_KEM,    /* the shared secret of a KEM is the key (FIPS 203 section 3.3): the KEM hashed
                       it, with the public key */
    HSM_KDFS
};
/* Those by which alg, of the family AGREED, can be done: bit (1 << enum hsm_kdf) for each. */
uint32_t hsm_kdfs_of(enum hsm_alg alg);

enum { HSM_AGREED_BITS = 256, HSM_INFO_SIZE = 32 }; /* of the key; octets of the information */

/* "x963-sha256", "none", "hkdf-sha256", "nested", "ml-kem". */
const char *hsm_kdf_name(enum hsm_kdf kdf);

/* An HSM's support for one algorithm. The call names may contain two calls, "PK11_WrapSymKey,
 * PK11_WrapPrivKey CKM_AES_KEY_WRAP_KWP": the first is for secret keys, the second for private
 * keys. */
struct hsm_capability {
    bool wrap;            /* usable in hsm_wrap() */
    bool unwrap;          /* usable in hsm_unwrap() */
    uint64_t mechanism;   /* the API's number, or 0 if it has none */
    char wrap_call[96];   /* "C_WrapKey CKM_AES_KEY_WRAP_PAD" */
    char unwrap_call[96]; /* "C_UnwrapKey CKM_AES_KEY_WRAP_PAD" */
    char reason[160];     /* why it is not usable, or how its use was verified; for the officer */
    uint32_t kdfs;        /* AGREED: bit (1 << enum hsm_kdf) for each that it has */
};

enum { HSM_KCV_SIZE = 3 };

/* The number of octets that a driver returns of an answer: of the encryption of a last block of
 * zeros, by HSM_PROOF_AES_ECB, only those of the check value. The whole block is the hash key of
 * GCM (SP 800-38D 6.4), and the subkeys of CMAC come from it (SP 800-38B 6.1). */
size_t hsm_answer_len(enum hsm_proof proof, const uint8_t *challenge, size_t challenge_len,
                      size_t answer_len);

enum hsm_truth { HSM_UNKNOWN, HSM_NO, HSM_YES };

/* Known limits of the keys that this HSM accepts. */
enum { HSM_CURVES_MAX = 160 };
struct hsm_limits {
    uint32_t secret_max;         /* octets of a secret's value; 0: not known */
    uint32_t digest_max;         /* octets of the longest secret that it can digest; 0: not known */
    uint32_t rsa_min, rsa_max;   /* bits of a modulus; 0: not known */
    char curves[HSM_CURVES_MAX]; /* "P-256 P-384", as in struct key_desc; empty: not known */
    uint32_t kinds; /* bit (1 << enum key_kind) for each kind that arrives; 0: not known */
};

/* What need be known of an HSM: the rest is not tried, and not reported as a capability. */
enum hsm_role { HSM_ANY_ROLE, HSM_GIVES, HSM_TAKES, HSM_ROLES }; /* keys only leave it; arrive */
struct hsm_wanted {
    enum hsm_role role;
    uint32_t algs;        /* bit (1 << enum hsm_alg) for those that the policy allows */
    uint32_t kinds;       /* bit (1 << enum key_kind) for those of the keys */
    uint32_t proofs;      /* bit (1 << enum hsm_proof) for those that the keys allow */
    uint32_t constraints; /* enum key_constraint: KEY_DATES, KEY_ALLOWED that some keys have */
    bool unmodifiable;    /* that some keys are */
};

/* Everything. */
extern const struct hsm_wanted hsm_wanted_all;

/* Is all that is wanted known, if that was? */
bool hsm_wanted_has(const struct hsm_wanted *was, const struct hsm_wanted *wanted);

/* The capabilities of an HSM, determined with temporary test keys, not from its lists. */
enum { HSM_CALL_MAX = 96 };
struct hsm_capabilities {
    struct hsm_capability alg[HSM_ALGS];
    struct hsm_capability evidence; /* AES-GCM under an evidence key (evidence_form.h): wrap: it
                                       encrypts, unwrap: it decrypts */
    uint32_t proofs;             /* bit (1 << enum hsm_proof) for each proof that it can answer */
    enum hsm_truth exact_length; /* does AES_KWP wrap a secret of any length without padding it? */
    enum hsm_truth takes_length; /* does unwrap() honour hsm_template.length? */
    char op_calls[HSM_OPS][HSM_CALL_MAX];       /* "C_GenerateKey CKM_AES_KEY_GEN" */
    char proof_calls[HSM_PROOFS][HSM_CALL_MAX]; /* "C_Sign CKM_ECDSA"; each is an operation for
                                                    which applications use such a key */
    bool can_copy;           /* commit() copies the temporary key; otherwise it must unwrap again */
    bool one_per_id;         /* it keeps only one key for each class and id: the next replaces it */
    uint32_t lost_templates; /* bit (1 << enum key_template_use) for each template that no key can
                                have there; whether a key has the others is seen when it is read */
    uint32_t lost_constraints; /* enum key_constraint: KEY_DATES or KEY_ALLOWED if no key can have
                                  them there */
    uint32_t lost_flags;       /* enum key_flag: flags that every key has there */
    uint32_t unreadable;       /* enum key_flag: flags that it is known to report for no key */
    uint32_t mute_templates;   /* bit (1 << enum key_template_use): templates that it can report for
                                  no key */
    struct hsm_limits limits;
};

/* Copies the call names of an offer or act for one class of keys: "PK11_WrapPrivKey
 * CKM_AES_KEY_WRAP_KWP". Text that does not fit into size is truncated. */
void hsm_call_for(const char *words, bool private, char *out, size_t size);

/* Names for events, reports and messages: "rsa-oaep-sha1", "aes-ecb", "write-protected". */
const char *hsm_alg_name(enum hsm_alg alg);
const char *hsm_proof_name(enum hsm_proof proof);

/* The PKCS#11 number of the mechanism that a proof uses. If the key names allowed mechanisms
 * (CKA_ALLOWED_MECHANISMS), this must be among them. 0: the proof works with any key, because its
 * value is digested and no mechanism uses it as a key. */
uint32_t hsm_proof_mechanism(enum hsm_proof proof);
const char *hsm_slot_flag_name(uint32_t flag);

/* "none", "tried", "documents". */
const char *hsm_dialect_status_name(enum hsm_dialect_status status);

/* "dialect luna (from documents)"; "" if there is none. out has HSM_DIALECT_TEXT bytes. Returns
 * out. */
enum { HSM_DIALECT_TEXT = HSM_TEXT_MAX + 32 };
char *hsm_dialect_text(const struct hsm_dialect *dialect, char *out);

/* Why the token in this slot cannot be used, as text ("no token", "not initialised", "PIN locked"),
 * or NULL if it can. */
const char *hsm_slot_obstacle(const struct hsm_slot *slot);

#endif
