/* SPDX-License-Identifier: Apache-2.0 */
/* Is a sealed file the one that this visit takes? The rules that need only its head. */
#ifndef HSMFERRY_SEALED_SEALED_EXPECT_H
#define HSMFERRY_SEALED_SEALED_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sealed/sealed.h"

/* What a visit expects, from its ceremony file, its journal and its own HSM. NULL and 0: this visit
 * does not know yet. */
struct sealed_expected {
    enum sealed_format format;
    uint32_t stages; /* bit (1 << enum sealed_stage) for each that it takes */
    enum sealed_order order;
    bool rehearsal;
    const uint8_t *ceremony; /* SHA-256 of the ceremony file; always known */
    const char *migration;   /* of the own journal; NULL when load takes an offer */
    const uint8_t *offer;    /* SHA-256 of the offer */
    const uint8_t *answers;  /* SHA-256 of the own file that this one must answer */
    const struct sealed_device *device[2];
    const uint8_t *only; /* SHA-256 of the file of this stage that was taken before: no other
                            may follow */
    const uint8_t (*used)[SHA256_SIZE]; /* files that must not be taken again */
    size_t used_count;
    int64_t expires_ms;    /* as the offer says; 0: this is the offer */
    int64_t not_before_ms; /* when the file that this one answers was written; 0: not known */
    int64_t now_ms;        /* the clock of this host */
};

/* Checks every rule in turn. sha256: of the whole file. Errors: ERR_DENIED (expired, used,
 * replayed, the clock), ERR_DATA (another ceremony, migration, device, stage or direction); one
 * sentence that says which, what is true now and what to do next. */
bool sealed_expect(const struct sealed_expected *expected, const struct sealed_head *head,
                   const uint8_t sha256[SHA256_SIZE], struct err *err);

/* The rules in their order: their names are those of the manual page, and of the tests. */
struct sealed_rule {
    const char *name; /* "expired" */
    enum err_code code;
    /* Returns false if the file breaks the rule. */
    bool (*keeps)(const struct sealed_expected *expected, const struct sealed_head *head,
                  const uint8_t sha256[SHA256_SIZE]);
    const char *what; /* "it has expired" */
    const char *next;
};
extern const struct sealed_rule sealed_rules[];
extern const size_t sealed_rules_count;

#endif
