/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects (agent/dialect.h). */
#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>

#include "driver/dialect/dialect.h"
#include "tests/fuzz/fuzz.h"

static void check_mechanisms(const struct dialect *d)
{
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        fuzz_must(d->mechanism_count[alg] <= DIALECT_TRIES_MAX, "no algorithm has too many tries");
        for (unsigned i = 0; i < d->mechanism_count[alg]; i++)
            fuzz_must(strncmp(d->mechanism[alg][i].name, "CKM_", 4) == 0 &&
                          fuzz_is_safe(d->mechanism[alg][i].name),
                      "a mechanism has a name");
    }
}

static const char *lowest(const struct version_range *range, char out[16])
{
    snprintf(out, 16, "%u.%u", range->from >> 8, range->from & UINT8_MAX);
    return out;
}

static void check_read(const struct dialect *d, const uint8_t *data, size_t len)
{
    char version[16], firmware[16];
    const struct dialect_facts facts = {d->pattern[0].manufacturer,
                                        d->pattern[0].library,
                                        d->pattern[0].api_version,
                                        "",
                                        d->pattern[0].model,
                                        lowest(&d->pattern[0].version, version),
                                        lowest(&d->pattern[0].firmware, firmware)};
    uint8_t sha256[SHA256_DIGEST_LENGTH];

    fuzz_must(d->is.name[0] && !strchr(d->is.name, '/') && fuzz_is_safe(d->is.name),
              "a dialect has a name that is a file's");
    fuzz_must((unsigned)d->is.status < HSM_DIALECT_STATUSES, "its status is one of those known");
    fuzz_must(d->pattern_count <= DIALECT_PATTERNS_MAX, "it has no more patterns than it may");
    fuzz_must(d->pattern_count == 0 || dialect_fits(d, &facts), "a pattern fits itself");
    fuzz_must(memcmp(SHA256(data, len, sha256), d->is.sha256, sizeof sha256) == 0,
              "its hash is the file's");
    check_mechanisms(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *path = fuzz_file(data, len);
    struct dialect d = {0}, again = {0};
    struct err err = {0};

    if (!dialect_load(path, &d, &err)) {
        fuzz_must_report(&err);
        return 0;
    }
    check_read(&d, data, len);
    fuzz_must(dialect_load(path, &again, &err) && memcmp(&d, &again, sizeof d) == 0,
              "the same file is read the same way");
    return 0;
}
