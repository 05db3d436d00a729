/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/strength.h"

unsigned strength_of(enum key_kind kind, uint32_t bits)
{
    switch (kind) {
    case KEY_KIND_RSA:
        return bits >= 15360  ? 256
               : bits >= 7680 ? 192
               : bits >= 4096 ? 152
               : bits >= 3072 ? 128
               : bits >= 2048 ? 112
                              : 80;
    case KEY_KIND_EC:
        return bits / 2 < 256 ? bits / 2 : 256;
    case KEY_KIND_DES3:
        return 112;
    case KEY_KIND_AES:
        return bits ? bits : 256;
    default:
        return bits && bits < key_kind_row(kind)->strength ? bits : key_kind_row(kind)->strength;
    }
}

unsigned strength_of_key(const struct key_desc *key)
{
    const struct key_set *set = key_set_named(key->curve);

    return set ? set->strength : strength_of(key->kind, key->bits);
}
