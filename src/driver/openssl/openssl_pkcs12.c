/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/openssl/openssl_pkcs12.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "base/text.h"

enum { DEPTH_MAX = 4 }; /* of bags in bags */

/* A passphrase as OpenSSL takes it. An empty one has two forms in PKCS#12: two zero octets, and
 * none at all (data NULL). */
struct phrase {
    const char *data;
    int len;
};

/* While a file is read. */
struct walk {
    const struct item_source *from;
    struct phrase phrase;
    size_t only, number;
    item_fn *visit;
    void *ctx;
};

static PKCS12 *read_file(const struct item_source *from)
{
    const unsigned char *at = from->text->data;
    PKCS12 *file = PKCS12_init_ex(NID_pkcs7_data, from->libctx, NULL);

    return file ? d2i_PKCS12(&file, &at, (long)from->text->len) : NULL;
}

bool pkcs12_is(const struct item_source *from)
{
    PKCS12 *file = read_file(from);
    bool is = file;

    PKCS12_free(file);
    ERR_clear_error();
    return is;
}

static struct phrase phrase_of(const struct secret *passphrase)
{
    return passphrase && passphrase->len
               ? (struct phrase){(const char *)passphrase->data, (int)passphrase->len}
               : (struct phrase){"", 0};
}

static bool is_right(PKCS12 *file, struct phrase *phrase)
{
    if (PKCS12_verify_mac(file, phrase->data, phrase->len) == 1)
        return true;
    if (phrase->len > 0 || PKCS12_verify_mac(file, NULL, 0) != 1)
        return false;
    phrase->data = NULL;
    return true;
}

bool pkcs12_closed(const struct item_source *from)
{
    PKCS12 *file = read_file(from);
    struct phrase phrase = phrase_of(NULL);
    bool open = file && PKCS12_mac_present(file) && is_right(file, &phrase);

    PKCS12_free(file);
    ERR_clear_error();
    return !open;
}

/* --- bags --- */

static void take_key(const struct walk *w, PKCS12_SAFEBAG *bag, struct item *item)
{
    const bool closed = PKCS12_SAFEBAG_get_nid(bag) == NID_pkcs8ShroudedKeyBag;
    PKCS8_PRIV_KEY_INFO *info = NULL;
    const ASN1_OBJECT *algorithm;

    ERR_clear_error();
    if (closed)
        info = PKCS12_decrypt_skey_ex(bag, w->phrase.data, w->phrase.len, w->from->libctx, NULL);
    const PKCS8_PRIV_KEY_INFO *is = closed ? info : PKCS12_SAFEBAG_get0_p8inf(bag);
    if (!is) {
        item->fault = item_fault_of(closed);
    } else {
        item->private = EVP_PKCS82PKEY_ex(is, w->from->libctx, NULL);
        item->fault = item->private ? ITEM_READ : ITEM_DAMAGED;
        if (!item->private && PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, is))
            OBJ_obj2txt(item->type, sizeof item->type, algorithm, 0);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    ERR_clear_error();
}

static void take_other(PKCS12_SAFEBAG *bag, struct item *item)
{
    if (PKCS12_SAFEBAG_get_nid(bag) != NID_certBag)
        return;
    item->certificate = PKCS12_SAFEBAG_get1_cert(bag);
    item->fault = item->certificate ? ITEM_READ : ITEM_DAMAGED;
    ERR_clear_error();
}

static void set_names(PKCS12_SAFEBAG *bag, char **label, struct item *item)
{
    const ASN1_TYPE *id = PKCS12_SAFEBAG_get0_attr(bag, NID_localKeyID);

    item->label = *label = PKCS12_get_friendlyname(bag);
    if (id && id->type == V_ASN1_OCTET_STRING) {
        item->id = ASN1_STRING_get0_data(id->value.octet_string);
        item->id_len = (size_t)ASN1_STRING_length(id->value.octet_string);
    }
}

