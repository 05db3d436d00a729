/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A KEY FROM A KEY SERVICE, or from an HSM that no agent reaches: one file, which holds the key
 * encrypted under the public key of an offer. Nothing in it says who made it, or which key it is:
 * the ceremony file does.
 */
#ifndef HSMFERRY_CEREMONY_ARRIVAL_H
#define HSMFERRY_CEREMONY_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/text.h"
#include "ceremony/visit_past.h"
#include "hsm/key.h"
#include "protocol/visit.h"

enum { ARRIVAL_FILE_MAX = 64 << 10 };

struct arrival {
    enum arrival_format format;
    const char *path;
    uint8_t sha256[SHA256_SIZE]; /* of the file */
    uint64_t bytes;              /* in it */
    struct bytes blob;           /* the ciphertext */
    struct key_desc key;         /* as the ceremony file describes it; its handle is 0 */
    struct bytes spki;           /* of a private key, which came by another way */
};

/* Takes the content of the file: the ciphertext, or its base64. Errors: ERR_DATA (empty, or too
 * long), ERR_FAILED (memory). Freed with arrival_free(), also after a failure. */
bool arrival_take(struct arrival *arrival, const struct bytes *file, struct err *err);

/* Sets the public half, which must be that of a key of this kind. Errors: ERR_DATA. */
bool arrival_take_public(struct arrival *arrival, const struct bytes *spki, struct err *err);
void arrival_free(struct arrival *arrival);

/* The offer for the file with this SHA-256: that which took it before; otherwise the only one of
 * this ceremony file that waits for a key service. Errors: ERR_NO_INPUT (there is none), ERR_DENIED
 * (it took another file), ERR_CONFLICT (there are several). */
const struct visit_past *arrival_offer(const struct visit_pasts *pasts,
                                       const uint8_t ceremony[SHA256_SIZE],
                                       const struct arrival *arrival, struct err *err);

#endif
