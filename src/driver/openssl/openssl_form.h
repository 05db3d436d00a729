/* SPDX-License-Identifier: Apache-2.0 */
/* The items of a key file of any form. OSSL_STORE returns only one key of a PKCS#12 file, whatever
 * it holds, so that form has its own reader. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_FORM_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_FORM_H

#include "driver/openssl/openssl_item.h"

/* Calls visit for item number only, or for all of them (ITEM_ALL), until it fails. Others are not
 * decrypted. The parameters before an EC key are not visited. Errors: those of
 * visit; ERR_DATA (not a file of these forms, damaged, more than ITEMS_MAX items), ERR_DENIED
 * (PKCS#12: wrong passphrase, or altered), ERR_UNSUPPORTED (PKCS#12: an unknown cipher). */
bool item_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
                struct err *err);

/* "PKCS#12", "PEM", "DER". */
const char *item_form(const struct item_source *from);

/* Is a passphrase needed for an item? Errors: as item_visit(). */
bool item_closed(const struct item_source *from, bool *closed, struct err *err);

#endif
