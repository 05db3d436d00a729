/* SPDX-License-Identifier: Apache-2.0 */
/* PKCS#11 URIs (hsm/uri.h): those of a ceremony file, and those made of what an HSM says. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hsm/uri.h"
#include "tests/fuzz/fuzz.h"

static bool same_value(const struct uri_value *a, const struct uri_value *b)
{
    return a->given == b->given && a->pattern == b->pattern && a->len == b->len &&
           memcmp(a->data, b->data, a->len) == 0;
}

static bool same(const struct uri *a, const struct uri *b)
{
    return same_value(&a->token, &b->token) && same_value(&a->serial, &b->serial) &&
           same_value(&a->manufacturer, &b->manufacturer) && same_value(&a->model, &b->model) &&
           same_value(&a->object, &b->object) && same_value(&a->id, &b->id) && a->type == b->type &&
           a->slot_id_given == b->slot_id_given && a->slot_id == b->slot_id &&
           strcmp(a->pin_file, b->pin_file) == 0 && strcmp(a->text, b->text) == 0;
}

static void check_text(const uint8_t *data, size_t len)
{
    char *text = fuzz_string(data, len), whole[URI_WHOLE_MAX];
    struct uri uri, again;
    struct err err = {0};

    if (!uri_parse(text, &uri, &err)) {
        fuzz_must(err.code == ERR_CONFIG, "a wrong URI is the ceremony file's fault");
        fuzz_must_report(&err);
    } else {
        fuzz_must(uri_parse(uri_whole(&uri, whole), &again, &err) && same(&uri, &again),
                  "a URI that was read is written as one that says the same");
        fuzz_must(uri_same_token(&uri, &again), "a URI names its own token");
        fuzz_must(uri.pin_file[0] == '\0' || uri.pin_file[0] == '/',
                  "a PIN file has an absolute path");
    }
    free(text);
}

static void check_key(struct fuzz_input in)
{
    struct key_desc key = {.class = (enum key_class)(fuzz_take_octet(&in) % KEY_CLASSES)};
    struct fuzz_input label = fuzz_take_part(&in), id = fuzz_take_part(&in);
    char text[URI_TEXT_MAX];
    struct err err = {0};
    struct uri uri;

    key_set_label(&key, label.data, label.len);
    key_set_id(&key, id.data, id.len);
    if (!uri_parse(uri_of_key(&key, text), &uri, &err))
        fuzz_must(false, "the URI of a key can be read");
    bool cut = label.len > KEY_LABEL_MAX || id.len > KEY_ID_MAX;
    fuzz_must(uri_matches_key(&uri, &key) == !cut, "the URI of a key names it, if it is whole");
    fuzz_must(!uri.object.pattern && !uri.id.pattern, "the URI of a key is no pattern");
}

/* As a driver puts what a token says, in a field that fits to the last octet. */
static void put_text(struct fuzz_input *in, char *out, size_t size)
{
    struct fuzz_input part = fuzz_take_part(in);

    if (part.len > (size - 1) / 4)
        part.len = (size - 1) / 4;
    while (part.len > 0 && (part.data[part.len - 1] == ' ' || part.data[part.len - 1] == '\0'))
        part.len--;
    text_safe(part.data, part.len, out, size);
}

static void check_slot(struct fuzz_input in)
{
    struct hsm_slot slot = {.id = fuzz_take_octet(&in)};
    char text[URI_TEXT_MAX];
    struct err err = {0};
    struct uri uri;

    put_text(&in, slot.label, sizeof slot.label);
    put_text(&in, slot.serial, sizeof slot.serial);
    put_text(&in, slot.manufacturer, sizeof slot.manufacturer);
    put_text(&in, slot.model, sizeof slot.model);
    if (!uri_parse(uri_of_slot(&slot, text), &uri, &err))
        fuzz_must(false, "the URI of a token can be read");
    fuzz_must(uri_matches_slot(&uri, &slot), "the URI of a token names it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_text(data, len);
    check_key((struct fuzz_input){data, len});
    check_slot((struct fuzz_input){data, len});
    return 0;
}
