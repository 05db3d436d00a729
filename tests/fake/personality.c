/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/personality.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* --- the words of where.params --- */

struct reading {
    struct personality *p;
    const char *value;
    struct err *err;
};

static bool bad(const struct reading *r, const char *what)
{
    return err_set(r->err, ERR_CONFIG, "fake HSM: \"%s\" is no %s", r->value, what);
}

static bool set_text(const struct reading *r, char *to, size_t size)
{
    size_t len = strlen(r->value);

    if (len >= size)
        return bad(r, "text that fits");
    memcpy(to, r->value, len + 1);
    return true;
}

static bool set_number(const struct reading *r, unsigned *to)
{
    return sscanf(r->value, "%u", to) == 1 || bad(r, "number");
}

static bool set_yes(const struct reading *r, bool *to)
{
    *to = strcmp(r->value, "yes") == 0;
    return *to || strcmp(r->value, "no") == 0 || bad(r, "yes or no");
}

static const char *kdf_at(unsigned i)
{
    return hsm_kdf_name((enum hsm_kdf)i);
}

/* A list of names, as the bits of the positions that name_at() gives them. */
static bool set_bits(const struct reading *r, const char *(*name_at)(unsigned), unsigned count,
                     uint32_t *to)
{
    char words[HSM_PATH_MAX], *rest = words;

    text_print(words, sizeof words, "%s", r->value);
    *to = 0;
    for (char *word; (word = strsep(&rest, ","));) {
        unsigned i = 0;
        while (i < count && strcmp(name_at(i), word) != 0)
            i++;
        if (i == count)
            return bad(r, "list of names");
        *to |= UINT32_C(1) << i;
    }
    return true;
}

static const char *flag_at(unsigned i)
{
    return hsm_slot_flag_name(UINT32_C(1) << i);
}

static const char *alg_at(unsigned i)
{
    return hsm_alg_name((enum hsm_alg)i);
}

static const char *proof_at(unsigned i)
{
    return hsm_proof_name((enum hsm_proof)i);
}

static const char *key_flag_at(unsigned i)
{
    return key_flag_name(UINT32_C(1) << i);
}

static bool set_meaning(const struct reading *r)
{
    char said[HSM_PATH_MAX], *done;
    unsigned a = 0, b = 0;

    text_print(said, sizeof said, "%s", r->value);
    done = strchr(said, ':');
    if (!done)
        return bad(r, "pair of algorithms");
    *done++ = '\0';
    while (a < HSM_ALGS && strcmp(alg_at(a), said) != 0)
        a++;
    while (b < HSM_ALGS && strcmp(alg_at(b), done) != 0)
        b++;
    if (a == HSM_ALGS || b == HSM_ALGS)
        return bad(r, "pair of algorithms");
    r->p->means[a] = (enum hsm_alg)b;
    return true;
}

static bool set_word(const struct reading *r, const char *name)
{
    struct personality *p = r->p;

    if (strcmp(name, "pin") == 0)
        return set_text(r, p->pin, sizeof p->pin);
    if (strcmp(name, "label") == 0)
        return set_text(r, p->label, sizeof p->label);
    if (strcmp(name, "serial") == 0)
        return set_text(r, p->serial, sizeof p->serial);
    if (strcmp(name, "keys") == 0)
        return set_text(r, p->keys, sizeof p->keys);
    if (strcmp(name, "tries") == 0)
        return set_number(r, &p->tries);
    if (strcmp(name, "bulk") == 0)
        return set_number(r, &p->bulk);
    if (strcmp(name, "flags") == 0)
        return set_bits(r, flag_at, HSM_SLOT_FLAGS, &p->flags);
    if (strcmp(name, "offers") == 0)
        return set_bits(r, alg_at, HSM_ALGS, &p->algs);
    if (strcmp(name, "proofs") == 0)
        return set_bits(r, proof_at, HSM_PROOFS, &p->proofs);
    if (strcmp(name, "means") == 0)
        return set_meaning(r);
    if (strcmp(name, "twin") == 0)
        return set_yes(r, &p->twin);
    if (strcmp(name, "exact") == 0 && strcmp(r->value, "lies") == 0) {
        p->exact = false;
        return true;
    }
    if (strcmp(name, "exact") == 0) {
        bool known = set_yes(r, &p->exact);
        p->says_exact = p->exact;
        return known;
    }
    if (strcmp(name, "kdf") == 0)
        return set_bits(r, kdf_at, HSM_KDFS, &p->kdfs);
    if (strcmp(name, "gcm") == 0)
        return set_yes(r, &p->gcm);
    if (strcmp(name, "takes") == 0)
        return set_yes(r, &p->takes);
    if (strcmp(name, "seed") == 0)
        return set_text(r, p->seed, sizeof p->seed);
    if (strcmp(name, "spki") == 0)
        return set_text(r, p->spki, sizeof p->spki);
    if (strcmp(name, "silent") == 0)
        return set_bits(r, key_flag_at, KEY_FLAGS, &p->silent);
    if (strcmp(name, "unreadable") == 0)
        return set_bits(r, key_flag_at, KEY_FLAGS, &p->unreadable);
    if (strcmp(name, "quick") == 0)
        return set_yes(r, &p->quick);
    if (strcmp(name, "loose") == 0)
        return set_yes(r, &p->loose);
    return fault_add(&p->faults, name, r->value, r->err);
}

