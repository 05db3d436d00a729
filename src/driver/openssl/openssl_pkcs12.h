/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a PKCS#12 file (RFC 7292): its bags, with their names and ids. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_PKCS12_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_PKCS12_H

#include "driver/openssl/openssl_item.h"

/* Does the text have the form of a PKCS#12 file? */
bool pkcs12_is(const struct item_source *from);

/* Is a passphrase needed? Not if its MAC is that of an empty one. */
bool pkcs12_closed(const struct item_source *from);

/* As item_visit(). */
bool pkcs12_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
                  struct err *err);

#endif
