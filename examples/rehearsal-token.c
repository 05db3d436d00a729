/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes and fills one of the two tokens of a rehearsal, with nothing but PKCS#11:
 *
 *     hsmferry-rehearsal-token source|destination MODULE PIN-FILE [PARAMETERS]
 *
 * The PIN is read from a file, so that it is in no command line. PARAMETERS are those of NSS's
 * softoken, whose token is a key database: they name its folder, and NSS's own API opens it too. If
 * there is no blank token, one called "old" or "new" is used, and its PIN is in the file; a kind of
 * key that it cannot generate is left out. What goes onto the tokens is in the tables
 * at the foot: keys are generated on the token; only the stored passwords, which are not keys by
 * nature, are put there.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>
#include <p11-kit/p11-kit.h>
#include <p11-kit/pkcs11.h>

#include "base/err.h"
#include "base/secret.h"

struct token {
    CK_FUNCTION_LIST *p11;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;
};

/* One thing to put on a token. */
struct recipe {
    bool (*make)(struct token *token, const struct recipe *recipe, struct err *err);
    const char *label;
    CK_BYTE id;
    CK_ULONG size;  /* bytes of a secret, bits of an RSA modulus or of a curve */
    bool stays;     /* may not leave the token */
    bool certified; /* with a certificate (RSA only) */
};

enum { TEMPLATE_MAX = 24, RSA_BITS_MAX = 4096, PASSWORD_MAX = 32, SO_PIN_BYTES = 16 };

struct template
{
    CK_ATTRIBUTE attributes[TEMPLATE_MAX];
    CK_ULONG count;
};

static bool answered(CK_RV rv, const char *call, const struct recipe *recipe, struct err *err)
{
    return rv == CKR_OK ||
           err_set_hsm(err, ERR_HSM, rv, NULL, "%s failed (object %02x of the rehearsal): %s", call,
                       recipe ? recipe->id : 0, p11_kit_strerror(rv));
}

/* --- templates: always whole, for what a token assumes of an attribute left out differs ------ */

/* value must outlive the template. */
static void add(struct template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    assert(t->count < TEMPLATE_MAX);
    t->attributes[t->count++] = (CK_ATTRIBUTE){type, (void *)value, len};
}

static void add_bool(struct template *t, CK_ATTRIBUTE_TYPE type, bool on)
{
    static const CK_BBOOL values[] = {CK_FALSE, CK_TRUE};

    add(t, type, &values[on], sizeof values[on]);
}

/* What every object here has: a name, and a place on the token. */
static void add_name(struct template *t, const struct recipe *recipe, bool private)
{
    add(t, CKA_LABEL, recipe->label, strlen(recipe->label));
    add(t, CKA_ID, &recipe->id, sizeof recipe->id);
    add_bool(t, CKA_TOKEN, true);
    add_bool(t, CKA_PRIVATE, private);
}

/* Says of every use of a secret or private key whether it has it; at most two are on. */
static void add_uses(struct template *t, bool secret, CK_ATTRIBUTE_TYPE on, CK_ATTRIBUTE_TYPE also)
{
    static const CK_ATTRIBUTE_TYPE uses[] = {CKA_DECRYPT, CKA_SIGN,   CKA_UNWRAP, CKA_DERIVE,
                                             CKA_ENCRYPT, CKA_VERIFY, CKA_WRAP};
    enum { OF_PRIVATE = 4 }; /* the others are those of its public half */

    for (size_t i = 0; i < (secret ? sizeof uses / sizeof *uses : OF_PRIVATE); i++)
        add_bool(t, uses[i], uses[i] == on || uses[i] == also);
}

static void add_guards(struct template *t, const struct recipe *recipe)
{
    add_bool(t, CKA_SENSITIVE, true);
    add_bool(t, CKA_EXTRACTABLE, !recipe->stays);
}

/* --- secret keys -------------------------------------------------------------------------------
 */

static bool make_secret(struct token *token, const struct recipe *recipe, CK_MECHANISM_TYPE how,
                        CK_ATTRIBUTE_TYPE use, CK_ATTRIBUTE_TYPE also, struct err *err)
{
    CK_MECHANISM mechanism = {how, NULL, 0};
    CK_OBJECT_HANDLE key;
    struct template t = {.count = 0};

    add_name(&t, recipe, true);
    add_guards(&t, recipe);
    add_uses(&t, true, use, also);
    add(&t, CKA_VALUE_LEN, &recipe->size, sizeof recipe->size);
    return answered(
        token->p11->C_GenerateKey(token->session, &mechanism, t.attributes, t.count, &key),
        "C_GenerateKey", recipe, err);
}

