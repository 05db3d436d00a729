/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3 takes a whole provider for what RAND_set_rand_method() does in a call. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "tests/fake/seed.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* SHA-256 of what the call is and of a counter, block by block. */
static struct {
    char call[128];
    unsigned block;
} stream;

static int draw(unsigned char *to, int len)
{
    uint8_t block[32];
    char name[sizeof stream.call + 16];

    for (int done = 0; done < len; done += (int)sizeof block) {
        int n = snprintf(name, sizeof name, "%s %u", stream.call, stream.block++);
        if (EVP_Digest(name, (size_t)n, block, NULL, EVP_sha256(), NULL) != 1)
            return 0;
        memcpy(to + done, block, (size_t)(len - done < 32 ? len - done : 32));
    }
    return 1;
}

static int ready(void)
{
    return 1;
}

void seed_call(const char *seed, const char *call, unsigned nth)
{
    static const RAND_METHOD method = {.bytes = draw, .pseudorand = draw, .status = ready};

    snprintf(stream.call, sizeof stream.call, "%s %s %u", seed, call, nth);
    stream.block = 0;
    RAND_set_rand_method(&method);
}
