/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/pairs.h"

#include <openssl/pem.h>

/* PEM, PAIRS_EACH of each size; local.mk makes the file. */
static const char *const texts[] = {
#include "tests/fake/pairs.inc"
};

enum { COUNT = sizeof texts / sizeof texts[0] };

static EVP_PKEY *read_pair(size_t i)
{
    static EVP_PKEY *pairs[COUNT];
    BIO *from = pairs[i] ? NULL : BIO_new_mem_buf(texts[i], -1);

    if (from)
        pairs[i] = PEM_read_bio_PrivateKey(from, NULL, NULL, NULL);
    BIO_free(from);
    return pairs[i];
}

EVP_PKEY *pairs_take(unsigned bits)
{
    static size_t next[COUNT];

    for (size_t i = 0; i < COUNT; i += PAIRS_EACH) {
        EVP_PKEY *pair = read_pair(i + next[i] % PAIRS_EACH);
        if (!pair || (unsigned)EVP_PKEY_get_bits(pair) != bits)
            continue;
        next[i]++;
        EVP_PKEY_up_ref(pair);
        return pair;
    }
    return NULL;
}
