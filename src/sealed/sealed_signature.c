/* SPDX-License-Identifier: Apache-2.0 */
#include "sealed/sealed_signature.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

enum { SIGNATURE_MAX = 16384 };

static int no_passphrase(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer, (void)size, (void)writing, (void)ctx;
    return 0;
}

/* A small file next to the sealed one; false: there is none that can be read. */
static bool load(const char *path, struct bytes *to)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    struct err ignored;
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
              file_read(fd, "a signature", SIGNATURE_MAX, to, &ignored);

    if (fd >= 0)
        close(fd);
    return ok;
}

/* The key, if it is one of the signers. */
static EVP_PKEY *named_key(const struct bytes *pem, const struct sealed_signers *signers,
                           size_t *which)
{
    BIO *bio = BIO_new_mem_buf(pem->data, (int)pem->len);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;
    unsigned char *spki = NULL;
    int len = key ? i2d_PUBKEY(key, &spki) : -1;
    uint8_t sha256[SHA256_SIZE];
    bool named = false;

    if (len > 0 && EVP_Digest(spki, (size_t)len, sha256, NULL, EVP_sha256(), NULL) == 1)
        for (*which = 0; *which < signers->count && !named; *which += !named)
            named = memcmp(signers->sha256[*which], sha256, SHA256_SIZE) == 0;
    OPENSSL_free(spki);
    BIO_free(bio);
    if (named)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

static bool signs(EVP_PKEY *key, const uint8_t sha256[SHA256_SIZE], const struct bytes *signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    bool ok = ctx && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC")) &&
              EVP_PKEY_verify_init(ctx) == 1 &&
              EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) == 1 &&
              EVP_PKEY_verify(ctx, signature->data, signature->len, sha256, SHA256_SIZE) == 1;

    EVP_PKEY_CTX_free(ctx);
    return ok;
}

/* What is next to the file under one number. */
enum found { FOUND_NOTHING, FOUND_STRANGER, FOUND_WRONG, FOUND_RIGHT };

static enum found look(const char *path, unsigned number, const uint8_t sha256[SHA256_SIZE],
                       const struct sealed_signers *signers, size_t *which)
{
    char name[PATH_MAX + 16], infix[8] = "";
    struct bytes signature = {0}, pem = {0};
    enum found found = FOUND_NOTHING;
    EVP_PKEY *key = NULL;

    if (number > 1)
        text_print(infix, sizeof infix, ".%u", number);
    text_print(name, sizeof name, "%s%s.sig", path, infix);
    if (load(name, &signature)) {
        text_print(name, sizeof name, "%s%s.pub.pem", path, infix);
        found = FOUND_STRANGER;
        if (load(name, &pem) && (key = named_key(&pem, signers, which)))
            found = signs(key, sha256, &signature) ? FOUND_RIGHT : FOUND_WRONG;
    }
    EVP_PKEY_free(key);
    bytes_free(&signature);
    bytes_free(&pem);
    ERR_clear_error();
    return found;
}

bool sealed_signature_check(const char *path, const uint8_t sha256[SHA256_SIZE],
                            const struct sealed_signers *signers, size_t *which, struct err *err)
{
    char shown[FILE_SHOWN];
    enum found best = FOUND_NOTHING;

    for (unsigned number = 1; number <= SEALED_SIGNATURES_MAX && best != FOUND_RIGHT; number++) {
        enum found found = look(path, number, sha256, signers, which);
        best = found > best ? found : best;
    }
    if (best == FOUND_RIGHT)
        return true;
    file_shown(path, shown);
    if (best == FOUND_WRONG)
        err_set(err, ERR_DATA, "a key of the ceremony file signed another file than %s", shown);
    else if (best == FOUND_STRANGER)
        err_set(err, ERR_DENIED, "%s is signed, but by no key that the ceremony file names", shown);
    else
        err_set(err, ERR_DENIED, "%s has no signature: %s.sig is missing", shown, shown);
    err_now(err, "Nothing was taken from it.");
    return err_next(err, "Ask the other room to sign it with a key that the ceremony file names.");
}