bool personality_parse(const struct hsm_where *where, struct personality *p, struct err *err)
{
    char words[HSM_PATH_MAX], *rest = words;

    *p = (struct personality){
        .pin = "1234",
        .label = "fake",
        .serial = "1",
        .tries = 10,
        .algs = (1u << HSM_RSA_AES_SHA256) - 1, /* all but those of one blob */
        .proofs = (1u << HSM_PROOF_BYTES) - 1,
        .kdfs = (1u << HSM_KDFS) - 1,
        .exact = true,
        .says_exact = true,
        .takes = true,
        .gcm = true,
    };
    for (unsigned i = 0; i < HSM_ALGS; i++)
        p->means[i] = (enum hsm_alg)i;
    memcpy(p->path, where->module, sizeof p->path);
    memcpy(words, where->params, sizeof words);
    for (char *word; (word = strsep(&rest, ";"));) {
        char *name = strsep(&word, "=");
        if (name[0] == '\0')
            continue;
        struct reading r = {p, word ? word : "", err};
        err_set(err, ERR_CONFIG, "fake HSM: it knows no \"%s\"", name);
        if (!set_word(&r, name))
            return false;
    }
    return true;
}

/* --- the keys of a new token --- */

enum {
    GUARDS = KEY_PRIVATE | KEY_SENSITIVE | KEY_ALWAYS_SENSITIVE | KEY_EXTRACTABLE | KEY_MODIFIABLE |
             KEY_COPYABLE | KEY_DESTROYABLE | KEY_LOCAL | KEY_TOKEN,
    OPEN = KEY_MODIFIABLE | KEY_COPYABLE | KEY_DESTROYABLE | KEY_TOKEN,
};

/* A key to be made. */
struct spec {
    struct key_desc desc;
    unsigned size; /* octets or bits, by kind */
    struct bytes value;
    bool with_public, with_certificate, quick;
};

static const struct {
    const char *name;
    enum key_class class;
    enum key_kind kind;
    uint32_t flags;
} types[] = {
    {"aes", KEY_CLASS_SECRET, KEY_KIND_AES,
     GUARDS | KEY_ENCRYPT | KEY_DECRYPT | KEY_WRAP | KEY_UNWRAP},
    {"generic", KEY_CLASS_SECRET, KEY_KIND_GENERIC, GUARDS | KEY_SIGN | KEY_VERIFY},
    {"rsa", KEY_CLASS_PRIVATE, KEY_KIND_RSA, GUARDS | KEY_SIGN | KEY_DECRYPT},
    {"ec", KEY_CLASS_PRIVATE, KEY_KIND_EC, GUARDS | KEY_SIGN},
    {"cert", KEY_CLASS_CERTIFICATE, KEY_KIND_NONE, OPEN},
};

static bool read_type(const char *word, struct spec *spec)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t len = strlen(types[i].name);
        if (strncmp(word, types[i].name, len) == 0 &&
            strspn(word + len, "0123456789") == strlen(word + len)) {
            spec->desc = (struct key_desc){
                .class = types[i].class, .kind = types[i].kind, .flags = types[i].flags};
            spec->size = (unsigned)strtoul(word + len, NULL, 10);
            return true;
        }
    }
    return false;
}

