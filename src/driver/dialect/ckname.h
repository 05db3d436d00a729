/* SPDX-License-Identifier: Apache-2.0 */
/* The names of PKCS#11's numbers: mechanisms, key types and object classes. */
#ifndef HSMFERRY_DRIVER_DIALECT_CKNAME_H
#define HSMFERRY_DRIVER_DIALECT_CKNAME_H

#include <stddef.h>

/* "CKM_AES_KEY_WRAP_KWP", "CKK_AES", "CKO_DATA"; "CKM_?", "CKK_?" and "CKO_?" for a number without
 * a name. */
const char *ckm_name(unsigned long number);
const char *ckk_name(unsigned long number);
const char *cko_name(unsigned long number);

/* "CKK_AES"; a number without a name is shown as it is, "CKK_0x4f". Returns out. */
char *ckk_text(unsigned long number, char *out, size_t size);

#endif
