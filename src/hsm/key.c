/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/key.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool key_list_add(struct key_list *list, const struct key_desc *key)
{
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        struct key_desc *keys = reallocarray(list->keys, room, sizeof *keys);
        if (!keys)
            return false;
        list->keys = keys;
        list->room = room;
    }
    list->keys[list->count++] = *key;
    return true;
}

void key_list_free(struct key_list *list)
{
    free(list->keys);
    *list = (struct key_list){0};
}

static uint16_t set_raw(uint8_t *to, size_t room, const void *from, size_t len)
{
    memset(to, 0, room);
    if (len)
        memcpy(to, from, len < room ? len : room);
    return len < UINT16_MAX ? (uint16_t)len : UINT16_MAX;
}

void key_set_label(struct key_desc *key, const void *label, size_t len)
{
    key->label_len = set_raw(key->label, sizeof key->label, label, len);
}

void key_set_id(struct key_desc *key, const void *id, size_t len)
{
    key->id_len = set_raw(key->id, sizeof key->id, id, len);
}

static void set_date(char *to, const void *from, size_t len)
{
    const char *digits = from;
    bool date = len == KEY_DATE_SIZE - 1 && memcmp(digits, "00000000", len) != 0;

    for (size_t i = 0; date && i < len; i++)
        date = digits[i] >= '0' && digits[i] <= '9';
    memset(to, 0, KEY_DATE_SIZE);
    if (date)
        memcpy(to, digits, len);
}

