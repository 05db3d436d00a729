/* SPDX-License-Identifier: Apache-2.0 */
/* What the ceremony file says of two rooms, in the terms of src/sealed. */
#ifndef HSMFERRY_CMD_SEALED_TERMS_H
#define HSMFERRY_CMD_SEALED_TERMS_H

#include <stdint.h>

#include "config/config.h"
#include "protocol/side.h"
#include "sealed/sealed.h"
#include "sealed/sealed_signature.h"

struct sealed_terms {
    enum sealed_order order;
    int64_t expiry_ms;                /* of an offer, from when it is made */
    struct sealed_signers signers[2]; /* of the files of a side; none: words only */
};

/* A file that says nothing of them has the defaults of its section "sealed". */
struct sealed_terms sealed_terms_of(const struct config *config);

#endif
