/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11's return codes: their names, what a caller may do about them, and what to advise. */
#ifndef HSMFERRY_DRIVER_DIALECT_CKR_H
#define HSMFERRY_DRIVER_DIALECT_CKR_H

#include <stdbool.h>

#include "base/err.h"

/* No answers of an HSM, but what we say of one that answered OK to a call that makes an object, or
 * of what we were asked to destroy. */
#define CKR_OURS_NOT_NEW   0xffff0001UL /* the handle is that of an object that existed */
#define CKR_OURS_NOT_ASKED 0xffff0002UL /* its label or CKA_TOKEN is not what was asked for */
#define CKR_OURS_NOT_MADE  0xffff0003UL /* this session did not make it */

/* "CKR_PIN_INCORRECT"; "CKR_VENDOR_DEFINED" for a vendor's own, "CKR_?" for no code at all. */
const char *ckr_name(unsigned long rv);

/* ERR_HSM where the code says nothing more exact; ERR_NONE for CKR_OK only. */
enum err_code ckr_code(unsigned long rv);

/* Does this answer only say that an object does not tell some attribute? Any other is a failure of
 * the HSM, and says nothing of the object. */
bool ckr_is_reticent(unsigned long rv);

/* Sets *err to what happened and why the HSM says that it did: number, name, class and advice of
 * rv. Always returns false. */
bool ckr_set(struct err *err, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, where the caller knows better than the table what may be done about it. */
bool ckr_set_as(struct err *err, enum err_code code, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
