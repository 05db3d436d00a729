/* SPDX-License-Identifier: Apache-2.0 */
/* companion: public data is hostile until it was looked into to its last byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "plan/companion.h"

/* A key, its public half and a certificate of it; and another key's public half. */
struct world {
    EVP_PKEY *pkey;
    struct bytes spki, stranger, certificate;
    struct key_desc key, cert;
    char subject[EVENT_TEXT_MAX];
    struct err err;
};

static struct bytes spki_of(EVP_PKEY *pkey)
{
    struct bytes made = {0};
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);

    assert_true(len > 0 && bytes_set(&made, der, (size_t)len, NULL));
    OPENSSL_free(der);
    return made;
}

static struct bytes certificate_of(EVP_PKEY *pkey, const char *name)
{
    struct bytes made = {0};
    X509 *x = X509_new();
    uint8_t *der = NULL;
    int len;

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, (const uint8_t *)name,
                               -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, pkey);
    assert_true(X509_sign(x, pkey, EVP_sha256()) > 0);
    len = i2d_X509(x, &der);
    assert_true(len > 0 && bytes_set(&made, der, (size_t)len, NULL));
    OPENSSL_free(der);
    X509_free(x);
    return made;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    EVP_PKEY *other = EVP_EC_gen("P-256");

    w->pkey = EVP_EC_gen("P-256");
    w->spki = spki_of(w->pkey);
    w->stranger = spki_of(other);
    w->certificate = certificate_of(w->pkey, "a");
    w->key = (struct key_desc){.class = KEY_CLASS_PUBLIC, .kind = KEY_KIND_EC, .has_public = true};
    SHA256(w->spki.data, w->spki.len, w->key.spki_sha256);
    w->cert = (struct key_desc){.class = KEY_CLASS_CERTIFICATE, .kind = KEY_KIND_NONE};
    EVP_PKEY_free(other);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    EVP_PKEY_free(w->pkey);
    bytes_free(&w->spki);
    bytes_free(&w->stranger);
    bytes_free(&w->certificate);
    free(w);
    return 0;
}

static bool check(struct world *w, const struct key_desc *key, const struct bytes *der,
                  const struct bytes *owner)
{
    w->err = (struct err){0};
    return companion_check(key, der, owner, w->subject, &w->err);
}

static void what_is_of_the_key_is_taken(void **state)
{
    struct world *w = *state;

    assert_true(check(w, &w->key, &w->spki, &w->spki));
    assert_true(check(w, &w->cert, &w->certificate, &w->spki));
    assert_string_equal(w->subject, "CN=a");
    assert_true(check(w, &w->cert, &w->certificate, NULL)); /* chosen alone */
}

static void what_is_of_another_key_is_not(void **state)
{
    struct world *w = *state;

    assert_false(check(w, &w->cert, &w->certificate, &w->stranger));
    assert_int_equal(w->err.code, ERR_CONFLICT);
    assert_non_null(strstr(w->err.what, "not the private key's"));
    assert_false(check(w, &w->key, &w->spki, &w->stranger));
    assert_false(check(w, &w->key, &w->stranger, &w->stranger)); /* nor another than was listed */
    assert_int_equal(w->err.code, ERR_CONFLICT);
}

/* A certificate in the place of a public key, and the other way round. */
static void one_is_not_the_other(void **state)
{
    struct world *w = *state;

    assert_false(check(w, &w->key, &w->certificate, NULL));
    assert_false(check(w, &w->cert, &w->spki, NULL));
    assert_int_equal(w->err.code, ERR_DATA);
}

static void cut_or_continued(void **state)
{
    struct world *w = *state;
    struct bytes longer = {0};

    for (size_t len = 0; len < w->certificate.len; len++)
        assert_false(check(w, &w->cert, &(struct bytes){w->certificate.data, len}, NULL));
    for (size_t len = 0; len < w->spki.len; len++)
        assert_false(check(w, &w->key, &(struct bytes){w->spki.data, len}, NULL));
    assert_true(bytes_make(&longer, w->certificate.len + 1, NULL));
    memcpy(longer.data, w->certificate.data, w->certificate.len);
    assert_false(check(w, &w->cert, &longer, &w->spki));
    assert_int_equal(w->err.code, ERR_DATA);
    bytes_free(&longer);
}

/* Whatever byte is another one: it is refused, or still a certificate of the very key. */
static void any_byte_altered(void **state)
{
    struct world *w = *state;
    size_t refused = 0;

    for (size_t i = 0; i < w->certificate.len; i++) {
        w->certificate.data[i] ^= 0x41;
        refused += !check(w, &w->cert, &w->certificate, &w->spki);
        w->certificate.data[i] ^= 0x41;
    }
    assert_true(refused > w->spki.len / 2);
    assert_true(check(w, &w->cert, &w->certificate, &w->spki));
}

/* A subject is shown safely, however long it is. */
static void subject_that_must_not_be_shown(void **state)
{
    struct world *w = *state;
    struct bytes hostile = certificate_of(w->pkey, "a\x1b[2J\n\xe2\x80\xae");

    assert_true(check(w, &w->cert, &hostile, &w->spki));
    for (const char *c = w->subject; *c; c++)
        assert_in_range((unsigned char)*c, 0x20, 0x7e);
    bytes_free(&hostile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_of_the_key_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_of_another_key_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(one_is_not_the_other, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_or_continued, setup, teardown),
        cmocka_unit_test_setup_teardown(any_byte_altered, setup, teardown),
        cmocka_unit_test_setup_teardown(subject_that_must_not_be_shown, setup, teardown),
    };
    return cmocka_run_group_tests_name("companion", tests, NULL, NULL);
}
