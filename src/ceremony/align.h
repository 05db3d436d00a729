/* SPDX-License-Identifier: Apache-2.0 */
/* The map of both sides: from their lists, from the octets of certificates, and from challenges if
 * they are asked for. */
#ifndef HSMFERRY_CEREMONY_ALIGN_H
#define HSMFERRY_CEREMONY_ALIGN_H

#include <stdbool.h>

#include "base/err.h"

struct ceremony;

/* Makes c->verdicts.map, and the verdicts again; both sides are listed, and a suite was negotiated.
 * asks: as for ceremony_map(). Errors: ERR_GONE, ERR_FAILED (memory), what an HSM answered to a
 * challenge. */
bool align_lists(struct ceremony *c, bool asks, struct err *err);

#endif
