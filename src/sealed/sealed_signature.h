/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authentication of a file by a signature of a key that the ceremony file names by its fingerprint:
 * PATH.sig and PATH.pub.pem, PATH.2.sig and PATH.2.pub.pem, ..., as next to a report
 * (report/signing.h writes them; `openssl dgst -sha256 -verify` accepts them).
 */
#ifndef HSMFERRY_SEALED_SEALED_SIGNATURE_H
#define HSMFERRY_SEALED_SEALED_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum { SEALED_SIGNERS_MAX = 8, SEALED_SIGNATURES_MAX = 9 };

/* The keys of the room that wrote the file: SHA-256 of each public half (DER
 * SubjectPublicKeyInfo). */
struct sealed_signers {
    uint8_t sha256[SEALED_SIGNERS_MAX][SHA256_SIZE];
    size_t count;
};

/* Is one of the signatures next to path a signature of a file with this SHA-256, by one of these
 * keys? *which receives the index of the key. The public keys next to the file are only taken if
 * their fingerprint is in signers. Errors: ERR_DENIED (there is none by these keys), ERR_DATA
 * (there is one, but of another file). */
bool sealed_signature_check(const char *path, const uint8_t sha256[SHA256_SIZE],
                            const struct sealed_signers *signers, size_t *which, struct err *err);

#endif