static bool make_kek(struct token *token, const struct recipe *recipe, struct err *err)
{
    return make_secret(token, recipe, CKM_AES_KEY_GEN, CKA_ENCRYPT, CKA_DECRYPT, err);
}

static bool make_hmac(struct token *token, const struct recipe *recipe, struct err *err)
{
    return make_secret(token, recipe, CKM_GENERIC_SECRET_KEY_GEN, CKA_SIGN, CKA_VERIFY, err);
}

/* A password is text that somebody chose, kept on the token as a secret without any use. */
static bool make_password(struct token *token, const struct recipe *recipe, struct err *err)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static const CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_BYTE value[PASSWORD_MAX];
    CK_OBJECT_HANDLE object;
    struct template t = {.count = 0};
    bool done;

    assert(recipe->size <= sizeof value);
    if (!answered(token->p11->C_GenerateRandom(token->session, value, recipe->size),
                  "C_GenerateRandom", recipe, err))
        return false;
    for (size_t i = 0; i < recipe->size; i++)
        value[i] = (CK_BYTE)letters[value[i] % 64];
    add(&t, CKA_CLASS, &class, sizeof class);
    add(&t, CKA_KEY_TYPE, &type, sizeof type);
    add_name(&t, recipe, true);
    add_guards(&t, recipe);
    add_uses(&t, true, CKA_CLASS, CKA_CLASS); /* none */
    add(&t, CKA_VALUE, value, recipe->size);
    done = answered(token->p11->C_CreateObject(token->session, t.attributes, t.count, &object),
                    "C_CreateObject", recipe, err);
    OPENSSL_cleanse(value, sizeof value);
    return done;
}

/* --- key pairs ---------------------------------------------------------------------------------
 */

struct pair {
    CK_OBJECT_HANDLE public_key, private_key;
};

/* public_half holds what this kind of pair is made from. */
static bool make_pair(struct token *token, const struct recipe *recipe, CK_MECHANISM_TYPE how,
                      struct template *public_half, struct pair *pair, struct err *err)
{
    CK_MECHANISM mechanism = {how, NULL, 0};
    struct template private_half = {.count = 0};

    add_name(public_half, recipe, false);
    add_bool(public_half, CKA_VERIFY, true);
    add_bool(public_half, CKA_ENCRYPT, false);
    add_bool(public_half, CKA_WRAP, false);
    add_name(&private_half, recipe, true);
    add_guards(&private_half, recipe);
    add_uses(&private_half, false, CKA_SIGN, CKA_SIGN);
    return answered(token->p11->C_GenerateKeyPair(token->session, &mechanism,
                                                  public_half->attributes, public_half->count,
                                                  private_half.attributes, private_half.count,
                                                  &pair->public_key, &pair->private_key),
                    "C_GenerateKeyPair", recipe, err);
}

static bool make_ec(struct token *token, const struct recipe *recipe, struct err *err)
{
    static const CK_BYTE p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const CK_BYTE p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
    struct template t = {.count = 0};
    struct pair pair;

    if (recipe->size == 256)
        add(&t, CKA_EC_PARAMS, p256, sizeof p256);
    else
        add(&t, CKA_EC_PARAMS, p384, sizeof p384);
    return make_pair(token, recipe, CKM_EC_KEY_PAIR_GEN, &t, &pair, err);
}

static const CK_BYTE rsa_exponent[] = {0x01, 0x00, 0x01};

static bool make_certificate(struct token *token, const struct recipe *recipe,
                             const struct pair *pair, struct err *err);

static bool make_rsa(struct token *token, const struct recipe *recipe, struct err *err)
{
    struct template t = {.count = 0};
    struct pair pair;

    add(&t, CKA_MODULUS_BITS, &recipe->size, sizeof recipe->size);
    add(&t, CKA_PUBLIC_EXPONENT, rsa_exponent, sizeof rsa_exponent);
    return make_pair(token, recipe, CKM_RSA_PKCS_KEY_PAIR_GEN, &t, &pair, err) &&
           (!recipe->certified || make_certificate(token, recipe, &pair, err));
}

/* --- a self-signed certificate, signed by the token --------------------------------------------
 */

