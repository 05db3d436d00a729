/* SPDX-License-Identifier: Apache-2.0 */
/* To add a service, add its row to the table. */
#include "plan/services.h"

#include <string.h>

#include "base/text.h"

#define KIND(kind) (UINT32_C(1) << KEY_KIND_##kind)
#define SHA1       (UINT32_C(1) << HSM_RSA_OAEP_SHA1)
#define SHA256     (UINT32_C(1) << HSM_RSA_OAEP_SHA256)

enum {
    PAIRS = KIND(RSA) | KIND(EC),
    SECRETS = KIND(AES) | KIND(GENERIC),
    ALL = PAIRS | SECRETS | KIND(DES3),
};

const char service_pads[] = "the source may add up to 7 zero octets to its PKCS #8, which a strict "
                            "reader refuses";

/* Sources: the import pages of each service's manual; a file of each form was taken by the
 * service's own client in tests/seal. */
static const struct service services[] = {
    {.name = "aws-kms",
     .title = "AWS KMS",
     .hashes = SHA256 | SHA1,
     .bits_min = 2048,
     .bits_max = 4096,
     .blob = PAIRS,
     .direct = SECRETS,
     .aes_bits = 256,
     .secret_min = 28,
     .limits = {.secret_max = 128,
                .rsa_min = 2048,
                .rsa_max = 4096,
                .curves = "P-256 P-384 P-521 secp256k1"},
     .form = SERVICE_RAW,
     .suffix = "bin",
     .next = "aws kms import-key-material --key-id KEY-ID --encrypted-key-material fileb://%f "
             "--import-token fileb://%t --expiration-model KEY_MATERIAL_DOES_NOT_EXPIRE"},
    {.name = "gcp-kms",
     .title = "Google Cloud KMS",
     .hashes = SHA256 | SHA1,
     .bits_min = 3072,
     .bits_max = 4096,
     .blob = PAIRS | SECRETS,
     .secret_min = 20,
     .limits =
         {.secret_max = 64, .rsa_min = 2048, .rsa_max = 4096, .curves = "P-256 P-384 secp256k1"},
     .form = SERVICE_RAW,
     .suffix = "bin",
     .next = "gcloud kms keys versions import --location LOCATION --keyring KEYRING --key KEY "
             "--import-job JOB --algorithm ALGORITHM --wrapped-key-file %f"},
    {.name = "azure-byok",
     .title = "Azure Key Vault",
     .hashes = SHA1,
     .bits_min = 2048,
     .bits_max = 4096,
     .blob = PAIRS | KIND(AES),
     .limits = {.rsa_min = 2048, .rsa_max = 4096, .curves = "P-256 P-384 P-521 secp256k1"},
     .form = SERVICE_BYOK,
     .suffix = "byok",
     .next = "az keyvault key import --vault-name VAULT --name NAME --byok-file %f"},
    {.name = "vault-transit",
     .title = "Vault transit",
     .hashes = SHA256 | SHA1,
     .bits_min = 4096,
     .bits_max = 4096,
     .blob = PAIRS | SECRETS,
     .secret_min = 32,
     .limits = {.secret_max = 512, .rsa_min = 2048, .rsa_max = 4096, .curves = "P-256 P-384 P-521"},
     .form = SERVICE_BASE64,
     .suffix = "b64",
     .next = "vault write transit/keys/NAME/import type=TYPE hash_function=%h ciphertext=@%f"},
    {.name = "cloudhsm",
     .title = "AWS CloudHSM",
     .hashes = SHA256 | SHA1,
     .bits_min = 2048,
     .bits_max = 4096,
     .blob = ALL,
     .limits = {.rsa_min = 2048, .rsa_max = 4096},
     .form = SERVICE_RAW,
     .suffix = "bin",
     .next = "cloudhsm-cli key unwrap rsa-aes --filter attr.label=WRAPPING-KEY --hash-function %m "
             "--mgf mgf1-%m --key-type-class CLASS --label LABEL --data-path %f"},
    {.name = "oci",
     .title = "Oracle OCI Vault",
     .hashes = SHA256,
     .bits_min = 4096,
     .bits_max = 4096,
     .blob = PAIRS | KIND(AES),
     .limits = {.rsa_min = 2048, .rsa_max = 4096, .curves = "P-256 P-384 P-521"},
     .form = SERVICE_BASE64,
     .suffix = "b64",
     .next =
         "oci kms management key import --wrapped-import-key "
         "'{\"keyMaterial\": \"'$(cat %f)'\", \"wrappingAlgorithm\": \"RSA_OAEP_AES_SHA256\"}'"},
    {.name = "rsa-aes",
     .title = "CKM_RSA_AES_KEY_WRAP",
     .hashes = SHA256 | SHA1,
     .bits_min = 2048,
     .bits_max = 4096,
     .blob = ALL,
     .form = SERVICE_RAW,
     .suffix = "bin",
     .next = "C_UnwrapKey with CKM_RSA_AES_KEY_WRAP, an AES key of 256 bits and OAEP with %h: %f"},
    {.name = "rsa-oaep",
     .title = "RSA-OAEP",
     .hashes = SHA256 | SHA1,
     .bits_min = 2048,
     .bits_max = 4096,
     .direct = SECRETS | KIND(DES3),
     .form = SERVICE_RAW,
     .suffix = "bin",
     .next = "openssl pkeyutl -decrypt -inkey PRIVATE-KEY -pkeyopt rsa_padding_mode:oaep "
             "-pkeyopt rsa_oaep_md:%m -in %f"},
};
enum { SERVICES = sizeof services / sizeof services[0] };

