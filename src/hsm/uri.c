/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own parser, because the console links no PKCS#11 library, and because no library
 * distinguishes '*' from '%2A'.
 */
#include "hsm/uri.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char scheme[] = "pkcs11:";

/* The unescaped characters (RFC 7512 section 2.3) other than letters and digits. */
static const char path_marks[] = "-._~:[]@!$'()*+,=&";
static const char query_marks[] = "-._~:[]@!$'()*+,=/?|";

/* An attribute of the path whose value is bytes: its place in struct uri, and its maximum length
 * in PKCS#11. */
struct attribute {
    const char *name;
    size_t offset; /* of its struct uri_value in struct uri */
    size_t max;
    bool may_glob;
};

static const struct attribute attributes[] = {
    {"token", offsetof(struct uri, token), 32, false},
    {"serial", offsetof(struct uri, serial), 16, false},
    {"manufacturer", offsetof(struct uri, manufacturer), 32, false},
    {"model", offsetof(struct uri, model), 16, false},
    {"object", offsetof(struct uri, object), KEY_LABEL_MAX, true},
    {"id", offsetof(struct uri, id), KEY_ID_MAX, false},
};
enum { ATTRIBUTES = sizeof attributes / sizeof attributes[0] };

static const struct {
    const char *word;
    enum key_class class;
} types[] = {
    {"private", KEY_CLASS_PRIVATE},  {"secret-key", KEY_CLASS_SECRET}, {"public", KEY_CLASS_PUBLIC},
    {"cert", KEY_CLASS_CERTIFICATE}, {"data", KEY_CLASS_DATA},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* A part of the URI's text: "name=value", a name, a value. */
struct span {
    const char *text;
    size_t len;
};

/* The URI while it is parsed. */
struct reader {
    const char *start;
    const char *marks; /* characters that may be unescaped in this part */
    struct uri *uri;
    struct err *err;
};

static bool span_is(struct span s, const char *word)
{
    return s.len == strlen(word) && memcmp(s.text, word, s.len) == 0;
}

/* Fails and reports the position. problem never contains a value, which could be a PIN. */
static bool wrong(const struct reader *r, const char *at, const char *problem)
{
    return err_set(r->err, ERR_CONFIG, "The PKCS#11 URI is invalid at character %zu: %s",
                   (size_t)(at - r->start) + 1, problem);
}

static bool wrong_name(const struct reader *r, struct span name, const char *problem)
{
    char shown[64], words[160];

    text_safe(name.text, name.len, shown, sizeof shown);
    text_print(words, sizeof words, "\"%s\" %s", shown, problem);
    return wrong(r, name.text, words);
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Reads one character of a value, "x" or "%78". Returns its length, or 0 if it is invalid. */
static size_t read_byte(const struct reader *r, const char *at, size_t left, uint8_t *byte)
{
    char hex[3] = {0}, words[48];
    size_t one = 1;

    if (*at == '%') {
        memcpy(hex, at + 1, left > 2 ? 2 : left - 1);
        if (strlen(hex) == 2 && text_unhex(hex, byte, &one))
            return 3;
        wrong(r, at, "\"%\" must be followed by two hex digits; a literal \"%\" is written %25");
        return 0;
    }
    *byte = (uint8_t)*at;
    if (is_plain(*at) || strchr(r->marks, *at))
        return 1;
    snprintf(words, sizeof words, "this character must be written as %%%02X", *byte);
    wrong(r, at, words);
    return 0;
}

/* A value with its escapes decoded, at most max bytes at data. */
struct decoded {
    uint8_t *data;
    size_t max, len;
    bool star, escaped_star;
};

static bool decode(const struct reader *r, struct span s, struct decoded *to)
{
    size_t used;

    for (size_t i = 0; i < s.len; i += used) {
        uint8_t byte;
        used = read_byte(r, s.text + i, s.len - i, &byte);
        if (used == 0)
            return false;
        if (to->len == to->max)
            return wrong(r, s.text + i, "the value is too long");
        if (byte == '*' && used == 1)
            to->star = true;
        else if (byte == '*')
            to->escaped_star = true;
        to->data[to->len++] = byte;
    }
    return true;
}

static bool read_value(const struct reader *r, const struct attribute *attribute, struct span name,
                       struct span text)
{
    struct uri_value *value = (void *)((char *)r->uri + attribute->offset);
    struct decoded plain = {.data = value->data, .max = attribute->max};

    if (value->given)
        return wrong_name(r, name, "is given twice");
    if (!decode(r, text, &plain))
        return false;
    if (plain.star && !attribute->may_glob)
        return wrong(r, text.text,
                     "only \"object\" may have a \"*\"; a literal \"*\" is written %2A");
    if (plain.star && plain.escaped_star)
        return wrong(r, text.text, "a value cannot contain both \"*\" and \"%2A\"");
    value->given = true;
    value->pattern = plain.star;
    value->len = (uint16_t)plain.len;
    return true;
}

static bool read_type(const struct reader *r, struct span name, struct span text)
{
    if (r->uri->type != KEY_CLASS_OTHER)
        return wrong_name(r, name, "is given twice");
    for (size_t i = 0; i < TYPES; i++)
        if (span_is(text, types[i].word))
            r->uri->type = types[i].class;
    if (r->uri->type == KEY_CLASS_OTHER)
        return wrong(r, text.text, "\"type\" must be private, secret-key, public, cert or data");
    return true;
}

static bool read_slot_id(const struct reader *r, struct span name, struct span text)
{
    uint64_t id = 0;

    if (r->uri->slot_id_given)
        return wrong_name(r, name, "is given twice");
    if (text.len == 0)
        return wrong(r, text.text, "\"slot-id\" must be a number");
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned)(text.text[i] - '0');
        if (digit > 9 || id > (UINT64_MAX - digit) / 10)
            return wrong(r, text.text + i, "\"slot-id\" must be a number of at most 64 bits");
        id = 10 * id + digit;
    }
    r->uri->slot_id_given = true;
    r->uri->slot_id = id;
    return true;
}