static bool read_label(const char *word, struct spec *spec)
{
    uint8_t raw[KEY_LABEL_MAX];
    size_t len = 0;

    for (size_t room; *word; len++) {
        if (len == sizeof raw)
            return false;
        raw[len] = (uint8_t)*word++;
        if (raw[len] != '%')
            continue;
        char hex[3] = {word[0], word[0] ? word[1] : '\0', '\0'};
        room = 1;
        if (!text_unhex(hex, &raw[len], &room) || room != 1)
            return false;
        word += 2;
    }
    key_set_label(&spec->desc, raw, len);
    return true;
}

static bool read_flag(const char *word, struct spec *spec)
{
    if (strcmp(word, "+public") == 0) {
        spec->with_public = true;
        return true;
    }
    if (strcmp(word, "+certificate") == 0) {
        spec->with_certificate = true;
        return true;
    }
    for (unsigned i = 0; i < KEY_FLAGS; i++) {
        uint32_t flag = UINT32_C(1) << i;
        if (strcmp(key_flag_name(flag), word + 1) != 0)
            continue;
        if (word[0] == '+')
            spec->desc.flags |= flag;
        else
            spec->desc.flags &= ~flag;
        return true;
    }
    return false;
}

static bool read_option(const char *word, struct spec *spec)
{
    uint8_t raw[1024];
    size_t len = sizeof raw;

    if (word[0] == '+' || word[0] == '-')
        return read_flag(word, spec);
    if (strncmp(word, "id=", 3) == 0 && text_unhex(word + 3, raw, &len)) {
        key_set_id(&spec->desc, raw, len);
        return true;
    }
    return strncmp(word, "value=", 6) == 0 && text_unhex(word + 6, raw, &len) &&
           bytes_set(&spec->value, raw, len, NULL);
}

/* The key that the last token of this process had under this label, too. */
static EVP_PKEY *make_rsa(const struct spec *spec)
{
    static struct {
        unsigned size;
        char label[KEY_LABEL_MAX];
        size_t label_len;
        EVP_PKEY *pkey;
    } made[8];
    const struct key_desc *desc = &spec->desc;
    size_t i = 0;

    while (spec->quick && i < 8 && made[i].pkey &&
           (made[i].size != spec->size || made[i].label_len != desc->label_len ||
            memcmp(made[i].label, desc->label, desc->label_len) != 0))
        i++;
    if (!spec->quick || i == 8)
        return EVP_RSA_gen(spec->size);
    if (!made[i].pkey) {
        made[i].size = spec->size;
        made[i].label_len = desc->label_len;
        memcpy(made[i].label, desc->label, desc->label_len);
        made[i].pkey = EVP_RSA_gen(spec->size);
    }
    if (made[i].pkey)
        EVP_PKEY_up_ref(made[i].pkey);
    return made[i].pkey;
}

static EVP_PKEY *make_pkey(const struct spec *spec)
{
    char curve[16];

    if (spec->desc.kind == KEY_KIND_RSA)
        return make_rsa(spec);
    text_print(curve, sizeof curve, "P-%u", spec->size);
    return EVP_EC_gen(curve);
}

static bool add_secret(struct spec *spec, struct store *store, struct err *err)
{
    if (spec->desc.class == KEY_CLASS_SECRET && spec->value.len == 0 &&
        (spec->size > 1024 || !bytes_make(&spec->value, spec->size, err) ||
         RAND_bytes(spec->value.data, (int)spec->size) != 1))
        return false;
    return store_add(store, object_new(&spec->desc, spec->value.data, spec->value.len), NULL, err);
}

/* Signed by itself, with the label for a name. */
static bool add_certificate(const struct spec *spec, EVP_PKEY *pkey, struct store *store,
                            struct err *err)
{
    struct key_desc desc = spec->desc;
    X509 *x = X509_new();
    uint8_t *der = NULL;
    int len;

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    ASN1_TIME_set_string(X509_getm_notBefore(x), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(x), "20991231235959Z");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, desc.label,
                               (int)desc.label_len, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_set_pubkey(x, pkey);
    X509_sign(x, pkey, EVP_sha256());
    len = i2d_X509(x, &der);
    X509_free(x);
    desc.class = KEY_CLASS_CERTIFICATE;
    desc.kind = KEY_KIND_NONE;
    desc.flags = OPEN;
    bool ok = len > 0 && store_add(store, object_new(&desc, der, (size_t)len), NULL, err);
    OPENSSL_free(der);
    return ok;
}

