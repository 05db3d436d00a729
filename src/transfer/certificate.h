/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate says of a key. It is public data from an HSM, and hostile until checked. */
#ifndef HSMFERRY_TRANSFER_CERTIFICATE_H
#define HSMFERRY_TRANSFER_CERTIFICATE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* The SubjectPublicKeyInfo in der, which must be one certificate (RFC 5280 4.1) and nothing else.
 * The points of EC keys become uncompressed, as HSMs report them, so that equal keys have equal
 * bytes. Nobody's signature is checked. Errors: ERR_DATA (it is none), ERR_FAILED (memory). */
bool certificate_spki(const struct bytes *der, struct bytes *spki, struct err *err);

#endif
