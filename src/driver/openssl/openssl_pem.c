/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_pem.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "base/text.h"

/* --- by OSSL_STORE --- */

struct asking {
    const struct secret *passphrase; /* NULL: refused */
    bool asked;
};

/* OpenSSL's passphrase callback. */
static int give_passphrase(char *out, int size, int writing, void *ctx)
{
    struct asking *asking = ctx;
    const struct secret *passphrase = asking->passphrase;

    asking->asked = true;
    if (writing || !passphrase || passphrase->len > (size_t)size)
        return -1;
    if (passphrase->len)
        memcpy(out, passphrase->data, passphrase->len);
    return (int)passphrase->len;
}

/* Takes what *info holds into *item, which then owns it. Is it a thing by itself? */
static bool take(OSSL_STORE_INFO *info, struct item *item)
{
    switch (OSSL_STORE_INFO_get_type(info)) {
    case OSSL_STORE_INFO_PKEY:
        item->private = OSSL_STORE_INFO_get1_PKEY(info);
        return item->private;
    case OSSL_STORE_INFO_PUBKEY:
        item->public = OSSL_STORE_INFO_get1_PUBKEY(info);
        return item->public;
    case OSSL_STORE_INFO_CERT:
        item->certificate = OSSL_STORE_INFO_get1_CERT(info);
        return item->certificate;
    default:
        return true;
    }
}

/* The first thing in these octets. OSSL_STORE_load() returns nothing for a thing that it cannot
 * read, and once more at the end. */
static void load(const struct item_source *from, const void *data, size_t len, struct item *item)
{
    enum { LOADS = 8 };
    struct asking asking = {from->passphrase, false};
    UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_passphrase, 0);
    BIO *bio = BIO_new_mem_buf(data, (int)len);
    OSSL_STORE_CTX *store = ui && bio ? OSSL_STORE_attach(bio, "file", from->libctx, NULL, ui,
                                                          &asking, NULL, NULL, NULL)
                                      : NULL;
    bool found = false;

    ERR_clear_error();
    for (unsigned i = 0; store && !found && i < LOADS && !OSSL_STORE_eof(store); i++) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(store);
        found = info && take(info, item);
        OSSL_STORE_INFO_free(info);
    }
    if (found)
        ERR_clear_error();
    else
        item->fault = item_fault_of(asking.asked);
    if (!found && asking.asked && !from->passphrase)
        item->fault = ITEM_CLOSED;
    OSSL_STORE_close(store);
    BIO_free(bio);
    UI_destroy_method(ui);
}

static void item_free(struct item *item)
{
    EVP_PKEY_free(item->private);
    EVP_PKEY_free(item->public);
    X509_free(item->certificate);
}

/* --- PEM --- */

static const char begins[] = "-----BEGIN ", ends[] = "-----END ";

enum { BEGINS = sizeof begins - 1, ENDS = sizeof ends - 1 };

/* A part of the text. */
struct block {
    const char *at;
    size_t len;
};

static const char *find(const char *in, const char *end, const char *what, size_t len)
{
    return in < end ? memmem(in, (size_t)(end - in), what, len) : NULL;
}

/* The next block from *at, which is moved on: from its first line to its last. A block without an
 * end reaches to the end of the text. */
static bool next_block(const struct secret *text, const char **at, struct block *block)
{
    const char *end = (const char *)text->data + text->len;
    const char *first = find(*at, end, begins, BEGINS), *last;

    if (!first)
        return false;
    last = find(first, end, ends, ENDS);
    last = find(last ? last : end, end, "\n", 1);
    last = last ? last + 1 : end;
    *at = last;
    *block = (struct block){first, (size_t)(last - first)};
    return true;
}

/* "RSA PRIVATE KEY" */
static void set_type(const struct block *block, struct item *item)
{
    const char *name = block->at + BEGINS, *end = block->at + block->len;
    const char *last = find(name, end, "-----", 5);
    char safe[TEXT_SAFE_SIZE(KEY_TYPE_MAX)];
    size_t len = last ? (size_t)(last - name) : 0;

    text_safe(name, len < KEY_TYPE_MAX ? len : KEY_TYPE_MAX, safe, sizeof safe);
    text_print(item->type, sizeof item->type, "%s", safe);
}

/* The parameters of an EC key stand before it once more. */
static bool is_thing(const struct item *item)
{
    return strcmp(item->type, "EC PARAMETERS") != 0 && strcmp(item->type, "DH PARAMETERS") != 0;
}

static bool visit_block(const struct item_source *from, const struct block *block, size_t number,
                        item_fn *visit, void *ctx, struct err *err)
{
    struct item item = {.number = number};
    bool ok;

    set_type(block, &item);
    if (!is_thing(&item))
        return true;
    load(from, block->at, block->len, &item);
    ok = visit(ctx, &item, err);
    item_free(&item);
    return ok;
}

bool pem_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
               struct err *err)
{
    const char *at = (const char *)from->text->data;
    struct block block;
    size_t number = 0;

    while (next_block(from->text, &at, &block)) {
        if (++number > ITEMS_MAX)
            return err_set(err, ERR_DATA, "the key file holds more than %d items", ITEMS_MAX);
        if ((only == ITEM_ALL || only == number) &&
            !visit_block(from, &block, number, visit, ctx, err))
            return false;
    }
    return true;
}

bool der_visit(const struct item_source *from, item_fn *visit, void *ctx, struct err *err)
{
    struct item item = {.number = 1, .type = "DER"};
    bool ok;

    load(from, from->text->data, from->text->len, &item);
    if (item.fault == ITEM_DAMAGED) {
        err_set(err, ERR_DATA, "the key file is neither PKCS#12 nor PKCS#8 nor PEM, or is damaged");
        return err_next(err, "Look at it with: openssl asn1parse, or: openssl pkcs12 -info");
    }
    ok = visit(ctx, &item, err);
    item_free(&item);
    return ok;
}
