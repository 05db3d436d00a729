/* SPDX-License-Identifier: Apache-2.0 */
/* A PKCS#11 module that behaves as badly as the environment variable ODD says. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

static const char *mood(void)
{
    const char *odd = getenv("ODD");
    return odd ? odd : "";
}

static CK_RV start(void *arguments)
{
    (void)arguments;
    if (strcmp(mood(), "crash") == 0)
        abort();
    if (strcmp(mood(), "exit") == 0)
        _exit(3);
    while (strcmp(mood(), "hang") == 0)
        pause();
    if (strcmp(mood(), "refuse") == 0)
        return CKR_FUNCTION_FAILED;
    puts("hello from the vendor");
    fflush(stdout);
    fputs("\x1b[2Jand on the other stream\n", stderr);
    return CKR_OK;
}

static CK_RV finish(void *reserved)
{
    (void)reserved;
    return CKR_OK;
}

static CK_RV refuse(void)
{
    return CKR_FUNCTION_NOT_SUPPORTED;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static CK_FUNCTION_LIST fn;
    CK_RV (*any)(void) = refuse;

    fn.version.major = 2;
    fn.version.minor = 40;
    for (size_t at = offsetof(CK_FUNCTION_LIST, C_Initialize); at < sizeof fn; at += sizeof any)
        memcpy((char *)&fn + at, &any, sizeof any);
    fn.C_Initialize = start;
    fn.C_Finalize = finish;
    fn.C_GetFunctionList = C_GetFunctionList;
    if (strcmp(mood(), "incomplete") == 0)
        fn.C_WrapKey = NULL;
    if (strcmp(mood(), "future") == 0)
        fn.version.major = 4;
    *list = strcmp(mood(), "null") == 0 ? NULL : &fn;
    return strcmp(mood(), "listless") == 0 ? CKR_GENERAL_ERROR : CKR_OK;
}
