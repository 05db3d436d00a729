/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of the shim: a table of them, by the shape of their parameters. */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* --- every function, by the shape of its parameters: what it takes, hands on and gives out --- */

#define NONE_OUT             .rv = 0
#define SESSION_OUT          .session = s
#define BYTES_OUT            .session = s, .out = out, .len = len
#define HANDLE_OUT           .session = s, .handle = handle
#define POINTER_TAKES        (void *p)
#define POINTER_HANDS        (p)
#define POINTER_GIVES        NONE_OUT
#define INFO_TAKES           (CK_INFO * info)
#define INFO_HANDS           (info)
#define INFO_GIVES           NONE_OUT
#define SLOTS_TAKES          (CK_BBOOL present, CK_SLOT_ID * slots, CK_ULONG * n)
#define SLOTS_HANDS          (present, slots, n)
#define SLOTS_GIVES          .out = (CK_BYTE *)slots, .len = n
#define SLOT_INFO_TAKES      (CK_SLOT_ID slot, CK_SLOT_INFO * info)
#define SLOT_INFO_HANDS      (slot, info)
#define SLOT_INFO_GIVES      NONE_OUT
#define TOKEN_INFO_TAKES     (CK_SLOT_ID slot, CK_TOKEN_INFO * info)
#define TOKEN_INFO_HANDS     (slot, info)
#define TOKEN_INFO_GIVES     NONE_OUT
#define EVENT_TAKES          (CK_FLAGS flags, CK_SLOT_ID * slot, void *p)
#define EVENT_HANDS          (flags, slot, p)
#define EVENT_GIVES          NONE_OUT
#define MECHANISMS_TAKES     (CK_SLOT_ID slot, CK_MECHANISM_TYPE * types, CK_ULONG * n)
#define MECHANISMS_HANDS     (slot, types, n)
#define MECHANISMS_GIVES     NONE_OUT
#define MECHANISM_INFO_TAKES (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO * info)
#define MECHANISM_INFO_HANDS (slot, type, info)
#define MECHANISM_INFO_GIVES NONE_OUT
#define INIT_TOKEN_TAKES     (CK_SLOT_ID slot, CK_BYTE * pin, CK_ULONG n, CK_BYTE * label)
#define INIT_TOKEN_HANDS     (slot, pin, n, label)
#define INIT_TOKEN_GIVES     NONE_OUT
#define SLOT_TAKES           (CK_SLOT_ID slot)
#define SLOT_HANDS           (slot)
#define SLOT_GIVES           NONE_OUT
#define OPEN_TAKES                                                                                 \
    (CK_SLOT_ID slot, CK_FLAGS flags, void *p, CK_NOTIFY notify, CK_SESSION_HANDLE *handle)
#define OPEN_HANDS         (slot, flags, p, notify, handle)
#define OPEN_GIVES         .handle = handle
#define SESSION_TAKES      (CK_SESSION_HANDLE s)
#define SESSION_HANDS      (s)
#define SESSION_GIVES      SESSION_OUT
#define SESSION_INFO_TAKES (CK_SESSION_HANDLE s, CK_SESSION_INFO * info)
#define SESSION_INFO_HANDS (s, info)
#define SESSION_INFO_GIVES SESSION_OUT
#define SET_STATE_TAKES                                                                            \
    (CK_SESSION_HANDLE s, CK_BYTE * in, CK_ULONG n, CK_OBJECT_HANDLE a, CK_OBJECT_HANDLE b)
#define SET_STATE_HANDS (s, in, n, a, b)
#define SET_STATE_GIVES SESSION_OUT
#define LOGIN_TAKES     (CK_SESSION_HANDLE s, CK_USER_TYPE user, CK_BYTE * pin, CK_ULONG n)
#define LOGIN_HANDS     (s, user, pin, n)
#define LOGIN_GIVES     SESSION_OUT
#define CREATE_TAKES    (CK_SESSION_HANDLE s, CK_ATTRIBUTE * t, CK_ULONG n, CK_OBJECT_HANDLE * handle)
#define CREATE_HANDS    (s, t, n, handle)
#define CREATE_GIVES    HANDLE_OUT
#define COPY_TAKES                                                                                 \
    (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE * t, CK_ULONG n,                        \
     CK_OBJECT_HANDLE * handle)