static EVP_PKEY *rsa_public(const CK_BYTE *modulus, size_t len)
{
    BIGNUM *n = BN_bin2bn(modulus, (int)len, NULL);
    BIGNUM *e = BN_bin2bn(rsa_exponent, sizeof rsa_exponent, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    OSSL_PARAM *params = NULL;
    EVP_PKEY *key = NULL;

    if (n && e && build && ctx && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) &&
        (params = OSSL_PARAM_BLD_to_param(build)) && EVP_PKEY_fromdata_init(ctx) > 0 &&
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) <= 0)
        key = NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    return key;
}

/* The certificate of key, complete but for the signature: that is by a temporary key of the same
 * size, for OpenSSL fills in the algorithm's names only while it signs. */
static X509 *certificate_draft(EVP_PKEY *key, const char *name, unsigned bits)
{
    enum { YEAR_S = 365 * 24 * 60 * 60 };
    X509 *x509 = X509_new();
    EVP_PKEY *throwaway = EVP_RSA_gen(bits);
    X509_NAME *subject = x509 ? X509_get_subject_name(x509) : NULL;

    if (!subject || !throwaway || !X509_set_version(x509, X509_VERSION_3) ||
        !ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) ||
        !X509_gmtime_adj(X509_getm_notBefore(x509), 0) ||
        !X509_gmtime_adj(X509_getm_notAfter(x509), YEAR_S) ||
        !X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1,
                                    -1, 0) ||
        !X509_set_issuer_name(x509, subject) || !X509_set_pubkey(x509, key) ||
        !X509_sign(x509, throwaway, EVP_sha256())) {
        X509_free(x509);
        x509 = NULL;
    }
    EVP_PKEY_free(throwaway);
    return x509;
}

static bool store_certificate(struct token *token, const struct recipe *recipe, X509 *x509,
                              const CK_BYTE *der, size_t len, struct err *err)
{
    static const CK_OBJECT_CLASS class = CKO_CERTIFICATE;
    static const CK_CERTIFICATE_TYPE type = CKC_X_509;
    CK_BYTE *subject = NULL;
    CK_BYTE *serial = NULL;
    int subject_len = i2d_X509_NAME(X509_get_subject_name(x509), &subject);
    int serial_len = i2d_ASN1_INTEGER(X509_get_serialNumber(x509), &serial);
    CK_OBJECT_HANDLE object;
    struct template t = {.count = 0};
    bool done = subject_len > 0 && serial_len > 0;

    if (!done)
        err_set(err, ERR_FAILED, "OpenSSL cannot encode the certificate's names");
    add(&t, CKA_CLASS, &class, sizeof class);
    add(&t, CKA_CERTIFICATE_TYPE, &type, sizeof type);
    add_name(&t, recipe, false);
    add(&t, CKA_SUBJECT, subject, (size_t)subject_len);
    add(&t, CKA_ISSUER, subject, (size_t)subject_len);
    add(&t, CKA_SERIAL_NUMBER, serial, (size_t)serial_len);
    add(&t, CKA_VALUE, der, len);
    done =
        done && answered(token->p11->C_CreateObject(token->session, t.attributes, t.count, &object),
                         "C_CreateObject", recipe, err);
    OPENSSL_free(subject);
    OPENSSL_free(serial);
    return done;
}

static bool make_certificate(struct token *token, const struct recipe *recipe,
                             const struct pair *pair, struct err *err)
{
    CK_MECHANISM mechanism = {CKM_SHA256_RSA_PKCS, NULL, 0};
    CK_BYTE modulus[RSA_BITS_MAX / 8];
    CK_ATTRIBUTE wanted = {CKA_MODULUS, modulus, sizeof modulus};
    CK_ULONG size = recipe->size / 8;
    CK_FUNCTION_LIST *p11 = token->p11;
    EVP_PKEY *key = NULL;
    X509 *x509 = NULL;
    CK_BYTE *tbs = NULL;
    CK_BYTE *der = NULL;
    int tbs_len = 0;
    int der_len = 0;
    bool done = false;

    if (!answered(p11->C_GetAttributeValue(token->session, pair->public_key, &wanted, 1),
                  "C_GetAttributeValue", recipe, err))
        return false;
    if (wanted.ulValueLen != size || !(key = rsa_public(modulus, size)) ||
        !(x509 = certificate_draft(key, recipe->label, (unsigned)recipe->size)) ||
        (tbs_len = i2d_re_X509_tbs(x509, &tbs)) <= 0 || (der_len = i2d_X509(x509, &der)) <= 0) {
        err_set(err, ERR_FAILED, "OpenSSL cannot make the certificate");
        goto out;
    }
    /* The signature is the last field, and as long as the modulus. */
    done = answered(p11->C_SignInit(token->session, &mechanism, pair->private_key), "C_SignInit",
                    recipe, err) &&
           answered(p11->C_Sign(token->session, tbs, (CK_ULONG)tbs_len,
                                der + (size_t)der_len - size, &size),
                    "C_Sign", recipe, err) &&
           store_certificate(token, recipe, x509, der, (size_t)der_len, err);
out:
    OPENSSL_free(tbs);
    OPENSSL_free(der);
    X509_free(x509);
    EVP_PKEY_free(key);
    return done;
}

