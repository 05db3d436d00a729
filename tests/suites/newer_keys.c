/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys of newer kinds on a token, by PKCS#11 alone and not by hsmferry:
 *
 *   newer_keys MODULE PARAMETERS TOKEN PIN make KIND LABEL ID   a pair that may leave
 *   newer_keys MODULE PARAMETERS TOKEN PIN public LABEL         its public half, as DER, to stdout
 *   newer_keys MODULE PARAMETERS TOKEN PIN sign LABEL           signs stdin, to stdout
 *
 * PARAMETERS is for NSS's softoken; empty for other modules. KIND: "Ed25519", "ML-DSA-65", or
 * "HMAC-SHA-256" for a secret of 32 octets.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "driver/dialect/pkcs11_3_2.h"

enum { ROOM = 8192 };

static const struct kind {
    const char *name;
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE make, sign;
    CK_ULONG set; /* CKA_PARAMETER_SET; 0: oid is CKA_EC_PARAMS */
    uint8_t oid[12], oid_len;
    CK_ATTRIBUTE_TYPE public_use, private_use;
} kinds[] = {
    {"Ed25519",
     CKK_EC_EDWARDS,
     CKM_EC_EDWARDS_KEY_PAIR_GEN,
     CKM_EDDSA,
     0,
     {6, 3, 0x2b, 0x65, 0x70},
     5,
     CKA_VERIFY,
     CKA_SIGN},
    {"Ed448",
     CKK_EC_EDWARDS,
     CKM_EC_EDWARDS_KEY_PAIR_GEN,
     CKM_EDDSA,
     0,
     {6, 3, 0x2b, 0x65, 0x71},
     5,
     CKA_VERIFY,
     CKA_SIGN},
    {"X25519",
     CKK_EC_MONTGOMERY,
     CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
     0,
     0,
     {6, 3, 0x2b, 0x65, 0x6e},
     5,
     CKA_DERIVE,
     CKA_DERIVE},
#define NIST(arc, last) {6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, arc, last}, 11
    {"ML-DSA-44", CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, 1, NIST(3, 17), CKA_VERIFY,
     CKA_SIGN},
    {"ML-DSA-65", CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, 2, NIST(3, 18), CKA_VERIFY,
     CKA_SIGN},
    {"ML-DSA-87", CKK_ML_DSA, CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, 3, NIST(3, 19), CKA_VERIFY,
     CKA_SIGN},
    {"ML-KEM-512", CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, 0, 1, NIST(4, 1), CKA_ENCAPSULATE,
     CKA_DECAPSULATE},
    {"ML-KEM-768", CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, 0, 2, NIST(4, 2), CKA_ENCAPSULATE,
     CKA_DECAPSULATE},
    {"ML-KEM-1024", CKK_ML_KEM, CKM_ML_KEM_KEY_PAIR_GEN, 0, 3, NIST(4, 3), CKA_ENCAPSULATE,
     CKA_DECAPSULATE},
#undef NIST
};

/* NSS's CK_C_INITIALIZE_ARGS. */
struct arguments {
    void *functions[4];
    CK_FLAGS flags;
    char *parameters;
    void *reserved;
};

static CK_FUNCTION_LIST *fn;
static CK_SESSION_HANDLE session;
static CK_BBOOL yes = CK_TRUE;

static void must(CK_RV rv, const char *what)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "%s: 0x%lx\n", what, rv);
    exit(1);
}

static CK_SLOT_ID slot_of(const char *token)
{
    CK_SLOT_ID slots[64];
    CK_ULONG count = 64;

    must(fn->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        const size_t len = strlen(token);
        if (fn->C_GetTokenInfo(slots[i], &info) == CKR_OK && len <= sizeof info.label &&
            memcmp(info.label, token, len) == 0 &&
            (len == sizeof info.label || info.label[len] == ' '))
            return slots[i];
    }
    fprintf(stderr, "no token %s\n", token);
    exit(1);
}

static void open_token(char **words)
{
    void *library = dlopen(words[0], RTLD_NOW), *symbol;
    struct arguments arguments = {.flags = CKF_OS_LOCKING_OK, .parameters = words[1]};
    CK_C_GetFunctionList get;

    symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    if (!symbol) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    memcpy(&get, &symbol, sizeof get);
    must(get(&fn), "C_GetFunctionList");
    must(fn->C_Initialize(words[1][0] ? &arguments : NULL), "C_Initialize");
    must(fn->C_OpenSession(slot_of(words[2]), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
                           &session),
         "C_OpenSession");
    must(fn->C_Login(session, CKU_USER, (CK_UTF8CHAR *)words[3], strlen(words[3])), "C_Login");
}

static void make_hmac(char *label, CK_BYTE id)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_SHA256_HMAC;
    CK_BYTE value[32];
    CK_OBJECT_HANDLE made;

    must(fn->C_GenerateRandom(session, value, sizeof value), "C_GenerateRandom");
    CK_ATTRIBUTE t[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1},
        {CKA_EXTRACTABLE, &yes, 1},
        {CKA_SIGN, &yes, 1},
        {CKA_VERIFY, &yes, 1},
        {CKA_VALUE, value, sizeof value},
        {CKA_LABEL, label, strlen(label)},
        {CKA_ID, &id, 1},
    };
    must(fn->C_CreateObject(session, t, sizeof t / sizeof t[0], &made), "C_CreateObject");
}