static bool wrong_pin(const struct reader *r, struct span name)
{
    wrong_name(r, name, "puts a PIN into a file, which must not contain one");
    return err_next(r->err, "Remove it and change that PIN; officers enter the PIN, or "
                            "?pin-source=file:/path names a separate file for it");
}

static bool read_path_attribute(const struct reader *r, struct span name, struct span value)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (span_is(name, attributes[i].name))
            return read_value(r, &attributes[i], name, value);
    if (span_is(name, "type"))
        return read_type(r, name, value);
    if (span_is(name, "slot-id"))
        return read_slot_id(r, name, value);
    if (span_is(name, "pin-value"))
        return wrong_pin(r, name);
    wrong_name(r, name, "is not a supported attribute here");
    return err_next(r->err, "Use token, serial, manufacturer, model, slot-id for a token; object, "
                            "id, type for a key");
}

/* The path in "file:/path" or "file:///path" (RFC 8089), or NULL. */
static const char *file_path(const char *source)
{
    if (strncmp(source, "file:", 5) != 0)
        return NULL;
    source += strncmp(source + 5, "///", 3) == 0 ? 7 : 5;
    return source[0] == '/' && source[1] != '/' && source[1] != '\0' ? source : NULL;
}

static bool read_pin_source(const struct reader *r, struct span name, struct span text)
{
    char source[URI_PIN_FILE_MAX] = "";
    struct decoded plain = {.data = (uint8_t *)source, .max = sizeof source - 1};
    const char *path;

    if (r->uri->pin_file[0])
        return wrong_name(r, name, "is given twice");
    if (!decode(r, text, &plain))
        return false;
    path = file_path(source);
    if (!path || strlen(source) != plain.len) {
        wrong(r, text.text, "\"pin-source\" must be file: and an absolute path");
        return err_next(r->err, "Write it as ?pin-source=file:/path/to/the/file");
    }
    strcpy(r->uri->pin_file, path);
    return true;
}

