/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/softhsm/tokens.h"

#include <dlfcn.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *tokens_module(void)
{
    static const char *const places[] = {"/usr/lib/softhsm/libsofthsm2.so",
                                         "/usr/lib64/softhsm/libsofthsm2.so",
                                         "/usr/local/lib/softhsm/libsofthsm2.so"};

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
    return NULL;
}

const char *tokens_dialect(void)
{
    static char path[512];
    const char *top = getenv("abs_top_srcdir");

    snprintf(path, sizeof path, "%s/dialects/softhsm.yaml", top ? top : ".");
    return path;
}

static CK_FUNCTION_LIST *load(const char *module)
{
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *fn = NULL;
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;

    if (!symbol)
        return NULL;
    memcpy(&get, &symbol, sizeof get);
    return get(&fn) == CKR_OK ? fn : NULL;
}

static bool write_configuration(const struct tokens *t)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/tokens", t->dir);
    if (mkdir(path, 0700) != 0)
        return false;
    snprintf(path, sizeof path, "%s/softhsm2.conf", t->dir);
    file = fopen(path, "w");
    if (!file)
        return false;
    fprintf(file,
            "directories.tokendir = %s/tokens\nobjectstore.backend = file\n"
            "log.level = ERROR\n",
            t->dir);
    return fclose(file) == 0 && setenv("SOFTHSM2_CONF", path, 1) == 0;
}

/* SoftHSM always has one slot more than tokens, the last one; a new token gets a slot by its serial
 * number at the next start. */
static bool make_token(CK_FUNCTION_LIST *fn, const char *label)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;
    CK_SESSION_HANDLE session;
    CK_UTF8CHAR padded[32];
    bool ok;

    memset(padded, ' ', sizeof padded);
    memcpy(padded, label, strlen(label));
    if (fn->C_Initialize(NULL) != CKR_OK)
        return false;
    ok = fn->C_GetSlotList(CK_FALSE, slots, &count) == CKR_OK && count > 0 &&
         fn->C_InitToken(slots[count - 1], (CK_UTF8CHAR *)TOKENS_SO_PIN, strlen(TOKENS_SO_PIN),
                         padded) == CKR_OK &&
         fn->C_OpenSession(slots[count - 1], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                           &session) == CKR_OK &&
         fn->C_Login(session, CKU_SO, (CK_UTF8CHAR *)TOKENS_SO_PIN, strlen(TOKENS_SO_PIN)) ==
             CKR_OK &&
         fn->C_InitPIN(session, (CK_UTF8CHAR *)TOKENS_PIN, strlen(TOKENS_PIN)) == CKR_OK;
    return fn->C_Finalize(NULL) == CKR_OK && ok;
}

static bool find_slot(CK_FUNCTION_LIST *fn, const char *label, CK_SLOT_ID *slot)
{
    CK_SLOT_ID slots[8];
    CK_ULONG count = 8;

    if (fn->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return false;
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (fn->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            memcmp(info.label, label, strlen(label)) == 0) {
            *slot = slots[i];
            return true;
        }
    }
    return false;
}

bool tokens_make(struct tokens *t)
{
    const char *module = tokens_module();
    CK_FUNCTION_LIST *fn;
    bool ok;

    *t = (struct tokens){.dir = "/tmp/hsmferry-tokens.XXXXXX"};
    if (!module || !mkdtemp(t->dir) || !write_configuration(t))
        return false;
    snprintf(t->module, sizeof t->module, "%s", module);
    fn = load(module);
    if (!fn || !make_token(fn, "old") || !make_token(fn, "new") || fn->C_Initialize(NULL) != CKR_OK)
        return false;
    ok = find_slot(fn, "old", &t->slot[TOKENS_OLD]) && find_slot(fn, "new", &t->slot[TOKENS_NEW]);
    return fn->C_Finalize(NULL) == CKR_OK && ok;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st, (void)type, (void)where;
    return remove(path);
}

