/* SPDX-License-Identifier: Apache-2.0 */
/* The public key in a certificate, which is data from an HSM: hostile until checked. */
#ifndef HSMFERRY_TRANSFER_CERTIFICATE_H
#define HSMFERRY_TRANSFER_CERTIFICATE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* The SubjectPublicKeyInfo in der, which must be one certificate (RFC 5280 4.1) and nothing else.
 * The points of EC keys become uncompressed, as HSMs report them, so that equal keys have equal
 * bytes. No signature is checked. Errors: ERR_DATA (der is not a certificate), ERR_FAILED (memory).
 */
bool certificate_spki(const struct bytes *der, struct bytes *spki, struct err *err);

#endif