static bool read_query_attribute(const struct reader *r, struct span name, struct span value)
{
    if (span_is(name, "pin-source"))
        return read_pin_source(r, name, value);
    if (span_is(name, "pin-value"))
        return wrong_pin(r, name);
    wrong_name(r, name, "is not a supported attribute here");
    return err_next(r->err, "Only pin-source may follow the \"?\"");
}

/* Reads "name=value" pairs, separated by separator. */
static bool read_part(const struct reader *r, struct span part, char separator,
                      bool (*read)(const struct reader *, struct span, struct span))
{
    const char *at = part.text, *end = part.text + part.len;

    while (at < end) { /* p11tool and others end the path with a separator */
        const char *stop = memchr(at, separator, (size_t)(end - at));
        struct span pair = {at, (size_t)((stop ? stop : end) - at)};
        const char *equals = memchr(at, '=', pair.len);
        if (!equals || equals == at)
            return wrong(r, at, "an attribute is expected here, as name=value");
        struct span name = {at, (size_t)(equals - at)};
        struct span value = {equals + 1, pair.len - name.len - 1};
        if (!read(r, name, value))
            return false;
        if (!stop)
            break;
        at = stop + 1;
    }
    return true;
}

bool uri_parse(const char *text, struct uri *uri, struct err *err)
{
    const size_t skip = sizeof scheme - 1;
    struct uri made = {0};
    struct reader r = {.start = text, .marks = path_marks, .uri = &made, .err = err};
    size_t len = strcspn(text, "?");

    if (strncasecmp(text, scheme, skip) != 0)
        return wrong(&r, text, "it must begin with \"pkcs11:\"");
    if (len >= sizeof made.text)
        return wrong(&r, text + sizeof made.text - 1, "it is too long");
    memcpy(made.text, text, len);
    if (!read_part(&r, (struct span){text + skip, len - skip}, ';', read_path_attribute))
        return false;
    if (text[len] == '?') {
        r.marks = query_marks;
        text += len + 1;
        if (!read_part(&r, (struct span){text, strlen(text)}, '&', read_query_attribute))
            return false;
    }
    *uri = made;
    return true;
}

/* --- matching --- */

/* Tokens pad their texts with blanks, which struct hsm_slot omits: trailing blanks are ignored. */
static bool matches_text(const struct uri_value *value, const char *safe)
{
    char text[TEXT_SAFE_SIZE(KEY_LABEL_MAX)];
    size_t len = value->len;

    while (len > 0 && value->data[len - 1] == ' ')
        len--;
    text_safe(value->data, len, text, sizeof text);
    return !value->given || strcmp(text, safe) == 0;
}

bool uri_matches_slot(const struct uri *uri, const struct hsm_slot *slot)
{
    return matches_text(&uri->token, slot->label) && matches_text(&uri->serial, slot->serial) &&
           matches_text(&uri->manufacturer, slot->manufacturer) &&
           matches_text(&uri->model, slot->model) &&
           (!uri->slot_id_given || uri->slot_id == slot->id);
}

/* len is the true length; data holds no more than max of these bytes. A name that was truncated is
 * never equal to anything; a pattern is matched against the part that is there. */
static bool matches_bytes(const struct uri_value *value, const uint8_t *data, size_t len,
                          size_t max)
{
    if (!value->given)
        return true;
    if (value->pattern)
        return text_glob((const char *)value->data, value->len, data, len < max ? len : max);
    return value->len == len && len <= max && memcmp(value->data, data, len) == 0;
}

bool uri_matches_key(const struct uri *uri, const struct key_desc *key)
{
    return matches_bytes(&uri->object, key->label, key->label_len, sizeof key->label) &&
           matches_bytes(&uri->id, key->id, key->id_len, sizeof key->id) &&
           (uri->type == KEY_CLASS_OTHER || uri->type == key->class);
}

