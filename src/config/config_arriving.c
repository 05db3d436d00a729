/* SPDX-License-Identifier: Apache-2.0 */
/* The key that comes as a file of a key service, as the ceremony file describes it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/config_parts.h"

enum { DES3_OCTETS = 24, BITS_MAX = 16384, SECRET_OCTETS_MAX = 4096 };

/* The kinds by their words: "AES 256", "DES3", "secret 32", "RSA 2048", "EC P-256". */
enum measure { NO_MEASURE, IN_BITS, IN_OCTETS, BY_CURVE };
static const struct kind_words {
    const char *word;
    enum key_kind kind;
    enum key_class class;
    enum measure measure;
    uint32_t most;
} kinds[] = {
    {"AES", KEY_KIND_AES, KEY_CLASS_SECRET, IN_BITS, 256},
    {"DES3", KEY_KIND_DES3, KEY_CLASS_SECRET, NO_MEASURE, 0},
    {"secret", KEY_KIND_GENERIC, KEY_CLASS_SECRET, IN_OCTETS, SECRET_OCTETS_MAX},
    {"RSA", KEY_KIND_RSA, KEY_CLASS_PRIVATE, IN_BITS, BITS_MAX},
    {"EC", KEY_KIND_EC, KEY_CLASS_PRIVATE, BY_CURVE, 0},
};

/* "256" of at most most; 0: it is none. */
static uint32_t number_of(const char *text, uint32_t most)
{
    char *end;
    unsigned long number = text[0] >= '1' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;

    return number && *end == '\0' && number <= most ? (uint32_t)number : 0;
}

static bool measure(const struct kind_words *of, const char *size, struct key_desc *key)
{
    const uint32_t number = number_of(size, of->most);

    switch (of->measure) {
    case NO_MEASURE:
        key->length = DES3_OCTETS;
        break;
    case IN_OCTETS:
        key->length = number;
        break;
    case BY_CURVE:
        text_print(key->curve, sizeof key->curve, "%s", size);
        return size[0] && strlen(size) < sizeof key->curve;
    default:
        key->bits = number;
        key->length = of->class == KEY_CLASS_SECRET ? number / 8 : 0;
        return number && number % 64 == 0 && (of->kind != KEY_KIND_AES || number >= 128);
    }
    key->bits = 8 * key->length;
    return key->length > 0 && (of->measure != NO_MEASURE || !size[0]);
}

static bool take_kind(const struct loader *l, const char *text, struct key_desc *key)
{
    const size_t len = strcspn(text, " ");

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct kind_words *of = &kinds[i];
        if (strlen(of->word) != len || strncmp(of->word, text, len) != 0 ||
            !measure(of, text[len] ? text + len + 1 : "", key))
            continue;
        key->kind = of->kind;
        key->class = of->class;
        return true;
    }
    config_wrong(l, "arriving.kind", "this is no kind of a key");
    return err_next(l->err, "Write for example AES 256, DES3, secret 32 (bytes), RSA 2048 or EC "
                            "P-256");
}

const char *config_arriving_kind(const struct key_desc *key, char *out)
{
    if (key->kind == KEY_KIND_GENERIC)
        snprintf(out, KEY_TYPE_TEXT, "secret %" PRIu32, key->length);
    else if (key->kind == KEY_KIND_DES3)
        snprintf(out, KEY_TYPE_TEXT, "DES3");
    else
        key_type_text(key, out);
    return out;
}

/* Its name is that of the only line of "keys". */
static bool take_name(const struct loader *l, struct key_desc *key)
{
    const struct config *config = l->config;
    const struct uri *uri = config->keys;

    if (config->key_count != 1 || uri_is_pattern(uri) || !uri->object.given) {
        config_wrong(l, "keys", "one key comes as a file, and here is its name");
        return err_next(l->err, "Name exactly one key by object, and id if it has one");
    }
    if (uri->type != KEY_CLASS_OTHER && uri->type != key->class)
        return config_wrong(l, "keys.0", "the type is not that of \"arriving\"");
    key_set_label(key, uri->object.data, uri->object.len);
    key_set_id(key, uri->id.data, uri->id.given ? uri->id.len : 0);
    return true;
}

/* Of a cipher key: the first octets of the encryption of zeros, so it must encrypt. */
static bool take_check_value(const struct loader *l, const char *hex, struct key_desc *key)
{
    size_t len = sizeof key->kcv;

    if (!hex)
        return true;
    if (!text_unhex(hex, key->kcv, &len) || len != sizeof key->kcv)
        return config_wrong(
            l, "arriving.check-value",
            "a check value has 6 hexadecimal digits: of a block of zeros, encrypted");
    key->kcv_len = (uint8_t)len;
    if (key_kind_is(key->kind, KEY_FAMILY_CIPHER) && key_is(key, KEY_ENCRYPT))
        return true;
    config_wrong(l, "arriving.check-value",
                 "only an AES or DES key that encrypts can be compared by this value");
    return err_next(l->err, "Leave it out, or give the key the use encrypt");
}

static bool take_public_key(const struct loader *l, const char *path)
{
    struct config_arriving *to = &l->config->arriving;

    if (!path)
        return true;
    if (to->key.class != KEY_CLASS_PRIVATE)
        return config_wrong(l, "arriving.public-key", "a secret key has no public key");
    return config_place_path(l->config, path, to->public_key) ||
           config_wrong(l, "arriving.public-key", "the path is too long");
}

bool config_take_arriving(const struct loader *l, const struct raw_arriving *raw)
{
    struct config_arriving *to = &l->config->arriving;
    struct key_desc *key = &to->key;
    const uint32_t guards = KEY_PRIVATE | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_TOKEN;

    if (!raw)
        return true;
    to->wanted = true;
    key->flags = *raw->uses | guards;
    key->flags_known = KEY_USES | guards;
    if (*raw->uses == 0)
        return config_wrong(l, "arriving.uses", "a key without a use is worth nothing");
    return take_kind(l, raw->kind, key) && take_name(l, key) &&
           take_check_value(l, raw->check_value, key) && take_public_key(l, raw->public_key);
}

bool config_same_arriving(const struct config_arriving *a, const struct config_arriving *b)
{
    char kind[2][KEY_TYPE_TEXT];

    if (!a->wanted || !b->wanted)
        return a->wanted == b->wanted;
    return strcmp(config_arriving_kind(&a->key, kind[0]), config_arriving_kind(&b->key, kind[1])) ==
               0 &&
           a->key.flags == b->key.flags && a->key.kcv_len == b->key.kcv_len &&
           memcmp(a->key.kcv, b->key.kcv, sizeof a->key.kcv) == 0 &&
           strcmp(a->public_key, b->public_key) == 0;
}
