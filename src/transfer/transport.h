/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE TRANSPORT: a key pair of the destination, and a key-encryption key that the source makes and
 * the destination receives under it. Steps 1 to 7 of the protocol, once for a ceremony.
 */
#ifndef HSMFERRY_TRANSFER_TRANSPORT_H
#define HSMFERRY_TRANSFER_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "hsm/hsm.h"
#include "plan/policy.h"
#include "plan/suite.h"
#include "transfer/known.h"
#include "transfer/step_result.h"

struct own_key;
struct sealing;

enum { KEK_BITS = 256 };

/* One side of it: the state of the HSM that its steps need, and the objects that they made. */
struct transport_side {
    const struct hsm_capabilities *caps;
    const struct known *known;
    uint64_t private_key;  /* destination; step 1; the source's, if both agree; step 3 */
    uint64_t public_key;   /* step 1, and step 3 */
    uint64_t kem_private;  /* if both agree by ML-KEM: its private half, or what the source
                              encapsulated ... */
    uint64_t kem_public;   /* ... and its public half; 0 without a curve */
    uint64_t derived;      /* steps 5 and 7, if both agree ... */
    uint64_t outer;        /* ... and in two layers the other key */
    uint64_t kek;          /* step 7, and step 4 */
    uint64_t evidence_key; /* likewise */
};

struct transport {
    char label[64]; /* of all temporary objects: "hsmferry:<id>" */
    bool stays;     /* the pair is made of token objects, for a later visit */
    const struct policy *policy;
    const struct suite *suite;
    const struct sealing *sealing; /* for a key service; NULL: for another HSM */
    struct transport_side source, destination;
    struct {
        struct bytes spki;        /* step 1 */
        struct bytes answer;      /* step 3: the source's public half or ciphertext, or both, if
                                     both agree */
        struct bytes read_back;   /* step 3; if both agree: what the source knows of both */
        struct bytes met;         /* step 3: what the destination knows of both */
        struct bytes wrapped_kek; /* step 5 */
        uint32_t there;           /* enum wire: left by the steps that are done */
    } wire;
    struct {
        bool wanted;          /* between two rooms, if both HSMs can seal evidence */
        enum hsm_alg alg;     /* that wraps the evidence key under the KEK */
        struct bytes wrapped; /* step 5 */
        struct hsm *fresh;    /* the process that will prove the keys once more; NULL: none yet */
        uint64_t fresh_key;   /* the evidence key there */
    } evidence;
    uint32_t done; /* bit for each row that is done and not undone */
};

struct transport_row {
    struct step_head head;
    bool (*run)(struct hsm *hsm, struct transport *t, struct step_result *result, struct err *err);
    bool (*undo)(struct hsm *hsm, struct transport *t, struct err *err); /* NULL: leaves nothing */
};

extern const struct transport_row transport_rows[];
extern const size_t transport_rows_count;

/* The same for a key service, whose wrapping key exists already, and which accepts nothing here. */
extern const struct transport_row sealed_transport_rows[];
extern const size_t sealed_transport_rows_count;

/* The same for a transport that is agreed on: transfer/agreed.c. */
extern const struct transport_row agreed_transport_rows[];
extern const size_t agreed_transport_rows_count;

/* The first of these, until both sides know both public halves: all that a derived key needs. */
extern const size_t agreed_transport_rows_met;

/* The bits of its pair: of the modulus, or of the curve's field. */
uint32_t transport_bits(const struct transport *t);

/* The row of step 4, which is the same for all. */
bool transport_make_kek(struct hsm *hsm, struct transport *t, struct step_result *result,
                        struct err *err);
bool transport_undo_make_kek(struct hsm *hsm, struct transport *t, struct err *err);

/* Runs a row on the HSM of its side, or undoes it; a row without undo leaves nothing on the HSM.
 * Errors: ERR_FAILED (data that it needs are missing; nothing was done), and those of the
 * contract's functions. */
bool transport_run(const struct transport_row *row, struct hsm *hsm, struct transport *t,
                   struct step_result *result, struct err *err);
bool transport_undo(const struct transport_row *row, struct hsm *hsm, struct transport *t,
                    struct err *err);

/* own_key_check(); the text of the result also names attributes that the HSM does not report. */
bool transport_check_own(struct hsm *hsm, const struct transport_side *side, uint64_t handle,
                         const struct own_key *want, struct step_result *result, struct err *err);

/* The template of a fresh AES key that is unwrapped: temporary, and for these uses only. */
struct hsm_template transport_kek_template(const struct transport *t, uint32_t uses);

/* The destination decrypts the evidence key under this KEK, for decryption only, if the transport
 * has one. *handle is an object of its session. The text of the result is continued; NULL: there is
 * none. */
bool transport_unwrap_evidence(struct hsm *hsm, struct transport *t, uint64_t kek, uint64_t *handle,
                               struct step_result *result, struct err *err);

/* Frees the data on the wire; the HSMs are not called. */
void transport_free(struct transport *t);

#endif