const struct service *service_at(size_t i)
{
    return i < SERVICES ? &services[i] : NULL;
}

const struct service *service_find(const char *name)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (strcmp(services[i].name, name) == 0)
            return &services[i];
    return NULL;
}

bool service_takes(const struct service *service, const struct key_desc *key, enum key_route route,
                   struct err *err)
{
    const uint32_t kind = UINT32_C(1) << key->kind;
    const uint32_t taken = route == ROUTE_DIRECT ? service->direct : service->blob;

    if (!((service->blob | service->direct) & kind))
        return err_set(err, ERR_UNSUPPORTED, "%s takes no %s key as a file", service->title,
                       key_kind_name(key->kind));
    if (key->kind == KEY_KIND_AES && service->aes_bits && key->bits &&
        key->bits != service->aes_bits)
        return err_set(err, ERR_UNSUPPORTED, "%s takes AES keys of %u bits only, not of %u",
                       service->title, service->aes_bits, key->bits);
    if (key->kind == KEY_KIND_GENERIC && key->length && key->length < service->secret_min)
        return err_set(err, ERR_UNSUPPORTED, "%s takes no secret of fewer than %u bytes",
                       service->title, service->secret_min);
    return (taken & kind) ||
           err_set(err, ERR_UNSUPPORTED, "%s takes no %s key %s", service->title,
                   key_kind_name(key->kind),
                   route == ROUTE_DIRECT ? "directly under its wrapping key" : "under an AES key");
}

/* What stands for one of the letters; NULL: none does. */
static const char *word_for(char letter, enum hsm_alg oaep, const char *file, const char *token)
{
    const bool sha1 = oaep == HSM_RSA_OAEP_SHA1;

    switch (letter) {
    case 'f':
        return file;
    case 't':
        return token ? token : "IMPORT-TOKEN";
    case 'h':
        return sha1 ? "SHA1" : "SHA256";
    case 'm':
        return sha1 ? "sha1" : "sha256";
    default:
        return NULL;
    }
}

void service_next(const struct service *service, enum hsm_alg oaep, const char *file,
                  const char *token, char *out, size_t size)
{
    size_t len = 0;

    out[0] = '\0';
    for (const char *at = service->next; *at && len + 1 < size; at++) {
        const char *word = at[0] == '%' ? word_for(at[1], oaep, file, token) : NULL;
        len += word ? text_print(out + len, size - len, "%s", word)
                    : text_print(out + len, size - len, "%c", *at);
        at += word != NULL;
    }
}
