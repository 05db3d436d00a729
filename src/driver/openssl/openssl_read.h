/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the objects of a key file at the login: a private key with what its certificates say of its
 * uses, certificates, public keys, and others, which cannot be migrated.
 *
 * A file has no attributes of PKCS#11. Each object gets a label and an id: those of its PKCS#12
 * bag; otherwise the label of the key or certificate with the same public key, or the file's name,
 * and as id the SHA-1 of the public key (RFC 5280 section 4.2.1.2, method 1), by which a key and
 * its certificates belong together. A key may do what its type can, unless its certificates
 * restrict it (keyUsage).
 */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_READ_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_READ_H

#include "driver/openssl/openssl_object.h"

/* Adds all objects of the file, with o->passphrase. Errors: ERR_DENIED (wrong passphrase),
 * ERR_UNSUPPORTED (an unknown cipher), and those of item_visit() and key_file_read(). */
bool openssl_read(struct openssl *o, struct err *err);

#endif
