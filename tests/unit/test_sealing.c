/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing for key services: their table, their wrapping keys, and the files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "ceremony/key_service.h"
#include "transfer/sealed_file.h"
#include "transfer/sealing.h"

enum { BITS = 2048 };

static EVP_PKEY *pair; /* made once */

static int make_pair(void **state)
{
    (void)state;
    pair = EVP_RSA_gen(BITS);
    return pair ? 0 : -1;
}

static int free_pair(void **state)
{
    (void)state;
    EVP_PKEY_free(pair);
    return 0;
}

/* The public key of these numbers, whatever they are. */
static void encode(const BIGNUM *n, unsigned long e, struct bytes *der)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    BIGNUM *exponent = BN_new();
    EVP_PKEY *made = NULL;
    unsigned char *out = NULL;
    struct err err;

    assert_true(BN_set_word(exponent, e));
    assert_true(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
                OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent));
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    assert_true(EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &made, EVP_PKEY_PUBLIC_KEY, params) == 1);
    int len = i2d_PUBKEY(made, &out);
    assert_true(len > 0 && bytes_set(der, out, (size_t)len, &err));
    OPENSSL_free(out);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_free(made);
    EVP_PKEY_CTX_free(ctx);
    BN_free(exponent);
}

static enum err_code take(const char *service, const struct bytes *file, uint32_t floor)
{
    struct sealing sealing = {.service = service_find(service)};
    struct err err = {0};

    bool ok = sealing_take_key(&sealing, file, floor, &err);
    sealing_free(&sealing);
    assert_int_equal(ok, err.code == ERR_NONE);
    return err.code;
}

static void weak_wrapping_keys_are_refused(void **state)
{
    struct bytes good = {0}, bad = {0};
    BIGNUM *n = NULL;
    struct err err;

    (void)state;
    assert_true(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &n));
    encode(n, 65537, &good);
    assert_int_equal(take("rsa-aes", &good, BITS), ERR_NONE); /* control */
    assert_int_equal(take("rsa-aes", &good, 3072), ERR_DENIED);
    assert_int_equal(take("vault-transit", &good, BITS), ERR_UNSUPPORTED);
    encode(n, 3, &bad);
    assert_int_equal(take("rsa-aes", &bad, BITS), ERR_DATA);
    assert_true(BN_clear_bit(n, 0));
    encode(n, 65537, &bad);
    assert_int_equal(take("rsa-aes", &bad, BITS), ERR_DATA);
    for (size_t len = 0; len < good.len; len += 7) { /* cut off anywhere */
        assert_true(bytes_set(&bad, good.data, len, &err));
        assert_int_equal(take("rsa-aes", &bad, BITS), ERR_DATA);
    }
    assert_true(bytes_make(&bad, SEALING_KEY_FILE_MAX + 1, &err));
    assert_int_equal(take("rsa-aes", &bad, BITS), ERR_DATA);
    BN_free(n);
    bytes_free(&good);
    bytes_free(&bad);
}

/* --- files --- */

static struct key_desc named(const char *label)
{
    struct key_desc key = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_AES, .bits = 256};

    key_set_label(&key, label, strlen(label));
    return key;
}

static void labels_stay_in_their_folder(void **state)
{
    static const struct {
        const char *label, *path;
    } rows[] = {
        {"root-ca", "/f/report.7-root-ca.bin"},
        {"", "/f/report.7.bin"},
        {"../../etc/passwd", "/f/report.7-------etc-passwd.bin"},
        {"a b\n\x1b[31m'$(x)\"", "/f/report.7-a-b---31m---x--.bin"},
        {"\xe2\x80\xae", "/f/report.7----.bin"},
    };
    const struct sealing sealing = {.service = service_find("rsa-aes"), .stem = "/f/report"};
    char path[EVENT_PATH_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct key_desc key = named(rows[i].label);
        assert_string_equal(sealed_file_path(&sealing, 7, &key, path), rows[i].path);
    }
}

static void a_long_label_is_cut(void **state)
{
    const struct sealing sealing = {.service = service_find("rsa-aes"), .stem = "/f/report"};
    char path[EVENT_PATH_MAX], label[201];

    (void)state;
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    const struct key_desc key = named(label);
    assert_int_equal(strlen(sealed_file_path(&sealing, 1, &key, path)),
                     strlen("/f/report.1-.bin") + SEALING_NAME_MAX);
}

