/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/public_octets.h"

#include <string.h>

enum { RHO = 32, LONGEST = 57 }; /* octets of the seed of a matrix; of a point */

/* --- curves --- */

/* The y of the points of small order on edwards25519 (orders 4, 1, 2, 8, 8) and on edwards448
 * (orders 4, 1, 2), little endian. */
static const uint8_t small_25519[][32] = {
    {0x00},
    {0x01},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
};
static const uint8_t small_448[][57] = {
    {0x00},
    {0x01},
    {0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
};

/* A y that is not below p is p or more, and no point has such an encoding: all octets of p - 1, the
 * last of the small ones of order 2, with a first one that is greater. */
static bool is_small(const uint8_t *y, const uint8_t *small, size_t count, size_t len)
{
    const uint8_t *minus_one = small + 2 * len;

    for (size_t i = 0; i < count; i++)
        if (memcmp(small + i * len, y, len) == 0)
            return true;
    return memcmp(minus_one + 1, y + 1, len - 1) == 0 && y[0] > minus_one[0];
}

/* The sign of x is the highest bit. */
static bool edwards_sound(const uint8_t *raw, size_t len)
{
    uint8_t y[LONGEST];

    memcpy(y, raw, len);
    y[len - 1] &= 0x7f;
    if (len == sizeof small_448[0] && y[len - 1] != 0)
        return false; /* its last octet is the sign only */
    return len == sizeof small_25519[0]
               ? !is_small(y, small_25519[0], sizeof small_25519 / sizeof small_25519[0], len)
               : !is_small(y, small_448[0], sizeof small_448 / sizeof small_448[0], len);
}

/* --- lattices --- */

static bool all_zero(const uint8_t *raw, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= raw[i];
    return any == 0;
}

/* rho, then t1: with t1 = 0, anybody can sign (FIPS 204 algorithm 8). */
static bool ml_dsa_sound(const uint8_t *raw, size_t len)
{
    return !all_zero(raw + RHO, len - RHO);
}

/* t, then rho: each coefficient of t, of 12 bits, is below q (FIPS 203 section 7.2); with t = 0,
 * anybody can read the ciphertext. */
static bool ml_kem_sound(const uint8_t *raw, size_t len)
{
    const unsigned q = 3329;

    for (size_t i = 0; i + 2 < len - RHO; i += 3)
        if ((raw[i] | (raw[i + 1] & 0xfU) << 8) >= q ||
            ((unsigned)raw[i + 1] >> 4 | (unsigned)raw[i + 2] << 4) >= q)
            return false;
    return !all_zero(raw, len - RHO);
}

/* Of X25519 and X448, every string is a key; that a shared secret is not zero is checked when it is
 * derived. */
static bool montgomery_sound(const uint8_t *raw, size_t len)
{
    return !all_zero(raw, len);
}

bool public_octets_sound(const struct key_set *set, const uint8_t *raw, size_t len)
{
    static bool (*const sound[KEY_KINDS])(const uint8_t *raw, size_t len) = {
        [KEY_KIND_EDWARDS] = edwards_sound,
        [KEY_KIND_MONTGOMERY] = montgomery_sound,
        [KEY_KIND_ML_DSA] = ml_dsa_sound,
        [KEY_KIND_ML_KEM] = ml_kem_sound,
    };

    return len == set->public_len && sound[set->kind](raw, len);
}
