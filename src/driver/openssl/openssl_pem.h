/* SPDX-License-Identifier: Apache-2.0 */
/* The items of PEM and DER, read by OpenSSL's OSSL_STORE one block at a time, so that no other key
 * is decrypted when one is wanted. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_PEM_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_PEM_H

#include "driver/openssl/openssl_item.h"

/* As item_visit(). DER is one item. */
bool pem_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
               struct err *err);
bool der_visit(const struct item_source *from, item_fn *visit, void *ctx, struct err *err);

#endif
