/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an HSM is and what it can do: plain data, without the contract (hsm.h), for those who show
 * or record it.
 */
#ifndef HSMFERRY_HSM_FACTS_H
#define HSMFERRY_HSM_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/wrap_alg.h"

enum {
    HSM_TEXT_MAX = 64,
    HSM_SLOTS_MAX = 256,      /* slots that are listed */
    HSM_OBJECTS_MAX = 200000, /* objects that are listed */
    HSM_LOADED_MAX = 32,      /* libraries of a module that are listed */
    HSM_STORE_MAX = 96,
};

/* How far a vendor's dialect is known. */
enum hsm_dialect_status {
    HSM_DIALECT_NONE,      /* this API has no dialects */
    HSM_DIALECT_TRIED,     /* a test of ours runs on this HSM */
    HSM_DIALECT_DOCUMENTS, /* from the vendor's documents only */
    HSM_DIALECT_STATUSES
};

/* The vendor's dialect that an HSM is spoken to in. */
struct hsm_dialect {
    char name[HSM_TEXT_MAX]; /* "softhsm"; "": none, or not known before the login */
    enum hsm_dialect_status status;
    uint8_t sha256[32];    /* of its file */
    uint32_t not_enforced; /* enum key_flag: what this HSM does not hold itself to, so we do */
};

/* A file that runs there. */
struct hsm_file {
    char path[256];     /* without symbolic links; empty: not known */
    uint8_t sha256[32]; /* of it, as it was on the disk then */
};

/* What answers there. All text has passed text_safe(). */
struct hsm_about {
    char api[16];
    char library[HSM_TEXT_MAX];      /* "Implementation of PKCS11" */
    char manufacturer[HSM_TEXT_MAX]; /* of the library */
    char version[16];                /* of the library: "2.6" */
    char api_version[16];            /* "2.40" */
    struct hsm_dialect dialect;
    char agent_version[32]; /* of hsmferry-agent */
    struct hsm_file agent;  /* that program */
    struct hsm_file module; /* the library behind the API; of NSS, the module that holds the keys */
};

/* The same, and how it runs there. */
struct hsm_info {
    struct hsm_about about;
    char loading[64];     /* what the module was loaded from: "its own path"; empty: not known */
    char confinement[96]; /* what the agent was barred from; empty: not known */
    struct hsm_file loaded[HSM_LOADED_MAX]; /* libraries that the module loaded ... */
    size_t loaded_count;
    bool loaded_more; /* ... and more than these */
};

/* Is this the text of a confinement that lacks nothing? One that does begins with "not ". */
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
        1 << 11, /* the PIN is typed on the device: login with an empty one */
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
    char store[HSM_STORE_MAX]; /* a software token's file of keys: the same text for each process on
                                  the same host, however it is named; "": none, or not known */
};

/* Does its serial tell it from others? One of nothing but zeros is none: all databases of NSS have
 * that. */
bool hsm_has_serial(const struct hsm_slot *slot);

/* What tells this token from all others, one part a line: maker, model, serial and label; where
 * there is no serial, its store; where that is not known either, maker, model and label. No two
 * tokens must be used together that are the same by it. out has HSM_IDENTITY bytes. Returns out. */
enum { HSM_IDENTITY = 640 };
const char *hsm_identity(const struct hsm_slot *slot, char *out);
bool hsm_same_token(const struct hsm_slot *a, const struct hsm_slot *b);

struct hsm_slot_list {
    struct hsm_slot *slots;
    size_t count;
};

/* What a ceremony asks of an HSM besides encrypting and decrypting keys. */
enum hsm_op {
    HSM_MAKE_PAIR,
    HSM_LOAD_PUBLIC,
    HSM_MAKE_KEK,
    HSM_COMMIT,
    HSM_READ_PUBLIC,
    HSM_MAKE_PUBLIC,
    HSM_OPS
};

/* Ways to show possession of a key, again by their bytes. Challenge -> answer: */
enum hsm_proof {
    HSM_PROOF_AES_ECB,     /* 16..1024 octets, a multiple of 16 -> AES-ECB encryption of them */
    HSM_PROOF_AES_DECRYPT, /* the same -> AES-ECB decryption of them */
    HSM_PROOF_DIGEST,      /* nonce, 32 octets -> SHA-256(nonce || value) */
    HSM_PROOF_HMAC,        /* 1..1024 octets -> HMAC-SHA-256 */
    HSM_PROOF_RSA_SIGN,    /* a SHA-256 digest -> RSASSA-PKCS1-v1_5 signature (RFC 8017 8.2) */
    HSM_PROOF_ECDSA,       /* a SHA-256 digest -> r || s, each of the field's length */
    HSM_PROOF_RSA_DECRYPT, /* RSAES-OAEP SHA-1 ciphertext -> plaintext */
    HSM_PROOF_RSA_UNWRAP, /* nonce, 32 octets, and such a ciphertext -> SHA-256(nonce || plaintext);
                             the plaintext stays inside, as a secret of its own for the moment */
    HSM_PROOF_ECDH,       /* nonce, 32 octets, and an uncompressed point of the key's curve ->
                             SHA-256(nonce || shared secret), which stays inside likewise (X only,
                             SP 800-56A 5.7.1.2) */
    /* For keys whose allowed mechanisms lack the raw ones: the HSM hashes a message of 32 octets
     * itself, or pads a SHA-256 digest by RSASSA-PSS (RFC 8017 8.1; MGF1 with the same hash, a salt
     * of its length). -> signature, as above */
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
    /* Not proofs, but what officers compare: a block of zeros of an AES or triple DES key's cipher
     * -> the first HSM_KCV_SIZE octets of its ECB encryption, or of its CMAC (SP 800-38B). */
    HSM_PROOF_KCV_ECB,
    HSM_PROOF_KCV_CMAC,
    HSM_PROOF_BYTES, /* none of an HSM's: public objects are compared byte for byte */
    HSM_PROOFS
};