static void make(const char *name, char *label, CK_BYTE id)
{
    const struct kind *kind = NULL;
    CK_OBJECT_HANDLE public, private;

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, name) == 0)
            kind = &kinds[i];
    if (!kind) {
        make_hmac(label, id);
        return;
    }
    CK_ULONG set = kind->set;
    CK_MECHANISM mechanism = {kind->make, NULL, 0};
    CK_ATTRIBUTE pub[] = {
        {CKA_TOKEN, &yes, 1},
        {CKA_LABEL, label, strlen(label)},
        {CKA_ID, &id, 1},
        {kind->public_use, &yes, 1},
        set ? (CK_ATTRIBUTE){CKA_PARAMETER_SET, &set, sizeof set}
            : (CK_ATTRIBUTE){CKA_EC_PARAMS, (void *)(uintptr_t)kind->oid, kind->oid_len},
    };
    CK_ATTRIBUTE priv[] = {
        {CKA_TOKEN, &yes, 1},
        {CKA_PRIVATE, &yes, 1},
        {CKA_SENSITIVE, &yes, 1},
        {CKA_EXTRACTABLE, &yes, 1},
        {CKA_LABEL, label, strlen(label)},
        {CKA_ID, &id, 1},
        {kind->private_use, &yes, 1},
    };
    must(fn->C_GenerateKeyPair(session, &mechanism, pub, sizeof pub / sizeof pub[0], priv,
                               sizeof priv / sizeof priv[0], &public, &private),
         "C_GenerateKeyPair");
}

static CK_OBJECT_HANDLE find(CK_OBJECT_CLASS class, char *label)
{
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, label, strlen(label)}};
    CK_OBJECT_HANDLE found[2];
    CK_ULONG count = 0;

    must(fn->C_FindObjectsInit(session, t, 2), "C_FindObjectsInit");
    must(fn->C_FindObjects(session, found, 2, &count), "C_FindObjects");
    must(fn->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    if (count != 1) {
        fprintf(stderr, "%lu objects %s\n", count, label);
        exit(1);
    }
    return found[0];
}

static const struct kind *kind_of(CK_OBJECT_HANDLE key)
{
    CK_KEY_TYPE type = 0;
    CK_ULONG set = 0;
    uint8_t oid[64] = {0};
    CK_ATTRIBUTE is = {CKA_KEY_TYPE, &type, sizeof type},
                 of = {CKA_PARAMETER_SET, &set, sizeof set},
                 curve = {CKA_EC_PARAMS, oid, sizeof oid};

    must(fn->C_GetAttributeValue(session, key, &is, 1), "CKA_KEY_TYPE");
    if (fn->C_GetAttributeValue(session, key, &of, 1) != CKR_OK)
        set = 0;
    fn->C_GetAttributeValue(session, key, &curve, 1);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].type == type && kinds[i].set == set &&
            (set || memcmp(kinds[i].oid, oid, kinds[i].oid_len) == 0))
            return &kinds[i];
    fprintf(stderr, "a key of another kind\n");
    exit(1);
}

/* SEQUENCE of so many octets. */
static void put_head(uint8_t tag, size_t len)
{
    putchar(tag);
    putchar(0x82);
    putchar((int)(len >> 8));
    putchar((int)(len & 0xff));
}

static void put_public(char *label)
{
    CK_OBJECT_HANDLE key = find(CKO_PUBLIC_KEY, label);
    const struct kind *kind = kind_of(key);
    static uint8_t value[ROOM];
    CK_ATTRIBUTE t = {kind->set ? CKA_VALUE : CKA_EC_POINT, value, sizeof value};
    const uint8_t *raw = value;
    size_t len;

    must(fn->C_GetAttributeValue(session, key, &t, 1), "the public value");
    len = t.ulValueLen;
    if (!kind->set && value[0] == 4 && value[1] == len - 2) {
        raw += 2;
        len -= 2;
    }
    put_head(0x30, 2 + (size_t)kind->oid_len + 4 + 1 + len);
    putchar(0x30);
    putchar(kind->oid_len);
    fwrite(kind->oid, 1, kind->oid_len, stdout);
    put_head(0x03, 1 + len);
    putchar(0);
    fwrite(raw, 1, len, stdout);
}

static void sign(char *label)
{
    CK_OBJECT_HANDLE key = find(CKO_PRIVATE_KEY, label);
    const struct kind *kind = kind_of(key);
    static uint8_t message[ROOM], signature[ROOM];
    CK_ULONG len = kind->type == CKK_EC_EDWARDS ? 64 : sizeof signature;
    CK_MECHANISM mechanism = {kind->sign, NULL, 0};
    size_t got = fread(message, 1, sizeof message, stdin);

    must(fn->C_SignInit(session, &mechanism, key), "C_SignInit");
    must(fn->C_Sign(session, message, got, signature, &len), "C_Sign");
    fwrite(signature, 1, len, stdout);
}

int main(int argc, char **argv)
{
    if (argc < 7) {
        fprintf(stderr,
                "newer_keys MODULE PARAMETERS TOKEN PIN make KIND LABEL ID | public LABEL | "
                "sign LABEL\n");
        return 64;
    }
    open_token(argv + 1);
    if (strcmp(argv[5], "make") == 0 && argc == 9)
        make(argv[6], argv[7], (CK_BYTE)atoi(argv[8]));
    else if (strcmp(argv[5], "public") == 0)
        put_public(argv[6]);
    else if (strcmp(argv[5], "sign") == 0)
        sign(argv[6]);
    else
        return 64;
    fn->C_Finalize(NULL);
    return fflush(stdout) == 0 ? 0 : 1;
}