bool uri_is_pattern(const struct uri *uri)
{
    return uri->object.pattern || (!uri->object.given && !uri->id.given);
}

static bool same_value(const struct uri_value *a, const struct uri_value *b)
{
    return a->given == b->given && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

bool uri_same_token(const struct uri *a, const struct uri *b)
{
    return same_value(&a->token, &b->token) && same_value(&a->serial, &b->serial) &&
           same_value(&a->manufacturer, &b->manufacturer) && same_value(&a->model, &b->model) &&
           a->slot_id_given == b->slot_id_given && a->slot_id == b->slot_id;
}

bool uri_add_token(struct uri *token, const struct uri *more)
{
    const size_t of_token[] = {offsetof(struct uri, token), offsetof(struct uri, serial),
                               offsetof(struct uri, manufacturer), offsetof(struct uri, model)};
    struct uri both = *token;

    for (size_t i = 0; i < sizeof of_token / sizeof of_token[0]; i++) {
        struct uri_value *has = (void *)((char *)&both + of_token[i]);
        const struct uri_value *adds = (const void *)((const char *)more + of_token[i]);
        if (has->given && adds->given && !same_value(has, adds))
            return false;
        if (adds->given)
            *has = *adds;
    }
    if (both.slot_id_given && more->slot_id_given && both.slot_id != more->slot_id)
        return false;
    if (more->slot_id_given)
        both.slot_id = more->slot_id;
    both.slot_id_given |= more->slot_id_given;
    *token = both;
    return true;
}

bool uri_names_token(const struct uri *uri)
{
    return !uri_same_token(uri, &(struct uri){0});
}

bool uri_names_key(const struct uri *uri)
{
    return uri->object.given || uri->id.given || uri->type != KEY_CLASS_OTHER;
}

/* --- writing --- */

/* Text that grows in a buffer that is known to be large enough. */
struct writer {
    char *out;
    size_t len;
};

static void put(struct writer *w, const char *text)
{
    w->len += strlen(strcpy(w->out + w->len, text));
}

/* Writes letters, digits and the characters of marks as they are, all others as %HH. */
static void put_escaped(struct writer *w, const void *data, size_t len, const char *marks)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++) {
        char unit[4] = {(char)bytes[i]};
        if (!is_plain(unit[0]) && (unit[0] == '\0' || !strchr(marks, unit[0])))
            snprintf(unit, sizeof unit, "%%%02X", bytes[i]);
        put(w, unit);
    }
}

char *uri_of_slot(const struct hsm_slot *slot, char *out)
{
    const struct {
        const char *name, *safe;
    } parts[] = {{"token=", slot->label}, {"serial=", slot->serial}};
    struct writer w = {.out = out};
    const char *separator = "";

    put(&w, scheme);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        uint8_t raw[sizeof slot->label];
        size_t len = sizeof raw;
        if (!parts[i].safe[0] || !text_unsafe(parts[i].safe, raw, &len))
            continue;
        put(&w, separator);
        put(&w, parts[i].name);
        put_escaped(&w, raw, len, "-._~");
        separator = ";";
    }
    return out;
}

char *uri_of_key(const struct key_desc *key, char *out)
{
    struct writer w = {.out = out};

    put(&w, scheme);
    put(&w, "object=");
    put_escaped(&w, key->label, key_label_held(key), "-._~");
    if (key->id_len > 0) {
        put(&w, ";id=");
        put_escaped(&w, key->id, key_id_held(key), "-._~");
    }
    for (size_t i = 0; i < TYPES; i++)
        if (types[i].class == key->class) {
            put(&w, ";type=");
            put(&w, types[i].word);
        }
    return out;
}

char *uri_whole(const struct uri *uri, char *out)
{
    struct writer w = {.out = out};

    put(&w, uri->text);
    if (uri->pin_file[0]) {
        put(&w, "?pin-source=file:");
        put_escaped(&w, uri->pin_file, strlen(uri->pin_file), "-._~/");
    }
    return out;
}
