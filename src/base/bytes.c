/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

bool bytes_make(struct bytes *to, size_t len, struct err *err)
{
    uint8_t *data = NULL;

    if (len) {
        data = calloc(1, len);
        if (!data)
            return err_set(err, ERR_FAILED, "No memory for %zu bytes", len);
    }
    bytes_free(to);
    *to = (struct bytes){data, len};
    return true;
}

bool bytes_set(struct bytes *to, const void *data, size_t len, struct err *err)
{
    struct bytes copy = {0};

    if (!bytes_make(&copy, len, err))
        return false;
    if (len)
        memcpy(copy.data, data, len);
    bytes_free(to); /* only now, because data may point into it */
    *to = copy;
    return true;
}

void bytes_free(struct bytes *b)
{
    if (!b)
        return;
    if (b->data)
        OPENSSL_cleanse(b->data, b->len);
    free(b->data);
    *b = (struct bytes){0};
}

bool bytes_equal(const struct bytes *a, const struct bytes *b)
{
    return a->len == b->len && (a->len == 0 || CRYPTO_memcmp(a->data, b->data, a->len) == 0);
}
