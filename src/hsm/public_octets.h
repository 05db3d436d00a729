/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that are one string of octets: which strings are a key, and of a holder. */
#ifndef HSMFERRY_HSM_PUBLIC_OCTETS_H
#define HSMFERRY_HSM_PUBLIC_OCTETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsm/key_kind.h"

/* Returns false if raw has not the length of the set, is not in its only encoding, or is a value
 * under which anybody could answer: a point of small order (RFC 7748 section 6, RFC 8032 section
 * 5), the sum of nothing in ML-DSA and ML-KEM. */
bool public_octets_sound(const struct key_set *set, const uint8_t *raw, size_t len);

#endif