/* --- what is on the two tokens --------------------------------------------------------------- */

/* On a terminal: red, two lines, read backwards; and not UTF-8. It must arrive unchanged. */
static const char hostile_label[] = "\x1b[31mred\nall keys are safe \xe2\x80\xaetxt.exe\xff";

static const struct recipe source_recipes[] = {
    {.make = make_kek, .label = "archive-aes128", .id = 0x01, .size = 16},
    {.make = make_kek, .label = "backup-aes192", .id = 0x02, .size = 24},
    {.make = make_kek, .label = "payments-aes256", .id = 0x03, .size = 32},
    {.make = make_rsa, .label = "tls-rsa2048", .id = 0x04, .size = 2048, .certified = true},
    {.make = make_rsa, .label = "root-ca-rsa4096", .id = 0x05, .size = 4096},
    {.make = make_ec, .label = "code-sign-p256", .id = 0x06, .size = 256},
    {.make = make_ec, .label = "time-stamp-p384", .id = 0x07, .size = 384},
    {.make = make_hmac, .label = "log-hmac32", .id = 0x08, .size = 32},
    {.make = make_hmac, .label = "token-hmac64", .id = 0x09, .size = 64},
    {.make = make_password, .label = "db-password13", .id = 0x0a, .size = 13},
    {.make = make_password, .label = "ldap-password20", .id = 0x0b, .size = 20},
    {.make = make_kek, .label = "stays-aes256", .id = 0x0c, .size = 32, .stays = true},
    {.make = make_kek, .label = hostile_label, .id = 0x0d, .size = 32},
    {.make = NULL},
};

static const struct recipe destination_recipes[] = {
    {.make = make_rsa, .label = "resident-rsa2048", .id = 0xd1, .size = 2048},
    {.make = make_kek, .label = "resident-aes256", .id = 0xd2, .size = 32},
    {.make = NULL},
};

static const struct role {
    const char *name;
    const char *ready; /* label of a token that is there already, blanks to 32 characters ... */
    const char *label; /* ... and of one that is made */
    const struct recipe *recipes;
} roles[] = {
    {"source", "old                             ", "hsm-old                         ",
     source_recipes},
    {"destination", "new                             ", "hsm-new                         ",
     destination_recipes},
};

/* --- the token itself --------------------------------------------------------------------------
 */

