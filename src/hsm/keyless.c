/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/keyless.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

static bool is_digest(const struct bytes *challenge, const struct bytes *answer)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    return SHA256(challenge->data, challenge->len, digest) &&
           bytes_equal(answer, &(struct bytes){digest, sizeof digest});
}

static bool is_keyless_mac(const struct bytes *challenge, const struct bytes *answer)
{
    uint8_t mac[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof mac;

    return HMAC(EVP_sha256(), "", 0, challenge->data, challenge->len, mac, &len) &&
           bytes_equal(answer, &(struct bytes){mac, len});
}

/* Two different blocks are returned unchanged, or encrypted to the same block. */
static bool is_no_cipher(const struct bytes *challenge, const struct bytes *answer)
{
    size_t half = answer->len / 2;

    return bytes_equal(challenge, answer) || memcmp(answer->data, answer->data + half, half) == 0;
}

bool keyless_is(enum hsm_proof proof, const struct bytes *challenge, const struct bytes *answer)
{
    switch (proof) {
    case HSM_PROOF_AES_ECB:
    case HSM_PROOF_AES_DECRYPT:
        return is_no_cipher(challenge, answer);
    case HSM_PROOF_DIGEST:
        return is_digest(challenge, answer);
    default:
        return is_keyless_mac(challenge, answer);
    }
}