void key_set_dates(struct key_desc *key, const void *start, size_t start_len, const void *end,
                   size_t end_len)
{
    set_date(key->constraints.start, start, start_len);
    set_date(key->constraints.end, end, end_len);
    key->constraints.known |= KEY_DATES;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

void key_set_allowed(struct key_desc *key, const uint64_t *numbers, size_t count)
{
    struct key_constraints *constraints = &key->constraints;

    memset(constraints->allowed, 0, sizeof constraints->allowed);
    constraints->allowed_count = count < UINT16_MAX ? (uint16_t)count : UINT16_MAX;
    for (size_t i = 0; i < count && i < KEY_ALLOWED_MAX; i++) {
        constraints->allowed[i] = (uint32_t)numbers[i];
        if (numbers[i] > UINT32_MAX)
            constraints->allowed_count = UINT16_MAX;
    }
    qsort(constraints->allowed, count < KEY_ALLOWED_MAX ? count : KEY_ALLOWED_MAX,
          sizeof constraints->allowed[0], compare_numbers);
    constraints->known |= KEY_ALLOWED;
}

void key_set_subject(struct key_desc *key, const void *der, size_t len)
{
    key->constraints.subject_len =
        set_raw(key->constraints.subject, sizeof key->constraints.subject, der, len);
    key->constraints.known |= KEY_SUBJECT;
}

bool key_template_is_set(const struct key_template *template)
{
    return template->named || template->class != KEY_CLASS_OTHER ||
           template->kind != KEY_KIND_OTHER || template->others;
}

bool key_template_covers(const struct key_template *is, const struct key_template *asked)
{
    return (asked->named & ~is->named) == 0 && ((is->flags ^ asked->flags) & asked->named) == 0 &&
           (asked->class == KEY_CLASS_OTHER || is->class == asked->class) &&
           (asked->kind == KEY_KIND_OTHER || is->kind == asked->kind) && asked->others == 0;
}

const char *key_template_name(enum key_template_use use)
{
    static const char *const names[KEY_TEMPLATES] = {
        [KEY_TEMPLATE_WRAP] = "wrap template",
        [KEY_TEMPLATE_UNWRAP] = "unwrap template",
        [KEY_TEMPLATE_DERIVE] = "derive template",
    };
    return (unsigned)use < KEY_TEMPLATES ? names[use] : "?";
}

/* Appends one attribute. */
static size_t put_word(char *out, size_t at, const char *name, const char *value)
{
    return at + text_print(out + at, KEY_TEMPLATE_TEXT - at, "%s%s=%s", at ? " " : "", name, value);
}

char *key_template_text(const struct key_template *template, char *out)
{
    size_t at = 0;

    out[0] = '\0';
    if (template->class != KEY_CLASS_OTHER)
        at = put_word(out, at, "class", key_class_name(template->class));
    if (template->kind != KEY_KIND_OTHER)
        at = put_word(out, at, "type", key_kind_name(template->kind));
    for (uint32_t flag = 1; flag < 1U << KEY_FLAGS; flag <<= 1)
        if (template->named & flag)
            at = put_word(out, at, key_flag_name(flag), template->flags & flag ? "yes" : "no");
    if (template->others)
        text_print(out + at, KEY_TEMPLATE_TEXT - at, "%sothers=%" PRIu32, at ? " " : "",
                   template->others);
    return out;
}

const char *key_class_name(enum key_class class)
{
    static const char *const names[KEY_CLASSES] = {
        [KEY_CLASS_OTHER] = "other",
        [KEY_CLASS_SECRET] = "secret",
        [KEY_CLASS_PRIVATE] = "private",
        [KEY_CLASS_PUBLIC] = "public",
        [KEY_CLASS_CERTIFICATE] = "certificate",
        [KEY_CLASS_DATA] = "data",
    };
    return (unsigned)class < KEY_CLASSES ? names[class] : "other";
}

const char *key_kind_name(enum key_kind kind)
{
    return key_kind_row(kind)->name;
}

const char *key_flag_name(uint32_t flag)
{
    static const char *const names[KEY_FLAGS] = {
        "encrypt",
        "decrypt",
        "sign",
        "verify",
        "wrap",
        "unwrap",
        "derive",
        "sign-recover",
        "verify-recover",
        "private",
        "sensitive",
        "extractable",
        "modifiable",
        "copyable",
        "destroyable",
        "wrap-with-trusted",
        "always-authenticate",
        "trusted",
        "always-sensitive",
        "never-extractable",
        "local",
        "token",
        "encapsulate",
        "decapsulate",
    };
    for (unsigned i = 0; i < KEY_FLAGS; i++)
        if (flag == UINT32_C(1) << i)
            return names[i];
    return "?";
}

/* "13 bytes", "secret, length unknown"; of a type that is bound to a hash with its name. */
static void put_value_text(const struct key_desc *key, char *out)
{
    bool bound = key->kind != KEY_KIND_GENERIC;
    const char *name = bound ? key_kind_name(key->kind) : key->length ? "" : "secret";

    if (key->length)
        snprintf(out, KEY_TYPE_TEXT, "%s%s%u byte%s", name, bound ? ", " : "", key->length,
                 key->length == 1 ? "" : "s");
    else
        snprintf(out, KEY_TYPE_TEXT, "%s, length unknown", name);
}

char *key_type_text(const struct key_desc *key, char *out)
{
    const char *kind = key_kind_name(key->kind);

    if (key->class == KEY_CLASS_CERTIFICATE || key->class == KEY_CLASS_DATA)
        snprintf(out, KEY_TYPE_TEXT, "%s", key_class_name(key->class));
    else if (key->kind == KEY_KIND_OTHER)
        snprintf(out, KEY_TYPE_TEXT, "%s", key->type_name[0] ? key->type_name : "unknown type");
    else if (key_kind_is(key->kind, KEY_FAMILY_VALUE))
        put_value_text(key, out);
    else if (key_set_named(key->curve))
        snprintf(out, KEY_TYPE_TEXT, "%s", key->curve);
    else if (key_kind_is(key->kind, KEY_FAMILY_PAIR) && key->kind != KEY_KIND_RSA)
        snprintf(out, KEY_TYPE_TEXT, "%s %s", kind, key->curve);
    else if (key->bits == 0)
        snprintf(out, KEY_TYPE_TEXT, "%s", kind);
    else
        snprintf(out, KEY_TYPE_TEXT, "%s %u", kind, key->bits);
    return out;
}

char *key_sample_text(const struct key_sample *sample, char *out)
{
    bool private = key_kind_is(sample->kind, KEY_FAMILY_PAIR);
    struct key_desc key = {
        .class = private ? KEY_CLASS_PRIVATE : KEY_CLASS_SECRET,
        .kind = sample->kind,
        .bits = private ? sample->bits : 8 * sample->length,
        .length = sample->length,
    };

    if (sample->kind == KEY_KIND_GENERIC) {
        snprintf(out, KEY_TYPE_TEXT, "%s, %u byte%s", key_kind_name(sample->kind), sample->length,
                 sample->length == 1 ? "" : "s");
        return out;
    }
    memcpy(key.curve, sample->curve, sizeof key.curve);
    return key_type_text(&key, out);
}

void key_sample_of(const struct key_desc *key, struct key_sample *sample)
{
    enum {
        AES_LONGEST = 32,
        DES3_LENGTH = 24,
        IN_EIGHTS = 32,
        NOT_IN_EIGHTS = 13,
        RSA_BITS = 2048
    };

    *sample = (struct key_sample){.kind = key->kind};
    if (key_kind_is(key->kind, KEY_FAMILY_VALUE)) {
        sample->length = key->length > 0 && key->length % 8 == 0 ? IN_EIGHTS : NOT_IN_EIGHTS;
    } else if (key->kind == KEY_KIND_AES) {
        sample->length = key->length ? key->length : AES_LONGEST;
    } else if (key->kind == KEY_KIND_DES3) {
        sample->length = DES3_LENGTH;
    } else if (key->kind == KEY_KIND_RSA) {
        sample->bits = RSA_BITS;
    } else {
        memcpy(sample->curve, key->curve, sizeof sample->curve);
    }
}

struct key_sample key_sample_generated(const struct key_sample *sample)
{
    struct key_sample made = *sample;

    if (key_kind_is(sample->kind, KEY_FAMILY_VALUE))
        made.kind = KEY_KIND_GENERIC;
    return made;
}

bool key_sample_equal(const struct key_sample *a, const struct key_sample *b)
{
    return a->kind == b->kind && a->length == b->length && a->bits == b->bits &&
           strcmp(a->curve, b->curve) == 0;
}

char *key_kcv_text(const struct key_desc *key, char *out)
{
    bool cipher = key_kind_is(key->kind, KEY_FAMILY_CIPHER);

    out[0] = '\0';
    if (key->kcv_len == sizeof key->kcv)
        snprintf(out, KEY_KCV_TEXT, "%02x%02x%02x, %s", key->kcv[0], key->kcv[1], key->kcv[2],
                 cipher ? kcv_method_words(KCV_ECB) : "its own method");
    return out;
}

const char *kcv_method_name(enum kcv_method method)
{
    static const char *const names[KCV_METHODS] = {"none", "ecb-zero", "cmac-zero", "rewrap-sha256",
                                                   "spki-sha256"};
    return (unsigned)method < KCV_METHODS ? names[method] : "?";
}

const char *kcv_method_words(enum kcv_method method)
{
    static const char *const words[KCV_METHODS] = {"none", "ECB of zeros", "CMAC of zeros",
                                                   "re-wrap comparison", "SHA-256 of SPKI"};
    return (unsigned)method < KCV_METHODS ? words[method] : "?";
}

size_t key_label_held(const struct key_desc *key)
{
    return key->label_len < KEY_LABEL_MAX ? key->label_len : KEY_LABEL_MAX;
}

size_t key_id_held(const struct key_desc *key)
{
    return key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX;
}

char *key_id_text(const struct key_desc *key, char *out)
{
    return text_hex(key->id, key_id_held(key), out);
}

char *key_label_text(const struct key_desc *key, char *out)
{
    if (key->label_len == 0)
        snprintf(out, KEY_LABEL_TEXT, "(no label)");
    else
        text_safe(key->label, key_label_held(key), out, KEY_LABEL_TEXT);
    return out;
}

static bool same_label(const struct key_desc *a, const struct key_desc *b)
{
    return a->label_len == b->label_len && memcmp(a->label, b->label, sizeof a->label) == 0;
}

static bool same_id(const struct key_desc *a, const struct key_desc *b)
{
    return a->id_len == b->id_len && memcmp(a->id, b->id, sizeof a->id) == 0;
}

bool key_name_collides(const struct key_desc *a, const struct key_desc *b)
{
    if (a->class != b->class)
        return false;
    if (a->id_len > 0 && same_id(a, b))
        return true;
    return same_label(a, b) && (a->label_len > 0 || (a->id_len == 0 && b->id_len == 0));
}

int key_compare_handles(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

bool key_same_name(const struct key_desc *a, const struct key_desc *b)
{
    return a->class == b->class && same_label(a, b) && same_id(a, b);
}

bool key_same_id(const struct key_desc *a, const struct key_desc *b)
{
    return a->id_len > 0 && same_id(a, b);
}

bool key_same_label(const struct key_desc *a, const struct key_desc *b)
{
    return a->label_len > 0 && same_label(a, b);
}

bool key_needs_public(const struct key_desc *key)
{
    return key->class == KEY_CLASS_PRIVATE && !key->has_public &&
           key_kind_is(key->kind, KEY_FAMILY_PAIR);
}

bool key_is(const struct key_desc *key, uint32_t flag)
{
    return (key->flags_known & flag) == flag && (key->flags & flag) == flag;
}

bool key_is_not(const struct key_desc *key, uint32_t flag)
{
    return (key->flags_known & flag) == flag && (key->flags & flag) == 0;
}

bool key_allows(const struct key_desc *key, uint32_t mechanism)
{
    const struct key_constraints *constraints = &key->constraints;
    unsigned held =
        constraints->allowed_count < KEY_ALLOWED_MAX ? constraints->allowed_count : KEY_ALLOWED_MAX;

    for (unsigned i = 0; i < held; i++)
        if (constraints->allowed[i] == mechanism)
            return true;
    return held == 0 || mechanism == 0;
}

bool key_is_movable_class(const struct key_desc *key)
{
    return key->class == KEY_CLASS_SECRET || key->class == KEY_CLASS_PRIVATE;
}

bool key_is_public_class(const struct key_desc *key)
{
    return key->class == KEY_CLASS_PUBLIC || key->class == KEY_CLASS_CERTIFICATE;
}
