/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/key_kind.h"

#include <stddef.h>
#include <string.h>

static const struct key_kind_row kinds[KEY_KINDS] = {
    [KEY_KIND_OTHER] = {"other", KEY_FAMILY_NONE, KEY_TYPE_NONE, 0},
    [KEY_KIND_AES] = {"AES", KEY_FAMILY_CIPHER, 0x1f, 0},
    [KEY_KIND_DES3] = {"DES3", KEY_FAMILY_CIPHER, 0x15, 0},
    [KEY_KIND_GENERIC] = {"generic secret", KEY_FAMILY_VALUE, 0x10, 0},
    [KEY_KIND_RSA] = {"RSA", KEY_FAMILY_PAIR, 0x0, 0},
    [KEY_KIND_EC] = {"EC", KEY_FAMILY_PAIR, 0x3, 0},
    [KEY_KIND_EDWARDS] = {"Edwards", KEY_FAMILY_PAIR, 0x40, 0},
    [KEY_KIND_MONTGOMERY] = {"Montgomery", KEY_FAMILY_PAIR, 0x41, 0},
    [KEY_KIND_ML_DSA] = {"ML-DSA", KEY_FAMILY_PAIR, 0x4a, 0},
    [KEY_KIND_ML_KEM] = {"ML-KEM", KEY_FAMILY_PAIR, 0x49, 0},
    [KEY_KIND_HMAC_SHA1] = {"HMAC-SHA-1", KEY_FAMILY_VALUE, 0x28, 128},
    [KEY_KIND_HMAC_SHA224] = {"HMAC-SHA-224", KEY_FAMILY_VALUE, 0x2e, 192},
    [KEY_KIND_HMAC_SHA256] = {"HMAC-SHA-256", KEY_FAMILY_VALUE, 0x2b, 256},
    [KEY_KIND_HMAC_SHA384] = {"HMAC-SHA-384", KEY_FAMILY_VALUE, 0x2c, 256},
    [KEY_KIND_HMAC_SHA512] = {"HMAC-SHA-512", KEY_FAMILY_VALUE, 0x2d, 256},
    [KEY_KIND_NONE] = {"none", KEY_FAMILY_NONE, KEY_TYPE_NONE, 0},
};

/* RFC 8410; FIPS 204 tables 1 and 2; FIPS 203 tables 2 and 3. */
static const struct key_set sets[] = {
    {"Ed25519", KEY_KIND_EDWARDS, "1.3.101.112", 0, 255, 128, 32, 64},
    {"Ed448", KEY_KIND_EDWARDS, "1.3.101.113", 0, 448, 224, 57, 114},
    {"X25519", KEY_KIND_MONTGOMERY, "1.3.101.110", 0, 255, 128, 32, 0},
    {"X448", KEY_KIND_MONTGOMERY, "1.3.101.111", 0, 448, 224, 56, 0},
    {"ML-DSA-44", KEY_KIND_ML_DSA, "2.16.840.1.101.3.4.3.17", 1, 0, 128, 1312, 2420},
    {"ML-DSA-65", KEY_KIND_ML_DSA, "2.16.840.1.101.3.4.3.18", 2, 0, 192, 1952, 3309},
    {"ML-DSA-87", KEY_KIND_ML_DSA, "2.16.840.1.101.3.4.3.19", 3, 0, 256, 2592, 4627},
    {"ML-KEM-512", KEY_KIND_ML_KEM, "2.16.840.1.101.3.4.4.1", 1, 0, 128, 800, 768},
    {"ML-KEM-768", KEY_KIND_ML_KEM, "2.16.840.1.101.3.4.4.2", 2, 0, 192, 1184, 1088},
    {"ML-KEM-1024", KEY_KIND_ML_KEM, "2.16.840.1.101.3.4.4.3", 3, 0, 256, 1568, 1568},
};

enum { SETS = sizeof sets / sizeof sets[0] };

const struct key_kind_row *key_kind_row(enum key_kind kind)
{
    return &kinds[(unsigned)kind < KEY_KINDS ? kind : KEY_KIND_OTHER];
}

enum key_kind key_kind_of_type(uint64_t type)
{
    for (enum key_kind kind = 0; type != KEY_TYPE_NONE && kind < KEY_KINDS; kind++)
        if (kinds[kind].type == type)
            return kind;
    return KEY_KIND_OTHER;
}

bool key_kind_is(enum key_kind kind, enum key_family family)
{
    return key_kind_row(kind)->family == family;
}

const struct key_set *key_set_named(const char *name)
{
    for (size_t i = 0; i < SETS; i++)
        if (strcmp(sets[i].name, name) == 0)
            return &sets[i];
    return NULL;
}

const struct key_set *key_set_numbered(enum key_kind kind, uint64_t number)
{
    for (size_t i = 0; number && i < SETS; i++)
        if (sets[i].kind == kind && sets[i].number == number)
            return &sets[i];
    return NULL;
}

bool key_kind_has_numbers(enum key_kind kind)
{
    return key_set_numbered(kind, 1) != NULL;
}

const struct key_set *key_set_of_oid(const char *oid)
{
    for (size_t i = 0; i < SETS; i++)
        if (strcmp(sets[i].oid, oid) == 0)
            return &sets[i];
    return NULL;
}
