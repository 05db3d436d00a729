/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/transports.h"

#include <inttypes.h>

#include "base/text.h"
#include "plan/strength.h"

#define BIT(alg) (UINT32_C(1) << (alg))

const struct transport_kind_row transport_kinds[TRANSPORTS] = {
    [TRANSPORT_ECDH_P521] = {"ecdh-p521", "ECDH on P-521", BIT(HSM_ECDH_P521)},
    [TRANSPORT_ML_KEM_1024] = {"ml-kem-1024", "ML-KEM-1024", BIT(HSM_ML_KEM_1024)},
    [TRANSPORT_HYBRID] = {"ecdh-p384+ml-kem-768", "ECDH on P-384 with ML-KEM-768",
                          BIT(HSM_ECDH_P384_ML_KEM_768)},
    [TRANSPORT_ECDH_P384] = {"ecdh-p384", "ECDH on P-384", BIT(HSM_ECDH_P384)},
    [TRANSPORT_ML_KEM_768] = {"ml-kem-768", "ML-KEM-768", BIT(HSM_ML_KEM_768)},
    [TRANSPORT_ECDH_P256] = {"ecdh-p256", "ECDH on P-256", BIT(HSM_ECDH_P256)},
    [TRANSPORT_RSA_OAEP] = {"rsa-oaep", "RSA-OAEP",
                            BIT(HSM_RSA_OAEP_SHA256) | BIT(HSM_RSA_OAEP_SHA1) |
                                BIT(HSM_RSA_AES_SHA256) | BIT(HSM_RSA_AES_SHA1)},
};

enum transport_kind transport_of(enum hsm_alg alg)
{
    enum transport_kind kind = 0;

    while (kind < TRANSPORT_RSA_OAEP && !(transport_kinds[kind].algs & BIT(alg)))
        kind++;
    return kind;
}

/* The first alg of a row determines its pair. */
static enum hsm_alg first_alg(enum transport_kind kind)
{
    enum hsm_alg alg = 0;

    while (!(transport_kinds[kind].algs & BIT(alg)))
        alg++;
    return alg;
}

bool transport_is_post_quantum(enum transport_kind kind)
{
    return wrap_is_post_quantum(first_alg(kind));
}

/* Category 5 is measured by AES-256, category 3 by AES-192. */
static unsigned kem_strength(uint32_t set)
{
    return set >= 1024 ? 256 : set >= 768 ? 192 : 0;
}

unsigned transport_strength(enum transport_kind kind, uint32_t rsa_bits)
{
    const enum hsm_alg alg = first_alg(kind);
    const unsigned kem = kem_strength(wrap_alg(alg)->kem),
                   curve = wrap_alg(alg)->curve ? strength_of(KEY_KIND_EC, wrap_alg(alg)->bits) : 0;

    if (!wrap_is_agreed(alg))
        return strength_of(KEY_KIND_RSA, rsa_bits);
    return kem > curve ? kem : curve;
}

char *transport_pair_text(enum hsm_alg alg, uint32_t bits, char *out)
{
    const struct wrap_alg *a = wrap_alg(alg);

    if (a->curve && a->kem)
        text_print(out, TRANSPORT_TEXT, "EC %s, ML-KEM-%u", a->curve, a->kem);
    else if (a->kem)
        text_print(out, TRANSPORT_TEXT, "ML-KEM-%u", a->kem);
    else if (a->curve)
        text_print(out, TRANSPORT_TEXT, "EC %s", a->curve);
    else
        text_print(out, TRANSPORT_TEXT, "RSA %" PRIu32, bits);
    return out;
}

const char *transport_crosses(enum hsm_alg alg)
{
    const struct wrap_alg *a = wrap_alg(alg);

    if (a->kem)
        return a->curve ? "public keys and ciphertext" : "public key and ciphertext";
    return a->curve ? "both public keys" : NULL;
}