#define COPY_HANDS        (s, o, t, n, handle)
#define COPY_GIVES        HANDLE_OUT, .target = &o
#define OBJECT_TAKES      (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
#define OBJECT_HANDS      (s, o)
#define OBJECT_GIVES      SESSION_OUT, .object = o, .target = &o
#define SIZE_TAKES        (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ULONG * n)
#define SIZE_HANDS        (s, o, n)
#define SIZE_GIVES        SESSION_OUT
#define READ_TAKES        (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE * t, CK_ULONG n)
#define READ_HANDS        (s, o, t, n)
#define READ_GIVES        .session = s, .attributes = t, .count = n, .object = o, .target = &o
#define WRITE_TAKES       READ_TAKES
#define WRITE_HANDS       READ_HANDS
#define WRITE_GIVES       SESSION_OUT
#define SEARCH_TAKES      (CK_SESSION_HANDLE s, CK_ATTRIBUTE * t, CK_ULONG n)
#define SEARCH_HANDS      (s, t, n)
#define SEARCH_GIVES      SESSION_OUT
#define FOUND_TAKES       (CK_SESSION_HANDLE s, CK_OBJECT_HANDLE * objects, CK_ULONG max, CK_ULONG * n)
#define FOUND_HANDS       (s, objects, max, n)
#define FOUND_GIVES       .session = s, .out = (CK_BYTE *)objects, .len = n, .room = max
#define INIT_TAKES        (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_OBJECT_HANDLE key)
#define INIT_HANDS        (s, m, key)
#define INIT_GIVES        SESSION_OUT, .target = &key
#define DIGEST_INIT_TAKES (CK_SESSION_HANDLE s, CK_MECHANISM * m)
#define DIGEST_INIT_HANDS (s, m)
#define DIGEST_INIT_GIVES SESSION_OUT
#define TURN_TAKES        (CK_SESSION_HANDLE s, CK_BYTE * in, CK_ULONG n, CK_BYTE * out, CK_ULONG * len)
#define TURN_HANDS        (s, in, n, out, len)
#define TURN_GIVES        BYTES_OUT
#define GIVE_TAKES        (CK_SESSION_HANDLE s, CK_BYTE * out, CK_ULONG * len)
#define GIVE_HANDS        (s, out, len)
#define GIVE_GIVES        BYTES_OUT
#define TAKE_TAKES        (CK_SESSION_HANDLE s, CK_BYTE * in, CK_ULONG n)
#define TAKE_HANDS        (s, in, n)
#define TAKE_GIVES        SESSION_OUT
#define TAKE_TWO_TAKES    (CK_SESSION_HANDLE s, CK_BYTE * in, CK_ULONG n, CK_BYTE * other, CK_ULONG m)
#define TAKE_TWO_HANDS    (s, in, n, other, m)
#define TAKE_TWO_GIVES    SESSION_OUT
#define GENERATE_TAKES                                                                             \
    (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_ATTRIBUTE * t, CK_ULONG n, CK_OBJECT_HANDLE * handle)
#define GENERATE_HANDS (s, m, t, n, handle)
#define GENERATE_GIVES HANDLE_OUT
#define PAIR_TAKES                                                                                 \
    (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_ATTRIBUTE * t, CK_ULONG n, CK_ATTRIBUTE * u,        \
     CK_ULONG k, CK_OBJECT_HANDLE * public, CK_OBJECT_HANDLE * handle)
#define PAIR_HANDS (s, m, t, n, u, k, public, handle)
#define PAIR_GIVES HANDLE_OUT, .other = public
#define WRAP_TAKES                                                                                 \
    (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_OBJECT_HANDLE under, CK_OBJECT_HANDLE key,          \
     CK_BYTE * out, CK_ULONG * len)
#define WRAP_HANDS (s, m, under, key, out, len)
#define WRAP_GIVES BYTES_OUT, .target = &key
#define UNWRAP_TAKES                                                                               \
    (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_OBJECT_HANDLE under, CK_BYTE * in, CK_ULONG k,      \
     CK_ATTRIBUTE * t, CK_ULONG n, CK_OBJECT_HANDLE * handle)
#define UNWRAP_HANDS (s, m, under, in, k, t, n, handle)
#define UNWRAP_GIVES HANDLE_OUT, .target = &under
#define DERIVE_TAKES                                                                               \
    (CK_SESSION_HANDLE s, CK_MECHANISM * m, CK_OBJECT_HANDLE from, CK_ATTRIBUTE * t, CK_ULONG n,   \
     CK_OBJECT_HANDLE * handle)
#define DERIVE_HANDS (s, m, from, t, n, handle)
#define DERIVE_GIVES HANDLE_OUT, .target = &from