/* What a signature is that answers as a proof. */
enum hsm_hash { HSM_HASH_NONE, HSM_SHA256, HSM_SHA384, HSM_SHA512 };
struct hsm_signing {
    enum hsm_hash hash; /* HSM_HASH_NONE: the proof is no signature */
    bool pss;           /* padded by RSASSA-PSS; otherwise by PKCS #1 v1.5, or ECDSA */
    bool ecdsa;
    bool hashed; /* the challenge is a digest already: the HSM does not hash it */
};
struct hsm_signing hsm_signing_of(enum hsm_proof proof);

/* How this HSM speaks one algorithm. Words may name two calls, "PK11_WrapSymKey, PK11_WrapPrivKey
 * CKM_AES_KEY_WRAP_KWP": the first is for secret keys, the second for private ones. */
struct hsm_capability {
    bool wrap;            /* usable in hsm_wrap() */
    bool unwrap;          /* usable in hsm_unwrap() */
    uint64_t mechanism;   /* this API's number, 0 where it has none */
    char wrap_call[96];   /* "C_WrapKey CKM_AES_KEY_WRAP_PAD" */
    char unwrap_call[96]; /* "C_UnwrapKey CKM_AES_KEY_WRAP_PAD" */
    char reason[160];     /* why not, or how it is known; for the officer */
};

enum { HSM_KCV_SIZE = 3 };

enum hsm_truth { HSM_UNKNOWN, HSM_NO, HSM_YES };

/* What this HSM is known to take no key beyond. */
enum { HSM_CURVES_MAX = 160 };
struct hsm_limits {
    uint32_t secret_max;         /* octets of a secret's value; 0: not known */
    uint32_t digest_max;         /* octets of a secret that it has and can digest; 0: not known */
    uint32_t rsa_min, rsa_max;   /* bits of a modulus; 0: not known */
    char curves[HSM_CURVES_MAX]; /* "P-256 P-384", as in struct key_desc; empty: not known */
};

/* What this HSM can do, found by trying with throw-away session keys, not from its lists. */
enum { HSM_CALL_MAX = 96 };
struct hsm_capabilities {
    struct hsm_capability alg[HSM_ALGS];
    uint32_t proofs;             /* bit (1 << enum hsm_proof) for each that it can answer */
    enum hsm_truth exact_length; /* does AES_KWP wrap a secret of any length without padding it? */
    enum hsm_truth takes_length; /* does unwrap() honour hsm_template.length? */
    char op_calls[HSM_OPS][HSM_CALL_MAX];       /* "C_GenerateKey CKM_AES_KEY_GEN" */
    char proof_calls[HSM_PROOFS][HSM_CALL_MAX]; /* "C_Sign CKM_ECDSA"; each is an operation that
                                                    applications carry out with such a key */
    bool can_copy;                              /* commit() copies (HSM_YES) or must unwrap again */
    bool one_per_id;           /* it keeps one key of each class and id: the next replaces it */
    uint32_t lost_templates;   /* bit (1 << enum key_template_use) for each that no key has there;
                                  whether it has the others is seen when the key is read */
    uint32_t lost_constraints; /* enum key_constraint: KEY_DATES, KEY_ALLOWED, where no key has them
                                  there */
    uint32_t lost_flags;       /* enum key_flag: what no key can be without there */
    uint32_t unreadable;       /* enum key_flag: what it reports of no key, as is known of it */
    uint32_t mute_templates;   /* likewise, for each that it fails to read of any key */
    struct hsm_limits limits;
};

/* Copies the call of a capability or operation for one class of keys: "PK11_WrapPrivKey
 * CKM_AES_KEY_WRAP_KWP". What does not fit into size is cut. */
void hsm_call_for(const char *words, bool private, char *out, size_t size);

/* Names for events, reports and messages: "rsa-oaep-sha1", "aes-ecb", "write-protected". */
const char *hsm_alg_name(enum hsm_alg alg);
const char *hsm_proof_name(enum hsm_proof proof);

/* PKCS#11's number of the mechanism that a proof uses the key with, which the key must allow where
 * it names mechanisms (CKA_ALLOWED_MECHANISMS); 0: any key will do, since its value is digested and
 * no mechanism works with it as a key. */
uint32_t hsm_proof_mechanism(enum hsm_proof proof);
const char *hsm_slot_flag_name(uint32_t flag);

/* "none", "tried", "documents". */
const char *hsm_dialect_status_name(enum hsm_dialect_status status);

/* "dialect luna (from documents)", "" where there is none. out has HSM_DIALECT_TEXT bytes. Returns
 * out. */
enum { HSM_DIALECT_TEXT = HSM_TEXT_MAX + 32 };
char *hsm_dialect_text(const struct hsm_dialect *dialect, char *out);

/* Why the token in this slot cannot be used, in words ("no token", "not initialised", "PIN
 * locked"), or NULL where it can. */
const char *hsm_slot_obstacle(const struct hsm_slot *slot);

#endif
