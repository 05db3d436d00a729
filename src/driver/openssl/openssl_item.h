/* SPDX-License-Identifier: Apache-2.0 */
/* An item of a key file: a key, a certificate or something else, with its number. */
#ifndef HSMFERRY_DRIVER_OPENSSL_OPENSSL_ITEM_H
#define HSMFERRY_DRIVER_OPENSSL_OPENSSL_ITEM_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/err.h"
#include "base/secret.h"
#include "hsm/key.h"

enum { ITEMS_MAX = 1024, ITEM_ALL = 0 };

/* How to read a file: its content, and what opens it. */
struct item_source {
    OSSL_LIB_CTX *libctx;
    const struct secret *text;
    const struct secret *passphrase; /* NULL: none is known */
    bool verify; /* PKCS#12: check that nothing was altered; the same content was not yet */
};

/* Why an item cannot be read. */
enum item_fault {
    ITEM_READ,
    ITEM_CLOSED,  /* it is encrypted, and no passphrase is known */
    ITEM_DENIED,  /* the passphrase is wrong, or the item is damaged */
    ITEM_CIPHER,  /* OpenSSL does not know how it is encrypted */
    ITEM_DAMAGED, /* not encrypted, and cannot be read */
    ITEM_FAULTS
};

/* One item, valid while it is visited. At most one of the first three is set. */
struct item {
    EVP_PKEY *private;
    EVP_PKEY *public;
    X509 *certificate;
    size_t number; /* from 1 */
    enum item_fault fault;
    char type[KEY_TYPE_MAX]; /* "PRIVATE KEY", "crlBag"; safe to show */
    const char *label;       /* UTF-8, not checked; NULL: it has none */
    const uint8_t *id;
    size_t id_len;
};

typedef bool item_fn(void *ctx, const struct item *item, struct err *err);

/* The reason in OpenSSL's queue of errors, which is emptied. asked: the item was encrypted. */
enum item_fault item_fault_of(bool asked);

#endif
