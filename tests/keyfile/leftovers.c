/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses the driver of key files in this process, and looks through all of its memory for the octets
 * of the keys: after the list, while a key is used (the control), and after each use.
 *
 *     leftovers FILE PASSPHRASE-FILE NEEDLES
 *     leftovers --without PEM-FILE - NEEDLES      reads it with OpenSSL alone: the control
 *
 * NEEDLES has one line for each secret number of the keys, in hexadecimal, each octet combined with
 * MASK by exclusive or, so that it is not found where the program itself has it. Prints one case a
 * line, for relay() of tests/lib.sh.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/text.h"
#include "driver/openssl/openssl.h"
#include "driver/openssl/openssl_memory.h"
#include "driver/openssl/openssl_object.h"

enum { MASK = 0x5a, NEEDLES_MAX = 16, NEEDLE_MAX = 512, PIECE = 16 };

struct needles {
    uint8_t masked[NEEDLES_MAX][NEEDLE_MAX];
    size_t len[NEEDLES_MAX];
    size_t count;
};

static int failed;

static void say(bool ok, const char *words, const struct err *err)
{
    printf("%s - %s\n", ok ? "ok" : "not ok", words);
    if (!ok && err)
        printf("# %s\n", err->what);
    failed |= !ok;
}

static void read_needles(const char *path, struct needles *out)
{
    char line[2 * NEEDLE_MAX + 2];
    FILE *file = fopen(path, "r");

    while (file && out->count < NEEDLES_MAX && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        out->len[out->count] = NEEDLE_MAX;
        if (text_unhex(line, out->masked[out->count], &out->len[out->count]))
            out->count++;
    }
    if (file)
        fclose(file);
}

/* Is a piece of this secret number here? In either order of its octets: OpenSSL's numbers begin
 * with the lowest ones. */
static bool is_here(const uint8_t *at, const uint8_t *masked, size_t len)
{
    size_t forwards = 0, backwards = 0;

    while (forwards < PIECE && at[forwards] == (masked[forwards] ^ MASK))
        forwards++;
    while (backwards < PIECE && at[backwards] == (masked[len - 1 - backwards] ^ MASK))
        backwards++;
    return forwards == PIECE || backwards == PIECE;
}

static size_t hits_in(const uint8_t *from, const uint8_t *to, const struct needles *needles)
{
    size_t hits = 0;

    for (const uint8_t *at = from; at + PIECE <= to; at++)
        for (size_t i = 0; i < needles->count; i++)
            hits += is_here(at, needles->masked[i], needles->len[i]);
    return hits;
}

/* The hits in all memory that this process can write to. */
static size_t look(const struct needles *needles)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512], rights[8];
    size_t hits = 0;
    uintptr_t from, to;

    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, rights) == 3 &&
            strncmp(rights, "rw", 2) == 0 && !strstr(line, "[vvar]"))
            hits += hits_in((const uint8_t *)from, (const uint8_t *)to, needles);
    if (maps)
        fclose(maps);
    return hits;
}

static void clean(const char *words, const struct needles *needles)
{
    size_t hits = look(needles);

    say(hits == 0, words, NULL);
    if (hits)
        printf("# %zu hits\n", hits);
}

/* What the kernel says is locked, in KiB. */
static unsigned long locked(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long kib = 0;
    char line[256];

    while (status && fgets(line, sizeof line, status))
        sscanf(line, "VmLck: %lu", &kib);
    if (status)
        fclose(status);
    return kib;
}

/* The memory of OpenSSL comes in pieces of half a MiB. */
static void check_locked(void)
{
    enum { ENOUGH = 4 * 1024 * 1024, LEAST_KIB = 512 };
    struct rlimit limit;

    if (geteuid() != 0 && getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < ENOUGH)
        printf("skip - OpenSSL's memory is locked # this user may not lock enough\n");
    else
        say(openssl_memory_unlocked() == 0 && locked() >= LEAST_KIB,
            "OpenSSL's memory is locked, as the kernel tells it", NULL);
}

