/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11's return codes: their names, what a caller may do about them, and what to advise. */
#ifndef HSMFERRY_AGENT_CKR_H
#define HSMFERRY_AGENT_CKR_H

#include <stdbool.h>

#include "base/err.h"

/* "CKR_PIN_INCORRECT"; "CKR_VENDOR_DEFINED" for a vendor's own, "CKR_?" for no code at all. */
const char *ckr_name(unsigned long rv);

/* ERR_HSM where the code says nothing more exact; ERR_NONE for CKR_OK only. */
enum err_code ckr_code(unsigned long rv);

/* Sets *err to what happened and why the HSM says that it did: number, name, class and advice of
 * rv. Always returns false. */
bool ckr_set(struct err *err, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, where the caller knows better than the table what may be done about it. */
bool ckr_set_as(struct err *err, enum err_code code, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