/* A blank token if there is one, else the one of this role. */
static bool find_slot(struct token *token, const struct role *role, bool *blank, struct err *err)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = sizeof slots / sizeof *slots;
    CK_TOKEN_INFO info;

    if (!answered(token->p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList", NULL, err))
        return false;
    for (CK_ULONG i = 0; i < count; i++) {
        if (token->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK)
            continue;
        *blank = !(info.flags & CKF_TOKEN_INITIALIZED);
        if (*blank || memcmp(info.label, role->ready, sizeof info.label) == 0) {
            token->slot = slots[i];
            return true;
        }
    }
    return err_set(err, ERR_HSM, "There is no slot with a blank token, nor one called %s",
                   role->ready);
}

/* The security officer's PIN is random and forgotten: nobody needs it again. NSS knows no such
 * officer: who sets the first PIN of a database says nothing. */
static bool make_so_pin(bool nss, struct secret *so_pin, struct err *err)
{
    if (!secret_new(so_pin, SO_PIN_BYTES, err))
        return false;
    so_pin->len = nss ? 0 : SO_PIN_BYTES;
    return getentropy(so_pin->data, so_pin->len) == 0 ||
           err_set_errno(err, ERR_FAILED, errno, "No random numbers are available");
}

static bool open_session(struct token *token, struct err *err)
{
    return answered(token->p11->C_OpenSession(token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                              NULL, NULL, &token->session),
                    "C_OpenSession", NULL, err);
}

static bool log_in(struct token *token, CK_USER_TYPE who, const struct secret *pin, struct err *err)
{
    return answered(token->p11->C_Login(token->session, who, pin->data, pin->len), "C_Login", NULL,
                    err);
}

/* Initialises the blank token and leaves a session with the user logged in. */
static bool init_token(struct token *token, const struct role *role, bool nss,
                       const struct secret *pin, struct err *err)
{
    CK_FUNCTION_LIST *p11 = token->p11;
    struct secret so_pin = {0};
    CK_BYTE label[32];
    bool done = false;

    memcpy(label, role->label, sizeof label);
    done = make_so_pin(nss, &so_pin, err) &&
           answered(p11->C_InitToken(token->slot, so_pin.data, so_pin.len, label), "C_InitToken",
                    NULL, err) &&
           open_session(token, err) && log_in(token, CKU_SO, &so_pin, err) &&
           answered(p11->C_InitPIN(token->session, pin->data, pin->len), "C_InitPIN", NULL, err) &&
           answered(p11->C_Logout(token->session), "C_Logout", NULL, err) &&
           log_in(token, CKU_USER, pin, err);
    secret_free(&so_pin);
    return done;
}

/* CK_C_INITIALIZE_ARGS as NSS has it: with a string of its own before the reserved pointer. */
struct nss_arguments {
    void *mutexes[4];
    CK_FLAGS flags;
    char *parameters;
    void *reserved;
};

static bool make_keys(struct token *token, const struct recipe *recipes, struct err *err)
{
    for (const struct recipe *r = recipes; r->make; r++) {
        if (r->make(token, r, err))
            continue;
        if (err->hsm_code != CKR_MECHANISM_INVALID)
            return false;
        fprintf(stderr, "This token has no mechanism for all of %s; it goes without.\n", r->label);
        err_clear(err);
    }
    return true;
}

static bool make_token(const struct role *role, const char *module, const struct secret *pin,
                       char *parameters, struct err *err)
{
    struct nss_arguments nss = {.flags = CKF_OS_LOCKING_OK, .parameters = parameters};
    struct token token = {.p11 = p11_kit_module_load(module, P11_KIT_MODULE_UNMANAGED)};
    bool done, blank;

    if (!token.p11)
        return err_set(err, ERR_HSM, "%s cannot be loaded: %s", module, p11_kit_message());
    done = answered(token.p11->C_Initialize(parameters ? &nss : NULL), "C_Initialize", NULL, err);
    if (done) {
        done = find_slot(&token, role, &blank, err) &&
               (blank ? init_token(&token, role, parameters, pin, err)
                      : open_session(&token, err) && log_in(&token, CKU_USER, pin, err)) &&
               make_keys(&token, role->recipes, err);
        token.p11->C_Finalize(NULL); /* logs out, closes the session */
    }
    p11_kit_module_release(token.p11);
    return done;
}

static bool read_pin(const char *path, struct secret *pin, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len;

    if (!secret_new(pin, SECRET_PIN_MAX + 1, err))
        return false;
    len = fd < 0 ? -1 : read(fd, pin->data, pin->cap);
    if (len < 0)
        err_set_errno(err, ERR_NO_INPUT, errno, "%s cannot be read", path);
    if (fd >= 0)
        close(fd);
    if (len < 0)
        return false;
    pin->len = (size_t)len;
    if (pin->len > 0 && pin->data[pin->len - 1] == '\n')
        pin->len--;
    return secret_check_pin(pin, err);
}

static const struct role *role_find(const char *name)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

int main(int argc, char **argv)
{
    const struct role *role = argc == 4 || argc == 5 ? role_find(argv[1]) : NULL;
    struct secret pin = {0};
    struct err err = {0};
    char line[1024];

    if (!role) {
        fputs("usage: hsmferry-rehearsal-token source|destination MODULE PIN-FILE [PARAMETERS]\n",
              stderr);
        return err_exit(ERR_USAGE);
    }
    if (!read_pin(argv[3], &pin, &err) || !make_token(role, argv[2], &pin, argv[4], &err))
        fprintf(stderr, "hsmferry-rehearsal-token: %s\n", err_line(&err, line, sizeof line));
    secret_free(&pin);
    return err_exit(err.code);
}