static bool add_pair(const struct spec *spec, struct store *store, struct err *err)
{
    EVP_PKEY *pkey = make_pkey(spec);
    struct key_desc public = spec->desc;

    if (!pkey)
        return false;
    if (!store_add(store, object_of(&spec->desc, pkey), NULL, err) ||
        (spec->with_certificate && !add_certificate(spec, pkey, store, err)))
        return false;
    if (!spec->with_public)
        return true;
    EVP_PKEY_up_ref(pkey);
    public.class = KEY_CLASS_PUBLIC;
    public.flags = OPEN | KEY_VERIFY;
    return store_add(store, object_of(&public, pkey), NULL, err);
}

static bool add_key(const struct personality *p, char *word, struct store *store, struct err *err)
{
    struct spec spec = {0};
    char *type = strsep(&word, ":"), *label = strsep(&word, ":");

    bool ok = label && read_type(type, &spec) && read_label(label, &spec);
    spec.quick = p->quick;
    for (char *option; ok && (option = strsep(&word, ":"));)
        ok = read_option(option, &spec);
    ok = ok && (spec.desc.class == KEY_CLASS_PRIVATE ? add_pair(&spec, store, err)
                                                     : add_secret(&spec, store, err));
    bytes_free(&spec.value);
    return ok ||
           err_set(err, ERR_CONFIG, "fake HSM: \"%s:%s\" is no key", type, label ? label : "");
}

static bool add_bulk(const struct personality *p, struct store *store, struct err *err)
{
    char word[32];

    for (unsigned i = 1; i <= p->bulk; i++) {
        text_print(word, sizeof word, "aes32:bulk-%05u", i);
        if (!add_key(p, word, store, err))
            return false;
    }
    return true;
}

bool personality_fill(const struct personality *p, struct store *store, struct err *err)
{
    char words[sizeof p->keys], *rest = words;

    memcpy(words, p->keys, sizeof words);
    for (char *word; p->keys[0] && (word = strsep(&rest, ","));)
        if (!add_key(p, word, store, err))
            return false;
    return add_bulk(p, store, err);
}

void personality_capabilities(const struct personality *p, struct hsm_capabilities *caps)
{
    *caps = (struct hsm_capabilities){
        .proofs = p->proofs,
        .exact_length = p->says_exact ? HSM_YES : HSM_NO,
        .takes_length = p->takes ? HSM_YES : HSM_NO,
        .can_copy = true,
        .lost_templates = (1u << KEY_TEMPLATES) - 1,
        .unreadable = p->unreadable,
        .op_calls = {[HSM_MAKE_PAIR] = "fake make pair",
                     [HSM_LOAD_PUBLIC] = "fake load public",
                     [HSM_MAKE_KEK] = "fake make aes",
                     [HSM_COMMIT] = "fake commit",
                     [HSM_READ_PUBLIC] = "fake read",
                     [HSM_MAKE_PUBLIC] = "fake make public",
                     [HSM_MAKE_EVIDENCE_KEY] = "fake make evidence key",
                     [HSM_MAKE_AGREEMENT_PAIR] = "fake make agreement pair",
                     [HSM_MAKE_KEM_PAIR] = "fake make KEM pair",
                     [HSM_ENCAPSULATE] = "fake encapsulate"},
        .evidence = {.wrap = p->gcm,
                     .unwrap = p->gcm,
                     .mechanism = 0x1087,
                     .wrap_call = "fake encrypt",
                     .unwrap_call = "fake decrypt"},
    };
    text_print(caps->evidence.reason, sizeof caps->evidence.reason, "%s",
               p->gcm ? "this fake speaks it" : "this fake was told not to speak it");
    for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
        text_print(caps->proof_calls[proof], HSM_CALL_MAX, "fake %s", hsm_proof_name(proof));
    for (unsigned i = 0; i < HSM_ALGS; i++) {
        struct hsm_capability *capability = &caps->alg[i];
        capability->wrap = capability->unwrap = p->algs & (1u << i);
        capability->mechanism = wrap_is_agreed((enum hsm_alg)i) && capability->wrap ? 0x1050 : 0;
        capability->kdfs = capability->wrap ? p->kdfs & hsm_kdfs_of((enum hsm_alg)i) : 0;
        text_print(capability->wrap_call, sizeof capability->wrap_call, "fake wrap %s", alg_at(i));
        text_print(capability->unwrap_call, sizeof capability->unwrap_call, "fake unwrap %s",
                   alg_at(i));
        text_print(capability->reason, sizeof capability->reason, "%s",
                   capability->wrap ? "this fake speaks it" : "this fake was told not to speak it");
    }
}
