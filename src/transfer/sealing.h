/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CEREMONY WITHOUT A SECOND HSM: each key is wrapped under the wrapping key of a key service, and
 * kept as a file that its own client sends.
 */
#ifndef HSMFERRY_TRANSFER_SEALING_H
#define HSMFERRY_TRANSFER_SEALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "plan/services.h"
#include "protocol/event.h"

enum {
    SEALING_KID_MAX = 256,
    SEALING_KEY_FILE_MAX = 16 << 10, /* octets of the file with the wrapping key */
    SEALING_NAME_MAX = 64,           /* of the part of a file's name that names the key */
};

struct sealing {
    const struct service *service;
    struct bytes spki;         /* the wrapping key, checked */
    uint32_t bits;             /* of its modulus */
    char kid[SEALING_KID_MAX]; /* its identifier at the service; empty: the form needs none */
    const char *key_file;      /* the path of the wrapping key ... */
    const char *import_token;  /* ... and of what came with it; NULL: nothing. Neither is copied */
    char stem[EVENT_PATH_MAX]; /* path of the files, up to the part that names the key */
};

/* Takes the wrapping key from the content of a file, DER or PEM (SubjectPublicKeyInfo), and checks
 * it as every transport key is checked, and against service and floor, the fewest bits that the
 * policy allows. Errors: ERR_DATA (not such a key), ERR_DENIED (fewer bits than the policy's),
 * ERR_UNSUPPORTED (a size that the service does not use), ERR_FAILED (memory). */
bool sealing_take_key(struct sealing *sealing, const struct bytes *file, uint32_t floor,
                      struct err *err);

/* Reads a public key from the content of a file, DER or PEM, into DER, as SubjectPublicKeyInfo.
 * Errors: ERR_DATA (it is none, or there are several), ERR_FAILED (memory). The caller frees *spki.
 */
bool sealing_read_public(const struct bytes *file, struct bytes *spki, struct err *err);

/* Sets the identifier. Errors: ERR_USAGE (the service needs one, or none; or it is no URL). */
bool sealing_take_kid(struct sealing *sealing, const char *kid, struct err *err);

void sealing_free(struct sealing *sealing);

#endif
