/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SEALED FILES: the data of a ceremony that cross between two rooms in files, not over a wire.
 *
 *     destination room                    source room
 *     offer    --- hsmferry-offer/1  -->  load       the transport pair's public half
 *     accept  <--- hsmferry-bundle/1 ---             wrapped keys, challenges, answers
 *             --- hsmferry-ack/1    -->  load       order strict: how the canary ended
 *             --- hsmferry-receipt/1 ->  confirm    outcomes, answers to the open challenges
 *
 * Nothing in a file is a secret: it is ciphertext, public, or random. The members of each structure
 * are the fields of a file; sealed_fields.c has the one table that writes and reads them, and
 * hsmferry-sealed(5) explains them.
 */
#ifndef HSMFERRY_SEALED_SEALED_H
#define HSMFERRY_SEALED_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/text.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "plan/suite.h"
#include "protocol/outcome.h"
#include "protocol/side.h"

enum sealed_format { SEALED_OFFER, SEALED_BUNDLE, SEALED_ACK, SEALED_RECEIPT, SEALED_FORMATS };

/* What a file is about. In the order strict, the canary crosses alone, is acknowledged, and the
 * keys follow; in the order one-bundle, all cross together. */
enum sealed_stage {
    SEALED_STAGE_OFFER,  /* an offer */
    SEALED_STAGE_CANARY, /* a bundle of the canary only; its acknowledgement */
    SEALED_STAGE_KEYS,   /* the bundle after the acknowledgement; its receipt */
    SEALED_STAGE_ALL,    /* the one bundle, canary first; its receipt */
    SEALED_STAGES
};

enum sealed_order { SEALED_STRICT, SEALED_ONE_BUNDLE, SEALED_ORDERS };

/* Words for files, messages and screens: "hsmferry-offer/1"; "canary"; "one-bundle"; and for people
 * "the offer", "the bundle". */
const char *sealed_format_name(enum sealed_format format);
const char *sealed_format_words(enum sealed_format format);
const char *sealed_stage_name(enum sealed_stage stage);
const char *sealed_order_name(enum sealed_order order);

/* The side that writes the files of this format. */
enum side sealed_writes(enum sealed_format format);

/* Is there a file of this format, stage and order? */
bool sealed_is_possible(enum sealed_format format, enum sealed_stage stage,
                        enum sealed_order order);

/* The identity of a token that holds in both rooms, as struct hsm_slot has it. All empty: not
 * known. */
struct sealed_device {
    char manufacturer[4 * 32 + 1];
    char model[4 * 16 + 1];
    char serial[4 * 16 + 1];
    char label[4 * 32 + 1];
};
struct sealed_device sealed_device_of(const struct hsm_slot *slot);
bool sealed_device_known(const struct sealed_device *device);
bool sealed_device_equal(const struct sealed_device *a, const struct sealed_device *b);

enum { SEALED_ID_SIZE = 32 + 1, SEALED_NAME_MAX = 64, SEALED_KEYS_MAX = 100000 };

/* The first fields of each file. A SHA-256 of zeros is "none". */
struct sealed_head {
    enum sealed_format format;
    enum sealed_stage stage;
    enum sealed_order order;
    char migration[SEALED_ID_SIZE]; /* 32 lower-case hexadecimal digits: of all visits */
    uint8_t ceremony[SHA256_SIZE];  /* of the ceremony file */
    uint8_t offer[SHA256_SIZE];     /* of the offer; none in the offer itself */
    uint8_t answers[SHA256_SIZE];   /* of the file that this one answers; none in the offer */
    bool rehearsal;
    struct sealed_device
        device[2];      /* SIDE_SOURCE (in an offer: may be unknown), SIDE_DESTINATION */
    uint32_t keys;      /* an offer: 0; a bundle or receipt: records in it; an ack: test keys */
    int64_t written_ms; /* UTC, whole seconds, as milliseconds since 1970 */
    int64_t expires_ms; /* likewise: the same in all files of a migration */
};

/* --- the offer --- */

enum { SEALED_TRANSPORTS_MAX = 8, SEALED_PARAMETERS_MAX = 8, SEALED_SPKI_MAX = 8192 };

struct sealed_parameter {
    char name[32];
    char value[128];
};

/* A transport key of the destination. A name that is not known is skipped if another one is. */
struct sealed_transport {
    char name[32];                                             /* "rsa-oaep" */
    struct bytes spki;                                         /* DER SubjectPublicKeyInfo */
    struct sealed_parameter parameters[SEALED_PARAMETERS_MAX]; /* "hash" "SHA-256", "bits" "3072" */
    uint32_t parameter_count;
};

#define SEALED_RSA_OAEP "rsa-oaep"
#define SEALED_RSA_AES  "rsa-aes" /* the KEK in one blob, under an AES key made for it alone */

/* The name of the transport by this algorithm of an RSA key. */
const char *sealed_transport_name(enum hsm_alg alg);

/* What the destination reports about its library, for the source's report. */
struct sealed_about {
    char api[16];
    char library[HSM_TEXT_MAX];
    char manufacturer[HSM_TEXT_MAX];
    char version[16];
    char api_version[16];
    char dialect[HSM_TEXT_MAX];
    char hardware[16];
    char firmware[16];
    char agent_version[32];
};

struct sealed_offer {
    struct sealed_transport transports[SEALED_TRANSPORTS_MAX];
    uint32_t transport_count;
    struct {
        char label[SEALED_NAME_MAX]; /* the temporary name: "hsmferry:<migration id>" */
        uint32_t flags;              /* of the private half, as read back: enum key_flag ... */
        uint32_t flags_known;        /* ... of those that the HSM reports */
        uint32_t allowed_count;      /* CKA_ALLOWED_MECHANISMS that the token took; 0: none */
        uint32_t allowed[KEY_ALLOWED_MAX];
        struct key_template unwrap; /* CKA_UNWRAP_TEMPLATE that the token took; all 0: none */
    } pair;
    struct key_template arriving;     /* what keys shall be when they arrive; of the canary too */
    struct sealed_about about;        /* of the destination */
    struct hsm_capabilities can;      /* of the destination, found by trying */
    char remark[4 * SEALED_NAME_MAX]; /* for officers; may be empty */
};

