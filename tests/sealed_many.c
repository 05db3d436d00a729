/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: sealed_many write FILE KEYS
 *        sealed_many read FILE
 *
 * Writes a bundle of so many RSA 4096 keys, or reads one as accept does: its words are typed, and
 * each key is handed out. Prints octets and seconds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include "sealed/sealed_read.h"
#include "sealed/sealed_words.h"
#include "sealed/sealed_write.h"
#include "tests/unit/sealed_fixture.h"

/* Octets of an RSA 4096 key: its SPKI, its PKCS #8 wrapped by AES-KWP, a signature. */
enum { SPKI = 550, WRAPPED = 2384, SIGNATURE = 512 };

static void must(bool holds, const struct err *err)
{
    char line[1024];

    if (holds)
        return;
    fprintf(stderr, "sealed_many: %s\n", err_line(err, line, sizeof line));
    exit(1);
}

static void fill(struct bytes *bytes, size_t len)
{
    struct err err;

    must(bytes_make(bytes, len, &err), &err);
    for (size_t i = 0; i < len; i++)
        bytes->data[i] = (uint8_t)random();
}

static void write_key(struct sealed_writer *w, struct sealed_key *key, uint32_t number)
{
    struct err err;

    key->number = number;
    key->desc.bits = 4096;
    fill(&key->public_half, SPKI);
    fill(&key->wrapped, WRAPPED);
    fill(&key->proofs[0].answer.clear, SIGNATURE);
    EVP_Digest(key->public_half.data, SPKI, key->desc.spki_sha256, NULL, EVP_sha256(), NULL);
    must(sealed_add_key(w, key, &err), &err);
}

static void write_bundle(const char *path, uint32_t keys)
{
    uint8_t sha256[SHA256_SIZE];
    struct sealed_file file;
    struct sealed_writer *w;
    struct sealed_key key;
    struct err err;

    fixture_file(SEALED_BUNDLE, SEALED_STAGE_KEYS, &file);
    fixture_key(2, &key);
    file.head.keys = keys;
    must(sealed_begin(path, &file, &w, &err), &err);
    for (uint32_t i = 1; i <= keys; i++)
        write_key(w, &key, i);
    must(sealed_finish(w, sha256, &err), &err);
    sealed_key_free(&key);
    sealed_file_free(&file);
}

static bool count(void *ctx, const struct sealed_key *key, struct err *err)
{
    unsigned *keys = ctx;

    (void)err;
    *keys += key->wrapped.len == WRAPPED;
    return true;
}

/* The SHA-256 is what the other room reads out: here, of the file itself. */
static void sum(const char *path, uint8_t sha256[SHA256_SIZE])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    FILE *file = fopen(path, "re");
    unsigned char part[65536];
    struct err err = {.what = "the file cannot be read"};
    size_t n;

    must(ctx && file && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1, &err);
    while ((n = fread(part, 1, sizeof part, file)) > 0)
        EVP_DigestUpdate(ctx, part, n);
    EVP_DigestFinal_ex(ctx, sha256, NULL);
    EVP_MD_CTX_free(ctx);
    fclose(file);
}

static void read_bundle(const char *path)
{
    uint8_t sha256[SHA256_SIZE];
    char words[TEXT_WORDS_SIZE];
    struct sealed_expected expected;
    struct sealed_reader *r;
    unsigned left, keys = 0;
    struct err err;

    sum(path, sha256);
    must(sealed_open(path, &r, &err), &err);
    expected = fixture_expected(sealed_file(r));
    must(sealed_check(r, &expected, &err), &err);
    must(sealed_trust_words(r, sealed_words_to_read(sha256, words), &left, &err), &err);
    must(sealed_read_keys(r, count, &keys, &err), &err);
    printf("%u keys, %llu octets", keys, (unsigned long long)sealed_size(r));
    sealed_close(r);
}

int main(int argc, char **argv)
{
    struct timespec begin, end;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    if (argc == 4 && strcmp(argv[1], "write") == 0)
        write_bundle(argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    else if (argc == 3 && strcmp(argv[1], "read") == 0)
        read_bundle(argv[2]);
    else
        return 64;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    printf(" %.2f s\n",
           (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}