void tokens_remove(struct tokens *t)
{
    nftw(t->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

bool tokens_enter(const struct tokens *t, enum tokens_side side, struct tokens_session *s)
{
    CK_RV rv;

    s->fn = load(t->module);
    if (!s->fn)
        return false;
    rv = s->fn->C_Initialize(NULL);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return false;
    if (s->fn->C_OpenSession(t->slot[side], CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                             &s->session) != CKR_OK)
        return false;
    rv = s->fn->C_Login(s->session, CKU_USER, (CK_UTF8CHAR *)TOKENS_PIN, strlen(TOKENS_PIN));
    return rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN;
}

void tokens_leave(struct tokens_session *s)
{
    s->fn->C_CloseSession(s->session);
    s->fn->C_Finalize(NULL);
}

/* --- objects --- */

struct recipe {
    CK_ATTRIBUTE attr[24];
    CK_ULONG count;
};

static void add(struct recipe *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    t->attr[t->count++] = (CK_ATTRIBUTE){type, (void *)value, len};
}

static void add_bool(struct recipe *t, CK_ATTRIBUTE_TYPE type, bool value)
{
    static const CK_BBOOL values[] = {CK_FALSE, CK_TRUE};

    add(t, type, &values[value], 1);
}

static void add_name(struct recipe *t, const void *label, size_t label_len, const uint8_t *id)
{
    add_bool(t, CKA_TOKEN, true);
    add(t, CKA_LABEL, label, label_len);
    add(t, CKA_ID, id, 1);
}

static void add_secrecy(struct recipe *t, const struct tokens_object *o)
{
    add_bool(t, CKA_PRIVATE, true);
    add_bool(t, CKA_SENSITIVE, true);
    add_bool(t, CKA_EXTRACTABLE, !o->unextractable);
    if (o->trusted_only)
        add_bool(t, CKA_WRAP_WITH_TRUSTED, true);
    if (o->unmodifiable)
        add_bool(t, CKA_MODIFIABLE, false);
    if (o->uncopyable)
        add_bool(t, CKA_COPYABLE, false);
}

CK_OBJECT_HANDLE tokens_put(struct tokens_session *s, const struct tokens_object *o)
{
    static const CK_ATTRIBUTE_TYPE uses[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,  CKA_VERIFY,
                                             CKA_WRAP,    CKA_UNWRAP,  CKA_DERIVE};
    struct recipe t = {0};
    CK_OBJECT_HANDLE handle = 0;

    add(&t, CKA_CLASS, &o->class, sizeof o->class);
    add_bool(&t, CKA_TOKEN, true);
    add(&t, CKA_LABEL, o->label, o->label_len);
    add(&t, CKA_VALUE, o->value, o->value_len);
    if (o->class == CKO_SECRET_KEY) {
        add(&t, CKA_KEY_TYPE, &o->type, sizeof o->type);
        add(&t, CKA_ID, &o->id, 1);
        add_secrecy(&t, o);
        for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
            add_bool(&t, uses[i], !o->unused);
    }
    return s->fn->C_CreateObject(s->session, t.attr, t.count, &handle) == CKR_OK ? handle : 0;
}

static CK_OBJECT_HANDLE put_pair(struct tokens_session *s, CK_MECHANISM_TYPE type,
                                 struct recipe *pub, const char *label, uint8_t id)
{
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_OBJECT_HANDLE public, private;
    struct recipe priv = {0};

    add_name(pub, label, strlen(label), &id);
    add_bool(pub, CKA_VERIFY, true);
    add_name(&priv, label, strlen(label), &id);
    add_secrecy(&priv, &(struct tokens_object){0});
    add_bool(&priv, CKA_SIGN, true);
    add_bool(&priv, CKA_DECRYPT, type == CKM_RSA_PKCS_KEY_PAIR_GEN);
    return s->fn->C_GenerateKeyPair(s->session, &mechanism, pub->attr, pub->count, priv.attr,
                                    priv.count, &public, &private) == CKR_OK
               ? private
               : 0;
}

CK_OBJECT_HANDLE tokens_put_rsa(struct tokens_session *s, CK_ULONG bits, const char *label,
                                uint8_t id)
{
    static const uint8_t exponent[] = {1, 0, 1};
    struct recipe pub = {0};

    add(&pub, CKA_MODULUS_BITS, &bits, sizeof bits);
    add(&pub, CKA_PUBLIC_EXPONENT, exponent, sizeof exponent);
    return put_pair(s, CKM_RSA_PKCS_KEY_PAIR_GEN, &pub, label, id);
}

CK_OBJECT_HANDLE tokens_put_ec(struct tokens_session *s, CK_MECHANISM_TYPE mechanism,
                               const uint8_t *oid, size_t oid_len, const char *label, uint8_t id)
{
    struct recipe pub = {0};

    add(&pub, CKA_EC_PARAMS, oid, oid_len);
    return put_pair(s, mechanism, &pub, label, id);
}
