/* SPDX-License-Identifier: Apache-2.0 */
/* What CK_INFO, CK_SLOT_INFO and CK_TOKEN_INFO hold, in our words. NSS has its own declarations of
 * them, so only plain numbers and bytes cross here. */
#ifndef HSMFERRY_DRIVER_DIALECT_CK_INFO_H
#define HSMFERRY_DRIVER_DIALECT_CK_INFO_H

#include <stddef.h>
#include <stdint.h>

/* The flags of a slot and of a token (PKCS#11 v2.40 3.2) as enum hsm_slot_flag; others are left
 * out. */
uint32_t ck_slot_flags(unsigned long flags);
uint32_t ck_token_flags(unsigned long flags);

/* A text field of fixed size as safe text, without the blanks (or some modules' NULs) that fill it
 * up. */
void ck_text(char *out, size_t size, const unsigned char *field, size_t len);

/* "2.40" */
void ck_version(char *out, size_t size, unsigned char major, unsigned char minor);

#endif
