/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bare.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const CK_BBOOL bools[] = {CK_FALSE, CK_TRUE};

void bare_must(CK_RV rv, const char *call)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "loops: %s failed: 0x%lx\n", call, rv);
    exit(1);
}

CK_FUNCTION_LIST *bare_load(const char *path)
{
    void *module = dlopen(path, RTLD_NOW);
    void *symbol = module != NULL ? dlsym(module, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *p11;

    bare_must(symbol == NULL ? CKR_GENERAL_ERROR : CKR_OK, path);
    memcpy(&get, &symbol, sizeof get);
    bare_must(get(&p11), "C_GetFunctionList");
    bare_must(p11->C_Initialize(NULL), "C_Initialize");
    return p11;
}

static CK_SLOT_ID slot_of(CK_FUNCTION_LIST *p11, const char *label)
{
    CK_SLOT_ID slots[16];
    CK_ULONG n = sizeof slots / sizeof slots[0];
    char padded[sizeof((CK_TOKEN_INFO *)NULL)->label + 1];
    CK_TOKEN_INFO info;

    snprintf(padded, sizeof padded, "%-32s", label);
    bare_must(p11->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
    for (CK_ULONG i = 0; i < n; i++)
        if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
            memcmp(info.label, padded, sizeof info.label) == 0)
            return slots[i];
    bare_must(CKR_TOKEN_NOT_PRESENT, label);
    return 0;
}

void bare_read_pin(const char *pin_file, char pin[static BARE_PIN_SIZE])
{
    FILE *file = fopen(pin_file, "re");

    if (file == NULL || fgets(pin, BARE_PIN_SIZE, file) == NULL)
        bare_must(CKR_PIN_INVALID, pin_file);
    else
        fclose(file);
    pin[strcspn(pin, "\n")] = '\0';
}

struct bare bare_open(CK_FUNCTION_LIST *p11, const char *label, const char *pin_file)
{
    struct bare token = {.p11 = p11};
    char pin[BARE_PIN_SIZE];

    bare_read_pin(pin_file, pin);
    bare_must(p11->C_OpenSession(slot_of(p11, label), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                 NULL, &token.session),
              "C_OpenSession");
    bare_must(p11->C_Login(token.session, CKU_USER, (CK_BYTE *)pin, strlen(pin)), "C_Login");
    return token;
}

void template_add(struct template *t, CK_ATTRIBUTE_TYPE type, const void *value, size_t len)
{
    assert(t->count < BARE_TEMPLATE_MAX);
    t->attributes[t->count++] = (CK_ATTRIBUTE){type, (void *)value, len};
}

void template_add_bool(struct template *t, CK_ATTRIBUTE_TYPE type, CK_BBOOL on)
{
    template_add(t, type, &bools[on], sizeof bools[on]);
}

void template_add_number(struct template *t, CK_ATTRIBUTE_TYPE type, const CK_ULONG *number)
{
    template_add(t, type, number, sizeof *number);
}

static const CK_ATTRIBUTE_TYPE ciphers[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_CLASS};
static const CK_ATTRIBUTE_TYPE macs[] = {CKA_SIGN, CKA_VERIFY, CKA_CLASS};
static const CK_ATTRIBUTE_TYPE signs[] = {CKA_SIGN, CKA_CLASS};

static const struct kind kinds[] = {
    {"aes", CKO_SECRET_KEY, CKK_AES, CKM_AES_KEY_GEN, ciphers},
    {"generic", CKO_SECRET_KEY, CKK_GENERIC_SECRET, CKM_GENERIC_SECRET_KEY_GEN, macs},
    {"rsa", CKO_PRIVATE_KEY, CKK_RSA, 0, signs},
    {"ec", CKO_PRIVATE_KEY, CKK_EC, CKM_EC_KEY_PAIR_GEN, signs},
};

const struct kind *kind_named(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static CK_BBOOL is_for(const struct kind *kind, CK_ATTRIBUTE_TYPE use)
{
    for (const CK_ATTRIBUTE_TYPE *each = kind->use; *each != CKA_CLASS; each++)
        if (*each == use)
            return CK_TRUE;
    return CK_FALSE;
}

void kind_add(struct template *t, const struct kind *kind, CK_BBOOL on_token, CK_BBOOL extractable)
{
    static const CK_ATTRIBUTE_TYPE secret_uses[] = {CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN,
                                                    CKA_VERIFY,  CKA_WRAP,    CKA_UNWRAP,
                                                    CKA_DERIVE,  CKA_CLASS};
    static const CK_ATTRIBUTE_TYPE private_uses[] = {CKA_DECRYPT, CKA_SIGN, CKA_UNWRAP, CKA_DERIVE,
                                                     CKA_CLASS};
    const int is_secret = kind->class == CKO_SECRET_KEY;

    template_add_number(t, CKA_CLASS, &kind->class);
    template_add_number(t, CKA_KEY_TYPE, &kind->type);
    template_add_bool(t, CKA_TOKEN, on_token);
    template_add_bool(t, CKA_PRIVATE, CK_TRUE);
    template_add_bool(t, CKA_SENSITIVE, CK_TRUE);
    template_add_bool(t, CKA_EXTRACTABLE, extractable);
    for (const CK_ATTRIBUTE_TYPE *use = is_secret ? secret_uses : private_uses; *use != CKA_CLASS;
         use++)
        template_add_bool(t, *use, is_for(kind, *use));
}
