/* SPDX-License-Identifier: Apache-2.0 */
/* base/randomart.h draws what ssh-keygen -lv draws of the same digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/randomart.h"
#include "base/text.h"

/* Draws it with these titles; true when it is this picture. */
static bool is_picture(const uint8_t *digest, size_t len, const char *above, const char *below,
                       const char *const picture[RANDOMART_LINES])
{
    struct randomart art;

    randomart_draw(digest, len, above, below, &art);
    for (int i = 0; i < RANDOMART_LINES; i++)
        if (strcmp(art.line[i], picture[i]) != 0)
            return false;
    return true;
}

/* The public key of RFC 8032, 7.1, test 1; drawn by OpenSSH 9.2. */
static void test_one_of_openssh(void **state)
{
    static const char *const picture[RANDOMART_LINES] = {
        "+--[ED25519 256]--+", "|            oo   |", "|           o. .  |", "|          o ..   |",
        "|         o o o.  |", "|        S + o  o |", "|       . + +  . E|", "|      . ..Ooo. B.|",
        "|     o o.BBB.o+ +|", "|     .*+OB=o=+.  |", "+----[SHA256]-----+"};
    uint8_t digest[32];
    size_t len = sizeof digest;

    (void)state;
    assert_true(text_unhex("6db5e9b8a1bace1cdd9a7c6adb9e9396acc5073465d9fe8e3a0ef6d9c60d6d4f",
                           digest, &len));
    assert_true(is_picture(digest, len, "ED25519 256", "SHA256", picture));
    digest[31] ^= 0x40; /* the control: its last step */
    assert_false(is_picture(digest, len, "ED25519 256", "SHA256", picture));
}

/* A shorter digest, as OpenSSH drew them at first. */
static void test_md5(void **state)
{
    static const char *const picture[RANDOMART_LINES - 1] = {
        "+-------[]--------+", "|       .=o.  .   |", "|     . *+*. o    |", "|      =.*..o     |",
        "|       o + ..    |", "|        S o.     |", "|         o  .    |", "|          .  . . |",
        "|              o .|", "|               E.|"};
    struct randomart art;
    uint8_t digest[16];
    size_t len = sizeof digest;

    (void)state;
    assert_true(text_unhex("fc94b0c1e5b0987c5843997697ee9fb7", digest, &len));
    randomart_draw(digest, len, "", "much too long for it", &art);
    for (int i = 0; i < RANDOMART_LINES - 1; i++)
        assert_string_equal(art.line[i], picture[i]);
    assert_string_equal(art.line[RANDOMART_LINES - 1], "+[much too long f]+");
}

/* A walk that ends up in a corner, and no step at all. */
static void test_ends_of_the_field(void **state)
{
    static const uint8_t zeros[32] = {0};
    struct randomart art;

    (void)state;
    randomart_draw(zeros, sizeof zeros, "t", "h", &art);
    assert_string_equal(art.line[0], "+-------[t]-------+");
    assert_string_equal(art.line[1], "|E....            |");
    assert_string_equal(art.line[4], "|       .         |");
    assert_string_equal(art.line[5], "|        S        |");
    randomart_draw(zeros, 0, "", "", &art);
    assert_string_equal(art.line[5], "|        E        |");
}

/* --- against ssh-keygen itself ---------------------------------------------------------------- */

enum { BLOB_MAX = 1024, OUTPUT_MAX = 4096 };

/* What the command prints; false when it fails. */
static bool output_of(const char *command, char out[OUTPUT_MAX])
{
    FILE *from = popen(command, "r");
    size_t len = from ? fread(out, 1, OUTPUT_MAX - 1, from) : 0;

    out[len] = '\0';
    return from && pclose(from) == 0;
}

/* What ssh-keygen draws is made of the SHA-256 of the blob in the second word. */
static void digest_of(const char *public_line, uint8_t digest[32])
{
    char type[64], base64[2 * BLOB_MAX];
    uint8_t blob[2 * BLOB_MAX];
    int len;

    assert_int_equal(sscanf(public_line, "%63s %2047s", type, base64), 2);
    len = EVP_DecodeBlock(blob, (const unsigned char *)base64, (int)strlen(base64));
    assert_true(len > 2);
    for (const char *end = base64 + strlen(base64); end > base64 && end[-1] == '='; end--)
        len--;
    assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, blob, (size_t)len, digest, NULL), 1);
}

static void compare_with_ssh(const char *folder, const char *type, const char *above)
{
    char command[256], line[OUTPUT_MAX], drawn[OUTPUT_MAX], *at;
    const char *picture[RANDOMART_LINES];
    uint8_t digest[32];

    snprintf(command, sizeof command, "ssh-keygen -q -t %s -N '' -C '' -f %s/key", type, folder);
    assert_true(output_of(command, line));
    snprintf(command, sizeof command, "cat %s/key.pub", folder);
    assert_true(output_of(command, line));
    digest_of(line, digest);
    snprintf(command, sizeof command, "ssh-keygen -lv -E sha256 -f %s/key.pub", folder);
    assert_true(output_of(command, drawn));
    at = strchr(drawn, '\n') + 1;
    for (int i = 0; i < RANDOMART_LINES; i++) {
        picture[i] = strsep(&at, "\n");
        assert_non_null(at);
    }
    assert_true(is_picture(digest, sizeof digest, above, "SHA256", picture));
    digest[0] ^= 1; /* the control */
    assert_false(is_picture(digest, sizeof digest, above, "SHA256", picture));
    snprintf(command, sizeof command, "rm %s/key %s/key.pub", folder, folder);
    assert_true(output_of(command, line));
}

static void test_against_ssh_keygen(void **state)
{
    static const char *const types[][2] = {
        {"ed25519", "ED25519 256"}, {"rsa -b 2048", "RSA 2048"}, {"ecdsa -b 521", "ECDSA 521"}};
    char folder[] = "/tmp/hsmferry-randomart.XXXXXX", out[OUTPUT_MAX];

    (void)state;
    if (!output_of("command -v ssh-keygen", out)) {
        print_message("openssh-client is not installed\n");
        skip();
    }
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 9; i++)
        compare_with_ssh(folder, types[i % 3][0], types[i % 3][1]);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_of_openssh),
        cmocka_unit_test(test_md5),
        cmocka_unit_test(test_ends_of_the_field),
        cmocka_unit_test(test_against_ssh_keygen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