/* The first of an offer's transports that this program knows, and its algorithm and bits.
 * Errors: ERR_UNSUPPORTED (it knows none: the message names them). */
bool sealed_choose_transport(const struct sealed_offer *offer,
                             const struct sealed_transport **chosen, enum hsm_alg *alg,
                             uint32_t *bits, struct err *err);

/* Adds a transport by an algorithm of an RSA key to an offer. Errors: ERR_FAILED (memory; the list
 * is full). */
bool sealed_add_rsa(struct sealed_offer *offer, const struct bytes *spki, enum hsm_alg alg,
                    uint32_t bits, struct err *err);

/* --- the bundle --- */

/* No algorithm. What both sides agree on is not in files, and comes after all that is. */
#define SEALED_ALG_NONE HSM_ECDH_P521

/* A key of the source's that carries others, wrapped. */
struct sealed_wrapped {
    enum hsm_alg alg; /* SEALED_ALG_NONE: there is none, and wrapped is empty */
    struct bytes wrapped;
};

struct sealed_bundle {
    char transport[32];                    /* the name of the offer's transport that was chosen */
    uint8_t transport_sha256[SHA256_SIZE]; /* of its public key */
    struct sealed_wrapped kek;             /* the key-encryption key, under the transport */
    struct sealed_wrapped evidence;        /* the evidence key, under the KEK */
};

/* An answer to a challenge: unencrypted, or encrypted by AES-GCM under the evidence key, or none
 * yet (all empty). */
struct sealed_answer {
    struct bytes clear;
    struct bytes iv;         /* SEALED_IV_SIZE octets */
    struct bytes ciphertext; /* with the tag of SEALED_TAG_SIZE octets at its end */
};
enum { SEALED_IV_SIZE = 12, SEALED_TAG_SIZE = 16, SEALED_ANSWER_MAX = 8192 };

/* A proof: the challenge, and an answer to it. */
struct sealed_evidence {
    enum hsm_proof proof; /* HSM_PROOFS: there is none, and all is empty */
    struct bytes challenge;
    struct sealed_answer answer;
};

enum sealed_role { SEALED_KEY, SEALED_COMPANION, SEALED_TEST_KEY, SEALED_ROLES };
const char *sealed_role_name(enum sealed_role role);

enum { SEALED_PROOFS_MAX = 4, SEALED_PUBLIC_MAX = 65536, SEALED_WRAPPED_MAX = 16384 };

/* A key, a companion of one (a public key or certificate), or a test key of the canary. Freed with
 * sealed_key_free(). */
struct sealed_key {
    uint32_t number; /* in the plan, from 1; they ascend in the file. Test keys come first */
    enum sealed_role role;
    uint32_t companion_of;    /* the number of the key that it accompanies; 0: none */
    struct key_desc desc;     /* as the source reports it; the handle is not in the file */
    uint32_t want_flags;      /* its flags on the destination, as planned */
    enum key_route route;     /* how it is carried: ROUTE_ENVELOPE, ROUTE_DIRECT, ROUTE_PUBLIC */
    enum hsm_alg alg;         /* that encrypted it; SEALED_ALG_NONE: it is public */
    struct bytes public_half; /* DER: of a private key its SPKI, of a public object all of it */
    struct bytes wrapped;     /* the encrypted key; of a public object empty */
    struct sealed_evidence proofs[SEALED_PROOFS_MAX]; /* with the source's answers */
    uint32_t proof_count;
    struct sealed_evidence open; /* the challenge that the receipt answers: no answer here, except
                                    what the destination must decrypt first */
};

/* Frees the data and empties it. */
void sealed_key_free(struct sealed_key *key);

/* May the answer to this proof of such a key (NULL: of any) be in a file unencrypted? Not if the
 * value of the key can be weak: anybody who has the file could guess it, and see from the answer
 * that he is right. */
bool sealed_may_be_clear(const struct key_desc *key, enum hsm_proof proof);

/* --- the acknowledgement --- */

/* The results of the canary, one for each test key of the bundle. */
struct sealed_ack {
    struct trial trials[TRIALS_MAX];
    uint32_t trial_count;
};

/* --- the receipt --- */

enum sealed_pair { SEALED_PAIR_DESTROYED, SEALED_PAIR_LEFT, SEALED_PAIR_STATES };
const char *sealed_pair_name(enum sealed_pair state);

struct sealed_receipt {
    enum sealed_pair pair;            /* the transport pair at the end of the visit ... */
    char reason[4 * SEALED_NAME_MAX]; /* ... and why it was left; empty: it was not */
};

/* What became of the key with this number. Freed with sealed_result_free(). */
struct sealed_result {
    uint32_t number;
    enum key_outcome outcome;
    struct sealed_evidence open; /* the open challenge, repeated, and its answer */
    enum hsm_proof proof;        /* that proved it on the destination; HSM_PROOFS: none */
    char text[160];              /* why it was not migrated; empty: it was */
};
void sealed_result_free(struct sealed_result *result);

/* --- a whole file, without its keys or results --- */

struct sealed_file {
    struct sealed_head head;
    union { /* by head.format */
        struct sealed_offer offer;
        struct sealed_bundle bundle;
        struct sealed_ack ack;
        struct sealed_receipt receipt;
    };
};
void sealed_file_free(struct sealed_file *file);

#endif
