/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PKCS#11 module that wraps and unwraps by CKM_RSA_AES_KEY_WRAP and by nothing else, around
 * SoftHSM, which has the two calls of it. From the environment:
 *
 *   ONE_BLOB_MODULE  SoftHSM's path
 *   ONE_BLOB_HARM    "head" or "tail": a bit of that part of each blob that it makes is flipped;
 *                    "none": it does not even have this mechanism
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

enum { AES_LEN = 32, MODULUS_MAX = 1024 };

/* CK_RSA_AES_KEY_WRAP_PARAMS */
struct parameters {
    CK_ULONG aes_bits;
    CK_RSA_PKCS_OAEP_PARAMS *oaep;
};

static CK_FUNCTION_LIST *real;
static const CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
static const CK_KEY_TYPE aes = CKK_AES;
static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static const CK_MECHANISM kwp = {CKM_AES_KEY_WRAP_PAD, NULL, 0}; /* RFC 5649 in SoftHSM */

static int does(const char *harm)
{
    const char *word = getenv("ONE_BLOB_HARM");

    return word && strcmp(word, harm) == 0;
}

/* The mechanism's OAEP, if it is the one that there is. */
static CK_RV outer_of(const CK_MECHANISM *m, CK_MECHANISM *oaep)
{
    const struct parameters *p = m->pParameter;

    if (m->mechanism != CKM_RSA_AES_KEY_WRAP || does("none"))
        return CKR_MECHANISM_INVALID;
    if (m->ulParameterLen != sizeof *p || p->aes_bits != 8 * AES_LEN || !p->oaep)
        return CKR_MECHANISM_PARAM_INVALID;
    *oaep = (CK_MECHANISM){CKM_RSA_PKCS_OAEP, p->oaep, sizeof *p->oaep};
    return CKR_OK;
}

static CK_RV wrap(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE under,
                  CK_OBJECT_HANDLE key, CK_BYTE *out, CK_ULONG *len)
{
    const CK_ULONG value_len = AES_LEN;
    CK_ATTRIBUTE t[] = {{CKA_TOKEN, (void *)&no, sizeof no},
                        {CKA_WRAP, (void *)&yes, sizeof yes},
                        {CKA_EXTRACTABLE, (void *)&yes, sizeof yes},
                        {CKA_VALUE_LEN, (void *)&value_len, sizeof value_len}};
    CK_MECHANISM make = {CKM_AES_KEY_GEN, NULL, 0}, outer, inner = kwp;
    CK_ULONG head = *len, tail;
    CK_OBJECT_HANDLE once;
    CK_RV rv = outer_of(m, &outer);

    if (rv == CKR_OK)
        rv = real->C_GenerateKey(s, &make, t, sizeof t / sizeof t[0], &once);
    if (rv != CKR_OK)
        return rv;
    rv = real->C_WrapKey(s, &outer, under, once, out, &head);
    tail = *len - head;
    if (rv == CKR_OK)
        rv = real->C_WrapKey(s, &inner, once, key, out + head, &tail);
    real->C_DestroyObject(s, once);
    if (rv != CKR_OK)
        return rv;
    *len = head + tail;
    out[head / 2] = (CK_BYTE)(out[head / 2] ^ does("head"));
    out[head + tail / 2] = (CK_BYTE)(out[head + tail / 2] ^ does("tail"));
    return CKR_OK;
}

static CK_RV unwrap(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE under, CK_BYTE *blob,
                    CK_ULONG len, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *key)
{
    CK_ATTRIBUTE for_once[] = {{CKA_CLASS, (void *)&secret, sizeof secret},
                               {CKA_KEY_TYPE, (void *)&aes, sizeof aes},
                               {CKA_TOKEN, (void *)&no, sizeof no},
                               {CKA_SENSITIVE, (void *)&yes, sizeof yes},
                               {CKA_UNWRAP, (void *)&yes, sizeof yes}};
    CK_BYTE modulus[MODULUS_MAX];
    CK_ATTRIBUTE read = {CKA_MODULUS, modulus, sizeof modulus};
    CK_MECHANISM outer, inner = kwp;
    CK_OBJECT_HANDLE once;
    CK_RV rv = outer_of(m, &outer);

    if (rv == CKR_OK)
        rv = real->C_GetAttributeValue(s, under, &read, 1);
    if (rv == CKR_OK && len <= read.ulValueLen)
        rv = CKR_WRAPPED_KEY_LEN_RANGE;
    if (rv == CKR_OK)
        rv = real->C_UnwrapKey(s, &outer, under, blob, read.ulValueLen, for_once,
                               sizeof for_once / sizeof for_once[0], &once);
    if (rv != CKR_OK)
        return rv;
    rv = real->C_UnwrapKey(s, &inner, once, blob + read.ulValueLen, len - read.ulValueLen, t, n,
                           key);
    real->C_DestroyObject(s, once);
    return rv;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static CK_FUNCTION_LIST functions;
    const char *path = getenv("ONE_BLOB_MODULE");
    void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get;
    CK_RV rv;

    if (!symbol)
        return CKR_GENERAL_ERROR;
    memcpy(&get, &symbol, sizeof get);
    rv = get(&real);
    if (rv != CKR_OK)
        return rv;
    functions = *real;
    functions.C_GetFunctionList = C_GetFunctionList;
    functions.C_WrapKey = wrap;
    functions.C_UnwrapKey = unwrap;
    *list = &functions;
    return CKR_OK;
}
