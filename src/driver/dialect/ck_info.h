/* SPDX-License-Identifier: Apache-2.0 */
/* The contents of CK_INFO, CK_SLOT_INFO and CK_TOKEN_INFO in this program's types. NSS declares
 * these structures itself, so this interface passes only plain numbers and bytes. */
#ifndef HSMFERRY_DRIVER_DIALECT_CK_INFO_H
#define HSMFERRY_DRIVER_DIALECT_CK_INFO_H

#include <stddef.h>
#include <stdint.h>

/* The flags of a slot and of a token (PKCS#11 v2.40 section 3.2) as enum hsm_slot_flag; other flags
 * are ignored. */
uint32_t ck_slot_flags(unsigned long flags);
uint32_t ck_token_flags(unsigned long flags);

/* A text field of fixed size as safe text, without the padding of blanks (or NULs, in some
 * modules). */
void ck_text(char *out, size_t size, const unsigned char *field, size_t len);

/* "2.40" */
void ck_version(char *out, size_t size, unsigned char major, unsigned char minor);

#endif
