/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11's return codes: name, error class and advice. */
#ifndef HSMFERRY_DRIVER_DIALECT_CKR_H
#define HSMFERRY_DRIVER_DIALECT_CKR_H

#include <stdbool.h>

#include "base/err.h"

/* Not return codes of PKCS#11: our verdict on an HSM that returned CKR_OK for a call that creates
 * an object, or on a request to destroy one. */
#define CKR_OURS_NOT_NEW   0xffff0001UL /* the handle is that of an object that already existed */
#define CKR_OURS_NOT_ASKED 0xffff0002UL /* its label or CKA_TOKEN is not the requested one */
#define CKR_OURS_NOT_MADE  0xffff0003UL /* this session did not create it */

/* "CKR_PIN_INCORRECT"; "CKR_VENDOR_DEFINED" for a vendor-defined code, "CKR_?" for an unknown
 * one. */
const char *ckr_name(unsigned long rv);

/* The error class of a return code: ERR_HSM if it is no more specific; ERR_NONE for CKR_OK only. */
enum err_code ckr_code(unsigned long rv);

/* Does this answer mean only that the object does not reveal an attribute? Any other answer is a
 * failure of the HSM and says nothing about the object. */
bool ckr_is_reticent(unsigned long rv);

/* Is this one of the many answers to a ciphertext that was damaged or altered? */
bool ckr_is_bad_ciphertext(unsigned long rv);

/* Sets *err to what failed, with the number, name, error class and advice of rv. Always returns
 * false. */
bool ckr_set(struct err *err, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with another class, for a caller that knows more than the table. */
bool ckr_set_as(struct err *err, enum err_code code, unsigned long rv, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
