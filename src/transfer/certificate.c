/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/certificate.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

bool certificate_spki(const struct bytes *der, struct bytes *spki, struct err *err)
{
    const unsigned char *at = der->data;
    X509 *x = der->len ? d2i_X509(NULL, &at, (long)der->len) : NULL;
    EVP_PKEY *pkey = x && at == der->data + der->len ? X509_get_pubkey(x) : NULL;
    unsigned char *made = NULL;
    int len = -1;
    bool ok;

    if (pkey && (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
                 EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                                "uncompressed") == 1))
        len = i2d_PUBKEY(pkey, &made);
    ok = len > 0 ? bytes_set(spki, made, (size_t)len, err)
                 : err_set(err, ERR_DATA,
                           "it is not one certificate in DER with a known public "
                           "key");
    OPENSSL_free(made);
    EVP_PKEY_free(pkey);
    X509_free(x);
    ERR_clear_error();
    return ok;
}
