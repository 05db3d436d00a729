/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes a PKCS#12 file with any keys and certificates in it, which openssl(1) does not: several
 * keys, and a certificate with the id of another key.
 *
 *     bags PASSPHRASE-FILE OUT key|cert:PEM-FILE:NAME:ID...
 *
 * ID is in hexadecimal; keys are encrypted, certificates are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bags: %s\n", what);
    exit(1);
}

static void read_phrase(const char *path, char phrase[256])
{
    FILE *file = fopen(path, "r");

    must(file && fgets(phrase, 256, file), path);
    phrase[strcspn(phrase, "\n")] = '\0';
    fclose(file);
}

static PKCS12_SAFEBAG *add(STACK_OF(PKCS12_SAFEBAG) * *bags, const char *type, const char *path,
                           const char *phrase)
{
    BIO *file = BIO_new_file(path, "r");
    PKCS12_SAFEBAG *bag = NULL;

    must(file != NULL, path);
    if (strcmp(type, "key") == 0) {
        EVP_PKEY *key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
        bag = PKCS12_add_key(bags, key, 0, 2048, NID_aes_256_cbc, phrase);
        EVP_PKEY_free(key);
    } else {
        X509 *certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
        bag = PKCS12_add_cert(bags, certificate);
        X509_free(certificate);
    }
    BIO_free(file);
    return bag;
}

int main(int argc, char **argv)
{
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    STACK_OF(PKCS7) *safes = NULL;
    char phrase[256];
    PKCS12 *file;
    BIO *out;

    must(argc > 3, "PASSPHRASE-FILE OUT key|cert:PEM-FILE:NAME:ID...");
    read_phrase(argv[1], phrase);
    for (int i = 3; i < argc; i++) {
        char *rest = argv[i], *type = strsep(&rest, ":"), *path = strsep(&rest, ":");
        char *name = strsep(&rest, ":");
        PKCS12_SAFEBAG *bag = add(&bags, type, path, phrase);
        long len = 0;
        unsigned char *id = OPENSSL_hexstr2buf(rest, &len);
        must(bag && id && PKCS12_add_friendlyname_utf8(bag, name, -1) &&
                 PKCS12_add_localkeyid(bag, id, (int)len),
             argv[i]);
        OPENSSL_free(id);
    }
    must(PKCS12_add_safe(&safes, bags, -1, 0, NULL), "the bags");
    file = PKCS12_add_safes(safes, 0);
    out = BIO_new_file(argv[2], "w");
    must(file && out && PKCS12_set_mac(file, phrase, -1, NULL, 0, 2048, EVP_sha256()) &&
             i2d_PKCS12_bio(out, file),
         argv[2]);
    BIO_free(out);
    PKCS12_free(file);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return 0;
}
