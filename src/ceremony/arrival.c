/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/arrival.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/sha.h>

#include "hsm/spki.h"

/* --- the file --- */

/* The text without blanks; empty: it is no base64. 256 random octets are never such a text. */
static bool as_base64(const struct bytes *file, struct bytes *text, struct err *err)
{
    if (!bytes_make(text, file->len, err))
        return false;
    text->len = 0;
    for (size_t i = 0; i < file->len; i++) {
        if (isspace(file->data[i]))
            continue;
        if (!isalnum(file->data[i]) && !strchr("+/=", file->data[i] ? file->data[i] : 'n')) {
            text->len = 0;
            return true;
        }
        text->data[text->len++] = file->data[i];
    }
    return true;
}

static bool decode(const struct bytes *text, struct bytes *out, struct err *err)
{
    size_t padding = 0;
    int len;

    while (padding < 2 && padding < text->len && text->data[text->len - 1 - padding] == '=')
        padding++;
    if (!bytes_make(out, text->len, err))
        return false;
    len = EVP_DecodeBlock(out->data, text->data, (int)text->len);
    if (len < (int)padding)
        return err_set(err, ERR_DATA, "the file is neither a ciphertext nor its base64");
    out->len = (size_t)len - padding;
    return true;
}

bool arrival_take(struct arrival *arrival, const struct bytes *file, struct err *err)
{
    struct bytes text = {0};
    bool ok;

    if (file->len == 0 || file->len > ARRIVAL_FILE_MAX)
        return err_set(err, ERR_DATA, "a wrapped key has 1 to %d bytes, and the file %zu",
                       ARRIVAL_FILE_MAX, file->len);
    SHA256(file->data, file->len, arrival->sha256);
    arrival->bytes = file->len;
    ok = as_base64(file, &text, err) &&
         (text.len > 0 ? decode(&text, &arrival->blob, err)
                       : bytes_set(&arrival->blob, file->data, file->len, err));
    bytes_free(&text);
    return ok;
}

/* --- the public half --- */

static const char *curve_of(EVP_PKEY *pkey, char *out, size_t size)
{
    size_t len = 0;
    const char *nist;

    if (EVP_PKEY_get_group_name(pkey, out, size, &len) != 1)
        return "";
    nist = EC_curve_nid2nist(OBJ_sn2nid(out));
    return nist ? nist : out;
}

static bool is_of_kind(EVP_PKEY *pkey, const struct key_desc *key)
{
    char curve[KEY_CURVE_MAX];

    if (key->kind == KEY_KIND_RSA)
        return EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA &&
               EVP_PKEY_get_bits(pkey) == (int)key->bits;
    return key->kind == KEY_KIND_EC && EVP_PKEY_get_base_id(pkey) == EVP_PKEY_EC &&
           strcmp(curve_of(pkey, curve, sizeof curve), key->curve) == 0;
}

bool arrival_take_public(struct arrival *arrival, const struct bytes *spki, struct err *err)
{
    struct key_desc *key = &arrival->key;
    EVP_PKEY *pkey = spki_read(spki);
    const bool ok = pkey && is_of_kind(pkey, key);
    char type[KEY_TYPE_TEXT];

    if (ok && key->kind == KEY_KIND_EC)
        key->bits = (uint32_t)EVP_PKEY_get_bits(pkey);
    EVP_PKEY_free(pkey);
    ERR_clear_error();
    if (!ok) {
        err_set(err, ERR_DATA, "the public key is not one of an %s key", key_type_text(key, type));
        return err_next(err, "Compare \"kind\" and \"public-key\" in the ceremony file.");
    }
    key->has_public = true;
    SHA256(spki->data, spki->len, key->spki_sha256);
    return bytes_set(&arrival->spki, spki->data, spki->len, err);
}

void arrival_free(struct arrival *arrival)
{
    bytes_free(&arrival->blob);
    bytes_free(&arrival->spki);
}

/* --- its offer --- */

static bool is_for_service(const struct visit_past *past, const uint8_t ceremony[SHA256_SIZE])
{
    return past->for_service && past->has_pair && !past->begun[VISIT_WITHDRAW] &&
           past->written[SEALED_OFFER][SEALED_STAGE_OFFER].is &&
           memcmp(past->ceremony, ceremony, SHA256_SIZE) == 0;
}

static const struct visit_past *none(struct err *err, const struct visit_past *used)
{
    char hex[2 * SHA256_SIZE + 1];

    if (used) {
        err_set(err, ERR_DENIED, "the offer took another file, with sha256 %s",
                text_hex(used->returned.sha256, SHA256_SIZE, hex));
        err_now(err, "Nothing was opened");
        err_next(err, "Use that file; or make a new offer, and let the service wrap the key again");
        return NULL;
    }
    err_set(err, ERR_NO_INPUT,
            "no offer of this ceremony file waits for the file of a key service");
    err_now(err, "Nothing was opened");
    err_next(err, "Make one with hsmferry offer --pem; accept needs its report folder");
    return NULL;
}

const struct visit_past *arrival_offer(const struct visit_pasts *pasts,
                                       const uint8_t ceremony[SHA256_SIZE],
                                       const struct arrival *arrival, struct err *err)
{
    const struct visit_past *found = NULL, *used = NULL;

    for (size_t i = 0; i < pasts->count; i++) {
        const struct visit_past *past = &pasts->at[i];
        if (!is_for_service(past, ceremony))
            continue;
        if (past->returned.is) {
            if (memcmp(past->returned.sha256, arrival->sha256, SHA256_SIZE) == 0)
                return past;
            used = past;
            continue;
        }
        if (found) {
            err_set(err, ERR_CONFLICT, "two offers wait for a key service: %s and %s",
                    found->migration, past->migration);
            err_now(err, "Nothing was opened");
            err_next(err, "Withdraw the one whose public key the service did not use");
            return NULL;
        }
        found = past;
    }
    return found ? found : none(err, used);
}
