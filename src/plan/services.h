/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KEY SERVICES AND OTHER TOOLS that take a key as a file: all that is known of one is its row in
 * services.c. A file is OAEP(AES-256) || KWP(key), PKCS#11 v3.0 section 2.1.21
 * (CKM_RSA_AES_KEY_WRAP), or OAEP(key).
 */
#ifndef HSMFERRY_PLAN_SERVICES_H
#define HSMFERRY_PLAN_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/facts.h"
#include "hsm/key.h"
#include "protocol/outcome.h"

/* What the file holds: the ciphertext, its base64 in one line, or the JSON of Azure's BYOK. */
enum service_form { SERVICE_RAW, SERVICE_BASE64, SERVICE_BYOK };

struct service {
    const char *name;            /* on the command line and in records: "aws-kms" */
    const char *title;           /* as people call it: "AWS KMS" */
    uint32_t hashes;             /* bit (1 << enum hsm_alg) for each OAEP variant that it takes */
    uint32_t bits_min, bits_max; /* of its wrapping key */
    uint32_t blob;   /* bit (1 << enum key_kind) for each kind that it takes under an AES key ... */
    uint32_t direct; /* ... and directly under OAEP; the AES key comes first */
    uint32_t aes_bits;        /* of an AES key; 0: any size */
    uint32_t secret_min;      /* octets of any other secret; 0: any number */
    struct hsm_limits limits; /* of the keys that it takes */
    enum service_form form;
    const char *suffix; /* of the file's name */
    /* What follows in the service's own client. In it, %f stands for the file, %t for the import
     * token, and %h or %m for the hash, "SHA1" or "sha1". */
    const char *next;
};

/* What officers read next to a private key that a source wraps which pads. */
extern const char service_pads[];

/* NULL: there is no such service. */
const struct service *service_find(const char *name);

/* The rows, in the order in which help texts name them; NULL after the last one. */
const struct service *service_at(size_t i);

/* Does it take such a key in this way? Errors: ERR_UNSUPPORTED; the message gives the reason. */
bool service_takes(const struct service *service, const struct key_desc *key, enum key_route route,
                   struct err *err);

/* The command of the service's own client for this file. token: the path of the import token; NULL:
 * none was given. */
void service_next(const struct service *service, enum hsm_alg oaep, const char *file,
                  const char *token, char *out, size_t size);

#endif