static bool look_while_used(EVP_PKEY *pkey, void *ctx, struct err *err)
{
    (void)pkey, (void)err;
    return look(ctx) > 0;
}

static bool log_in(struct hsm *hsm, const char *path, struct err *err)
{
    struct secret pin = {0};
    FILE *file = fopen(path, "r");
    bool ok = file && secret_new(&pin, SECRET_PIN_MAX, err) &&
              fgets((char *)pin.data, (int)pin.cap, file);

    if (ok)
        pin.len = strcspn((char *)pin.data, "\n");
    if (file)
        fclose(file);
    ok = ok && hsm->driver->login(hsm, 1, &pin, err);
    secret_free(&pin);
    return ok;
}

/* Wraps the key and lets it answer, as a ceremony does. */
static void use_key(struct hsm *hsm, const struct key_desc *key, const struct needles *needles)
{
    const struct hsm_driver *driver = hsm->driver;
    const bool rsa = key->kind == KEY_KIND_RSA;
    const struct bytes challenge = {(uint8_t[32]){1, 2, 3}, 32};
    struct bytes out = {0};
    struct err err = {0};
    uint64_t kek = 0;

    say(openssl_with_key(openssl_of(hsm), openssl_find(openssl_of(hsm), key->handle, NULL),
                         look_while_used, (void *)needles, &err),
        "control: while the key is used, it is found", &err);
    clean("... and no more when the use has ended", needles);
    say(driver->make_kek(hsm, 256, "leftovers", &kek, &err) &&
            driver->wrap(hsm, HSM_AES_KWP, kek, key->handle, &out, &err),
        "the key is wrapped", &err);
    clean("... and nothing is left of it", needles);
    say(driver->prove(hsm, rsa ? HSM_PROOF_RSA_SIGN : HSM_PROOF_ECDSA, key->handle, &challenge,
                      &out, &err),
        "the key answers", &err);
    clean("... and nothing is left of it", needles);
    driver->destroy(hsm, kek, NULL);
    bytes_free(&out);
}

/* OpenSSL with the allocator of the C library: what it freed is still there. */
static int without(const char *path, const char *needles_path)
{
    struct needles needles = {0};
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
    PKCS8_PRIV_KEY_INFO *info = key ? EVP_PKEY2PKCS8(key) : NULL;

    say(info != NULL, "the key is read with OpenSSL alone", NULL);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(key);
    BIO_free(file);
    read_needles(needles_path, &needles);
    say(look(&needles) > 0, "control: then the same look finds it after it was freed", NULL);
    return failed;
}

int main(int argc, char **argv)
{
    struct hsm_where where = {.api = "openssl", .environment_trusted = true};
    struct needles needles = {0};
    struct key_list keys = {0};
    struct err err = {0};
    struct hsm *hsm;

    if (argc == 5 && strcmp(argv[1], "--without") == 0)
        return without(argv[2], argv[4]);
    if (argc != 4)
        return 64;
    text_print(where.module, sizeof where.module, "%s", argv[1]);
    read_needles(argv[3], &needles);
    setvbuf(stdout, NULL, _IONBF, 0);
    if (!openssl_driver.open(&where, &hsm, &err)) {
        say(false, "the key file is opened", &err);
        return 1;
    }
    clean("the file was looked at: nothing of its keys is here", &needles);
    say(log_in(hsm, argv[2], &err) && openssl_driver.list(hsm, &keys, &err), "its keys are listed",
        &err);
    clean("... and nothing of them is left", &needles);
    for (size_t i = 0; i < keys.count; i++)
        if (keys.keys[i].class == KEY_CLASS_PRIVATE)
            use_key(hsm, &keys.keys[i], &needles);
    say(needles.count > 0 && keys.count > 0, "there were numbers to look for", NULL);
    check_locked();
    key_list_free(&keys);
    openssl_driver.close(hsm);
    clean("after the end nothing is left", &needles);
    return failed;
}