static bool visit_leaf(struct walk *w, PKCS12_SAFEBAG *bag, struct err *err)
{
    const int nid = PKCS12_SAFEBAG_get_nid(bag);
    struct item item = {.number = ++w->number};
    char *label = NULL;
    bool ok;

    if (w->number > ITEMS_MAX)
        return err_set(err, ERR_DATA, "the key file holds more than %d items", ITEMS_MAX);
    if (w->only != ITEM_ALL && w->only != w->number)
        return true;
    text_print(item.type, sizeof item.type, "%s", OBJ_nid2sn(nid));
    set_names(bag, &label, &item);
    if (nid == NID_keyBag || nid == NID_pkcs8ShroudedKeyBag)
        take_key(w, bag, &item);
    else
        take_other(bag, &item);
    ok = w->visit(w->ctx, &item, err);
    EVP_PKEY_free(item.private);
    X509_free(item.certificate);
    OPENSSL_free(label);
    return ok;
}

static bool visit_bags(struct walk *w, const STACK_OF(PKCS12_SAFEBAG) * bags, unsigned depth,
                       struct err *err)
{
    for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
        PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);
        bool nest = PKCS12_SAFEBAG_get_nid(bag) == NID_safeContentsBag;
        if (nest && depth == DEPTH_MAX)
            return err_set(err, ERR_DATA, "the PKCS#12 file holds more than %d bags in each other",
                           DEPTH_MAX);
        if (!(nest ? visit_bags(w, PKCS12_SAFEBAG_get0_safes(bag), depth + 1, err)
                   : visit_leaf(w, bag, err)))
            return false;
    }
    return true;
}

/* --- the file --- */

static bool fail(enum item_fault fault, struct err *err)
{
    if (fault == ITEM_CIPHER) {
        err_set(err, ERR_UNSUPPORTED, "OpenSSL does not know a cipher or hash of the key file");
        return err_next(err, "Install OpenSSL's legacy provider, or convert the file with: openssl "
                             "pkcs12 -in OLD -out KEYS, on the host that it comes from");
    }
    if (fault == ITEM_DENIED) {
        err_set(err, ERR_DENIED, "wrong passphrase for the key file, or it was altered");
        return err_now(err, "One attempt was made; it is not repeated");
    }
    return err_set(err, ERR_DATA, "the PKCS#12 file is damaged, or of a form without a passphrase");
}

static bool check_mac(struct walk *w, PKCS12 *file, struct err *err)
{
    ERR_clear_error();
    /* Reading again, only the form of an empty passphrase is not known. */
    if ((!w->from->verify && w->phrase.len > 0) || !PKCS12_mac_present(file) ||
        is_right(file, &w->phrase))
        return true;
    return fail(item_fault_of(true), err);
}

static bool visit_safe(struct walk *w, PKCS7 *safe, struct err *err)
{
    const bool closed = PKCS7_type_is_encrypted(safe);
    STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
    bool ok;

    ERR_clear_error();
    if (PKCS7_type_is_data(safe))
        bags = PKCS12_unpack_p7data(safe);
    else if (closed)
        bags = PKCS12_unpack_p7encdata(safe, w->phrase.data, w->phrase.len);
    ok = bags ? visit_bags(w, bags, 1, err) : fail(item_fault_of(closed), err);
    sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
    return ok;
}

bool pkcs12_visit(const struct item_source *from, size_t only, item_fn *visit, void *ctx,
                  struct err *err)
{
    struct walk w = {from, phrase_of(from->passphrase), only, 0, visit, ctx};
    PKCS12 *file = read_file(from);
    STACK_OF(PKCS7) *safes = NULL;
    bool ok = file && check_mac(&w, file, err);

    if (!file)
        fail(ITEM_DAMAGED, err);
    if (ok && !(safes = PKCS12_unpack_authsafes(file)))
        ok = fail(ITEM_DAMAGED, err);
    for (int i = 0; ok && i < sk_PKCS7_num(safes); i++)
        ok = visit_safe(&w, sk_PKCS7_value(safes, i), err);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    PKCS12_free(file);
    ERR_clear_error();
    return ok;
}