/* C_GetFunctionList is below: it is how we are entered. */
#define FUNCTIONS(X)                                                                               \
    X(C_Initialize, POINTER)                                                                       \
    X(C_Finalize, POINTER)                                                                         \
    X(C_GetInfo, INFO)                                                                             \
    X(C_GetSlotList, SLOTS)                                                                        \
    X(C_GetSlotInfo, SLOT_INFO)                                                                    \
    X(C_GetTokenInfo, TOKEN_INFO)                                                                  \
    X(C_WaitForSlotEvent, EVENT)                                                                   \
    X(C_GetMechanismList, MECHANISMS)                                                              \
    X(C_GetMechanismInfo, MECHANISM_INFO)                                                          \
    X(C_InitToken, INIT_TOKEN)                                                                     \
    X(C_InitPIN, TAKE)                                                                             \
    X(C_SetPIN, TAKE_TWO)                                                                          \
    X(C_OpenSession, OPEN)                                                                         \
    X(C_CloseSession, SESSION)                                                                     \
    X(C_CloseAllSessions, SLOT)                                                                    \
    X(C_GetSessionInfo, SESSION_INFO)                                                              \
    X(C_GetOperationState, GIVE)                                                                   \
    X(C_SetOperationState, SET_STATE)                                                              \
    X(C_Login, LOGIN)                                                                              \
    X(C_Logout, SESSION)                                                                           \
    X(C_CreateObject, CREATE)                                                                      \
    X(C_CopyObject, COPY)                                                                          \
    X(C_DestroyObject, OBJECT)                                                                     \
    X(C_GetObjectSize, SIZE)                                                                       \
    X(C_GetAttributeValue, READ)                                                                   \
    X(C_SetAttributeValue, WRITE)                                                                  \
    X(C_FindObjectsInit, SEARCH)                                                                   \
    X(C_FindObjects, FOUND)                                                                        \
    X(C_FindObjectsFinal, SESSION)                                                                 \
    X(C_EncryptInit, INIT)                                                                         \
    X(C_Encrypt, TURN)                                                                             \
    X(C_EncryptUpdate, TURN)                                                                       \
    X(C_EncryptFinal, GIVE)                                                                        \
    X(C_DecryptInit, INIT)                                                                         \
    X(C_Decrypt, TURN)                                                                             \
    X(C_DecryptUpdate, TURN)                                                                       \
    X(C_DecryptFinal, GIVE)                                                                        \
    X(C_DigestInit, DIGEST_INIT)                                                                   \
    X(C_Digest, TURN)                                                                              \
    X(C_DigestUpdate, TAKE)                                                                        \
    X(C_DigestKey, OBJECT)                                                                         \
    X(C_DigestFinal, GIVE)                                                                         \
    X(C_SignInit, INIT)                                                                            \
    X(C_Sign, TURN)                                                                                \
    X(C_SignUpdate, TAKE)                                                                          \
    X(C_SignFinal, GIVE)                                                                           \
    X(C_SignRecoverInit, INIT)                                                                     \
    X(C_SignRecover, TURN)                                                                         \
    X(C_VerifyInit, INIT)                                                                          \
    X(C_Verify, TAKE_TWO)                                                                          \
    X(C_VerifyUpdate, TAKE)                                                                        \
    X(C_VerifyFinal, TAKE)                                                                         \
    X(C_VerifyRecoverInit, INIT)                                                                   \
    X(C_VerifyRecover, TURN)                                                                       \
    X(C_DigestEncryptUpdate, TURN)                                                                 \
    X(C_DecryptDigestUpdate, TURN)                                                                 \
    X(C_SignEncryptUpdate, TURN)                                                                   \
    X(C_DecryptVerifyUpdate, TURN)                                                                 \
    X(C_GenerateKey, GENERATE)                                                                     \
    X(C_GenerateKeyPair, PAIR)                                                                     \
    X(C_WrapKey, WRAP)                                                                             \
    X(C_UnwrapKey, UNWRAP)                                                                         \
    X(C_DeriveKey, DERIVE)                                                                         \
    X(C_SeedRandom, TAKE)                                                                          \
    X(C_GenerateRandom, TAKE)                                                                      \
    X(C_GetFunctionStatus, SESSION)                                                                \
    X(C_CancelFunction, SESSION)

/* Makes each function from its row. */
#define FORWARD(function, shape)                                                                   \
    static CK_RV shim_##function shape##_TAKES                                                     \
    {                                                                                              \
        struct call call = {.name = #function, shape##_GIVES};                                     \
        return shim_begin(&call) ? shim_end(&call, shim_real->function shape##_HANDS) : call.rv;   \
    }
FUNCTIONS(FORWARD)

/* --- the module --- */

#pragma GCC visibility push(default)
CK_RV C_GetFunctionList(CK_FUNCTION_LIST **list)
{
    static CK_FUNCTION_LIST functions = {.version = {2, 40},
                                         .C_GetFunctionList = C_GetFunctionList,
#define ENTRY(function, shape) .function = shim_##function,
                                         FUNCTIONS(ENTRY)};
    const char *path = shim_setting("SHIM_MODULE");
    void *library = path && shim_setting("SHIM_COUNT") ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get;

    if (!symbol)
        return CKR_GENERAL_ERROR;
    memcpy(&get, &symbol, sizeof get);
    shim_read_faults(shim_setting("SHIM_FAULT"));
    shim_read_delay(shim_setting("SHIM_DELAY_US"));
    shim_read_times(shim_setting("SHIM_TIMES"));
    *list = &functions;
    return get(&shim_real);
}
#pragma GCC visibility pop
