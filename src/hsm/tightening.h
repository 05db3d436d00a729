/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a copy of a key must lose so that it may do no more than its original, and what it must gain
 * so that it is protected as well: attributes that PKCS#11 lets a program set on an object that
 * exists (v2.40 section 4). Never the reverse: nothing here gives a key a use, or takes a guard.
 */
#ifndef HSMFERRY_HSM_TIGHTENING_H
#define HSMFERRY_HSM_TIGHTENING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "hsm/key.h"

enum {
    TIGHTENING_OFF = KEY_USES | KEY_EXTRACTABLE,
    TIGHTENING_ON = KEY_SENSITIVE | KEY_WRAP_WITH_TRUSTED,
};

struct tightening {
    uint32_t off, on;          /* enum key_flag: to be set to no, and to yes */
    char start[KEY_DATE_SIZE]; /* a later one; empty: as it is */
    char end[KEY_DATE_SIZE];   /* an earlier one; empty: as it is */
};

/* What of the copy is looser than its original (with these flags) and can be set. */
void tightening_of(const struct key_desc *original, uint32_t asked, const struct key_desc *copy,
                   struct tightening *out);

/* Is there anything to set? */
bool tightening_is_set(const struct tightening *t);

/* Does the object have all of it? */
bool tightening_holds(const struct tightening *t, const struct key_desc *is);

/* May it be applied to this object? Errors: ERR_DENIED (it would loosen the object, or set what is
 * no part of it). */
bool tightening_check(const struct tightening *t, const struct key_desc *is, struct err *err);

/* "sign: no; sensitive: yes; end date: 20271231"; empty: nothing. out has TIGHTENING_TEXT bytes.
 * Returns out. */
enum { TIGHTENING_TEXT = 256 };
char *tightening_text(const struct tightening *t, char *out);

#endif
