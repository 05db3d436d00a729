/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our reader of PKCS#11 URIs beside p11-kit's, on URIs without '*' (which p11-kit does not know):
 * what both accept means the same; what only p11-kit accepts is refused for a reason that we give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/uri.h>

#include "hsm/uri.h"

enum { ROUNDS = 200000, TEXT_MAX = 400 };

static uint32_t seed = 20260101;

static uint32_t below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)(seed >> 8) * n) >> 24);
}

/* --- one URI at both --- */

/* PKCS#11 pads with blanks; both readers take a value that is longer for one that matches nothing
 * or for a fault, so a value of ours always fits. */
static void same_text(const char *text, const struct uri_value *ours, const CK_UTF8CHAR *theirs,
                      size_t size)
{
    uint8_t padded[64];

    if (!ours->given) {
        assert_int_equal(theirs[0], 0);
        return;
    }
    memset(padded, ' ', size);
    memcpy(padded, ours->data, ours->len);
    if (memcmp(padded, theirs, size) != 0)
        fail_msg("%s: p11-kit reads another value", text);
}

static void same_bytes(const char *text, const struct uri_value *ours, const CK_ATTRIBUTE *theirs)
{
    if (ours->given != (theirs != NULL) ||
        (theirs && (ours->len != theirs->ulValueLen ||
                    (ours->len && memcmp(ours->data, theirs->pValue, ours->len) != 0))))
        fail_msg("%s: p11-kit reads another value", text);
}

static enum key_class class_of(const CK_ATTRIBUTE *theirs)
{
    static const enum key_class classes[] = {
        [CKO_DATA] = KEY_CLASS_DATA,         [CKO_CERTIFICATE] = KEY_CLASS_CERTIFICATE,
        [CKO_PUBLIC_KEY] = KEY_CLASS_PUBLIC, [CKO_PRIVATE_KEY] = KEY_CLASS_PRIVATE,
        [CKO_SECRET_KEY] = KEY_CLASS_SECRET,
    };

    return theirs ? classes[*(CK_OBJECT_CLASS *)theirs->pValue] : KEY_CLASS_OTHER;
}

static void same_meaning(const char *text, const struct uri *ours, P11KitUri *theirs)
{
    const CK_TOKEN_INFO *token = p11_kit_uri_get_token_info(theirs);
    const char *source = p11_kit_uri_get_pin_source(theirs);

    same_text(text, &ours->token, token->label, sizeof token->label);
    same_text(text, &ours->serial, token->serialNumber, sizeof token->serialNumber);
    same_text(text, &ours->manufacturer, token->manufacturerID, sizeof token->manufacturerID);
    same_text(text, &ours->model, token->model, sizeof token->model);
    same_bytes(text, &ours->object, p11_kit_uri_get_attribute(theirs, CKA_LABEL));
    same_bytes(text, &ours->id, p11_kit_uri_get_attribute(theirs, CKA_ID));
    assert_int_equal(ours->type, class_of(p11_kit_uri_get_attribute(theirs, CKA_CLASS)));
    assert_int_equal(ours->slot_id_given ? ours->slot_id : (CK_SLOT_ID)-1,
                     p11_kit_uri_get_slot_id(theirs));
    assert_int_equal(ours->pin_file[0] != '\0', source != NULL);
    if (source && !strstr(source, ours->pin_file))
        fail_msg("%s: p11-kit reads another pin-source", text);
}

/* What a ceremony file must not leave to guessing, although p11-kit does. */
static bool is_stricter(const char *what)
{
    static const char *const reasons[] = {
        "is given twice",
        "this character must be written as",
        "the value is too long",
        "puts a PIN into a file",
        "is not a supported attribute here",
        "\"type\" must be private",
        "\"slot-id\" must be a number",
        "\"pin-source\" must be file:",
        "an attribute is expected here", /* p11-kit ignores all that follows ";;" */
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strstr(what, reasons[i]))
            return true;
    return false;
}