static void a_file_replaces_none(void **state)
{
    char folder[] = "/tmp/hsmferry-sealed-XXXXXX", path[64], part[80];
    struct bytes one = {0}, two = {0};
    struct err err = {0};
    struct stat st;
    char read[8] = "";

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/key.bin", folder);
    snprintf(part, sizeof part, "%s.part", path);
    assert_true(bytes_set(&one, "one", 3, &err) && bytes_set(&two, "two", 3, &err));
    assert_true(sealed_file_write(path, &one, &err));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_false(sealed_file_write(path, &two, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_int_equal(fread(read, 1, sizeof read, file), 3);
    fclose(file);
    assert_string_equal(read, "one");
    assert_int_not_equal(access(part, F_OK), 0);
    assert_true(sealed_file_remove(path, &err));
    assert_true(sealed_file_write(path, &two, &err)); /* control */
    assert_true(sealed_file_remove(path, &err));
    assert_int_equal(symlink("/etc/hostname", part), 0); /* nor does it follow a link */
    assert_false(sealed_file_write(path, &two, &err));
    assert_int_equal(err.code, ERR_IO);
    unlink(part);
    rmdir(folder);
    bytes_free(&one);
    bytes_free(&two);
}

static void forms(void **state)
{
    static const uint8_t kek[] = {0xfb, 0xff}, wrapped[] = {0xfe, 0x00};
    const struct bytes first = {(uint8_t *)(uintptr_t)kek, sizeof kek},
                       rest = {(uint8_t *)(uintptr_t)wrapped, sizeof wrapped};
    struct sealing sealing = {.service = service_find("rsa-aes"), .kid = "https://v/k/1"};
    struct bytes file = {0};
    struct err err;

    (void)state;
    assert_true(sealed_file_make(&sealing, &first, &rest, &file, &err));
    assert_memory_equal(file.data, "\xfb\xff\xfe\x00", 4);
    assert_int_equal(file.len, 4);
    assert_true(sealed_file_make(&sealing, NULL, &rest, &file, &err));
    assert_int_equal(file.len, 2);
    sealing.service = service_find("vault-transit");
    assert_true(sealed_file_make(&sealing, &first, &rest, &file, &err));
    assert_int_equal(file.len, 8);
    assert_memory_equal(file.data, "+//+AA==", 8);
    sealing.service = service_find("azure-byok");
    assert_true(sealed_file_make(&sealing, &first, &rest, &file, &err));
    assert_non_null(memmem(file.data, file.len, "\"ciphertext\":\"-__-AA\"", 21));
    assert_non_null(memmem(file.data, file.len, "\"kid\":\"https://v/k/1\"", 20));
    bytes_free(&file);
}

/* --- the table --- */

static void every_service_is_complete(void **state)
{
    char text[1024];

    (void)state;
    assert_null(service_find("nobody"));
    for (size_t i = 0; service_at(i); i++) {
        const struct service *s = service_at(i);
        assert_ptr_equal(service_find(s->name), s);
        assert_true(s->hashes && (s->blob || s->direct) && s->bits_min >= 2048 &&
                    s->bits_max <= 4096 && s->bits_min <= s->bits_max);
        assert_true(strlen(s->name) < sizeof((struct hsm_about *)0)->api);
        assert_non_null(strstr(s->next, "%f"));
        service_next(s, HSM_RSA_OAEP_SHA1, "/f/key", "/f/token", text, sizeof text);
        assert_null(strchr(text, '%'));
        assert_non_null(strstr(text, "/f/key"));
    }
}

static void what_a_service_takes(void **state)
{
    const struct service *aws = service_find("aws-kms");
    struct key_desc aes = named("k"), mac = {.kind = KEY_KIND_GENERIC, .length = 27};
    struct err err = {0};

    (void)state;
    assert_true(service_takes(aws, &aes, ROUTE_DIRECT, &err));
    assert_false(service_takes(aws, &aes, ROUTE_ENVELOPE, &err));
    aes.bits = 128;
    assert_false(service_takes(aws, &aes, ROUTE_DIRECT, &err));
    assert_false(service_takes(aws, &mac, ROUTE_DIRECT, &err));
    mac.length = 28;
    assert_true(service_takes(aws, &mac, ROUTE_DIRECT, &err));
    assert_false(service_takes(service_find("azure-byok"), &mac, ROUTE_ENVELOPE, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_wrapping_keys_are_refused),
        cmocka_unit_test(labels_stay_in_their_folder),
        cmocka_unit_test(a_long_label_is_cut),
        cmocka_unit_test(a_file_replaces_none),
        cmocka_unit_test(forms),
        cmocka_unit_test(every_service_is_complete),
        cmocka_unit_test(what_a_service_takes),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
