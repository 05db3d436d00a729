/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_form.h"

#include "driver/openssl/openssl_pem.h"
#include "driver/openssl/openssl_pkcs12.h"

static bool is_der(const struct item_source *from)
{
    const uint8_t sequence = 0x30;

    return from->text->len > 0 && from->text->data[0] == sequence;
}

bool item_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
                struct err *err)
{
    if (!is_der(from))
        return pem_visit(from, only, visit, ctx, err);
    return pkcs12_is(from) ? pkcs12_visit(from, only, visit, ctx, err)
                           : der_visit(from, visit, ctx, err);
}

const char *item_form(const struct item_source *from)
{
    return !is_der(from) ? "PEM" : pkcs12_is(from) ? "PKCS#12" : "DER";
}

struct look {
    size_t count;
    bool closed;
};

static bool look_at(void *ctx, const struct item *item, struct err *err)
{
    struct look *look = ctx;

    (void)err;
    look->count++;
    look->closed |= item->fault == ITEM_CLOSED;
    return true;
}

bool item_closed(const struct item_source *from, bool *closed, struct err *err)
{
    struct look look = {0};

    if (is_der(from) && pkcs12_is(from)) {
        *closed = pkcs12_closed(from);
        return true;
    }
    if (!item_visit(from, ITEM_ALL, look_at, &look, err))
        return false;
    *closed = look.closed;
    if (look.count > 0)
        return true;
    err_set(err, ERR_DATA, "there is nothing in the key file: neither PKCS#12, PKCS#8 nor PEM");
    return err_next(err, "Look at it with: openssl storeutl -noout -text FILE");
}