/* Returns whether both accept it. */
static bool read_both(const char *text)
{
    P11KitUri *theirs = p11_kit_uri_new();
    int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, theirs);
    struct uri ours;
    struct err err = {0};
    bool good = uri_parse(text, &ours, &err);

    if (good && (code != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(theirs)))
        fail_msg("%s: p11-kit refuses it", text);
    if (good)
        same_meaning(text, &ours, theirs);
    else if (code == P11_KIT_URI_OK && !p11_kit_uri_any_unrecognized(theirs) &&
             !is_stricter(err.what))
        fail_msg("%s: only p11-kit accepts it; we say: %s", text, err.what);
    p11_kit_uri_free(theirs);
    return good;
}

/* --- URIs --- */

static void put_value(char **at)
{
    static const char plain[] = "azAZ09-._~:[]@!$'()+,=&";

    for (uint32_t n = below(20) ? below(12) : below(40); n > 0; n--) {
        uint32_t kind = below(4);
        if (kind == 0)
            *at += sprintf(*at, "%%%02x", below(256));
        else if (kind == 1)
            *at += sprintf(*at, "%%%02X", 32 + below(95));
        else
            *(*at)++ = plain[below(sizeof plain - 1)];
    }
}

static void put_path(char **at)
{
    static const char *const names[] = {"token",  "serial", "manufacturer", "model",
                                        "object", "id",     "type",         "slot-id"};
    static const char *const types[] = {"private", "secret-key", "public", "cert", "data"};
    uint32_t used = 0;

    for (uint32_t n = below(6); n > 0; n--) {
        uint32_t i = below(8);
        if (used & 1U << i && below(20))
            continue;
        *at += sprintf(*at, "%s%s=", used ? ";" : "", names[i]);
        used |= 1U << i;
        if (i < 6)
            put_value(at);
        else if (i == 6)
            *at += sprintf(*at, "%s", types[below(5)]);
        else
            *at += sprintf(*at, "%u", below(1U << 20));
    }
    *at += sprintf(*at, "%s", used && below(10) == 0 ? ";" : "");
}

static void make_uri(char *text)
{
    char *at = text + sprintf(text, "%s", below(4) ? "pkcs11:" : "PKCS11:");

    put_path(&at);
    if (below(4) == 0)
        at += sprintf(at, "?pin-source=file:%s/a%%20b%u", below(2) ? "//" : "", below(100));
    *at = '\0';
}

/* Overwrites, cuts or doubles a place. Never makes a star, nor a blank: p11-kit skips blanks. */
static void spoil(char *text)
{
    static const char bytes[] = ";;==??&%%:/#+%2Aax-0\x01\xc3";
    size_t len = strlen(text), place = below((uint32_t)len);
    uint32_t kind = below(3);

    if (kind == 0)
        text[place] = bytes[below(sizeof bytes - 1)];
    else if (kind == 1)
        memmove(text + place, text + place + 1, len - place);
    else
        memmove(text + place + 1, text + place, len - place + 1);
}

static void test_made_at_random(void **state)
{
    char text[2 * TEXT_MAX];
    unsigned good = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        make_uri(text);
        good += read_both(text);
    }
    assert_true(good > ROUNDS / 2); /* else little was compared */
}

static void test_spoilt(void **state)
{
    char text[2 * TEXT_MAX];
    unsigned good = 0, bad = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        make_uri(text);
        for (uint32_t n = 1 + below(3); n > 0; n--)
            spoil(text);
        if (read_both(text))
            good++;
        else
            bad++;
    }
    assert_true(good > ROUNDS / 20 && bad > ROUNDS / 20);
}

/* As programs print them. */
static void test_in_the_wild(void **state)
{
    static const char *const uris[] = {
        "pkcs11:",
        "pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=343466fbd0ff58be;"
        "token=src;id=%AB%0C;object=my%20key;type=secret-key",
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;"
        "model=1.0;object=my-certificate;type=cert;id=%69%95%3E%5C%F4%BD%EC%91;serial=",
        "pkcs11:object=my-pubkey;type=public;",
        "pkcs11:slot-id=42;object=a&b",
        "pkcs11:id=?pin-source=file:/etc/token",
        "pkcs11:object=%ce%a9?",
    };

    (void)state;
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
        assert_true(read_both(uris[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_at_random),
        cmocka_unit_test(test_spoilt),
        cmocka_unit_test(test_in_the_wild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
