/* SPDX-License-Identifier: Apache-2.0 */
/* The visits of a ceremony in two rooms, whose data cross in files. */
#ifndef HSMFERRY_PROTOCOL_VISIT_H
#define HSMFERRY_PROTOCOL_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/side.h"

enum visit {
    VISIT_NONE, /* a ceremony in one room */
    VISIT_OFFER,
    VISIT_LOAD,
    VISIT_ACCEPT,
    VISIT_CONFIRM,
    VISIT_WITHDRAW,
    VISITS
};

/* The words of its SHA-256 by which a file is authenticated. */
enum { FILE_WORDS = 12 };

/* What became of a file. */
enum file_state {
    FILE_TAKEN,   /* it was authenticated, and is the only one of its stage from now on */
    FILE_WRITTEN, /* it is on the disk under its final name */
    FILE_DRAFTED, /* a receipt: all of it but what becomes of the pair; it stays in this room */
    FILE_STATES
};

/* The formats of the file of a key service, which accept takes in place of a bundle (PKCS #11 3.0,
 * section 6.1.14: CKM_RSA_AES_KEY_WRAP; RFC 8017, section 7.1). */
enum arrival_format {
    ARRIVAL_RSA_AES,  /* OAEP(AES key) || RFC 5649(key) */
    ARRIVAL_RSA_OAEP, /* OAEP(key) */
    ARRIVAL_FORMATS
};

/* The public key that goes to the service, in journal and report: SubjectPublicKeyInfo in PEM. */
#define ARRIVAL_PEM "public-key-pem"

/* "rsa-aes"; and back: false if there is no such format. */
const char *arrival_format_name(enum arrival_format format);
bool arrival_format_of(const char *word, enum arrival_format *out);

/* The steps of a visit, as bits 1 << enum step_id: of the transport, of a key and of a public
 * object that arrive or leave, and at the end. */
struct visit_steps {
    uint32_t transport, key, object, closing;
};
extern const struct visit_steps visit_steps[VISITS];

/* Words for files and messages: "none", "offer"; "taken". */
const char *visit_name(enum visit visit);
const char *file_state_name(enum file_state state);

/* The visit of this word; VISIT_NONE: there is none. */
enum visit visit_of(const char *word);

/* The side whose room it takes place in; SIDE_RELAY: none. */
enum side visit_side(enum visit visit);

#endif
