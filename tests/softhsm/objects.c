/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of objects on a token, and the least that reading them can cost.
 *
 *   objects MODULE PIN-FILE LABEL make N    makes N AES keys on this token, every tenth not
 * extractable objects MODULE PIN-FILE LABEL list      one C_GetAttributeValue for each object;
 * prints how many there are, and the milliseconds since it was started
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <p11-kit/pkcs11.h>

enum { PIN_SIZE = 64, PAGE = 256 };

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;

static void must(CK_RV rv, const char *call)
{
    if (rv == CKR_OK)
        return;
    fprintf(stderr, "objects: %s: 0x%lx\n", call, rv);
    exit(1);
}

static CK_FUNCTION_LIST *load(const char *module)
{
    void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
    void *symbol = library ? dlsym(library, "C_GetFunctionList") : NULL;
    CK_C_GetFunctionList get;
    CK_FUNCTION_LIST *p11;

    memcpy(&get, &symbol, sizeof get);
    must(symbol ? CKR_OK : CKR_GENERAL_ERROR, module);
    must(get(&p11), "C_GetFunctionList");
    must(p11->C_Initialize(NULL), "C_Initialize");
    return p11;
}

static CK_SLOT_ID slot_of(CK_FUNCTION_LIST *p11, const char *label)
{
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16;

    must(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        must(p11->C_GetTokenInfo(slots[i], &info), "C_GetTokenInfo");
        if (strncmp((char *)info.label, label, strlen(label)) == 0)
            return slots[i];
    }
    fprintf(stderr, "objects: no token is labelled %s\n", label);
    exit(1);
}

static CK_SESSION_HANDLE enter(CK_FUNCTION_LIST *p11, CK_SLOT_ID slot, const char *pin_file)
{
    char pin[PIN_SIZE] = "";
    FILE *file = fopen(pin_file, "r");
    CK_SESSION_HANDLE session;

    if (!file || !fgets(pin, sizeof pin, file)) {
        perror(pin_file);
        exit(1);
    }
    fclose(file);
    pin[strcspn(pin, "\n")] = '\0';
    must(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session),
         "C_OpenSession");
    must(p11->C_Login(session, CKU_USER, (CK_BYTE *)pin, strlen(pin)), "C_Login");
    return session;
}

static void make(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, unsigned long count)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_KEY_TYPE type = CKK_AES;
    CK_BYTE value[32] = {0};

    for (unsigned long i = 0; i < count; i++) {
        char label[32], id[32];
        snprintf(label, sizeof label, "key-%06lu", i);
        snprintf(id, sizeof id, "id-%06lu", i);
        memcpy(value, &i, sizeof i); /* made for a test: no secret */
        CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof class},
                            {CKA_KEY_TYPE, &type, sizeof type},
                            {CKA_VALUE, value, sizeof value},
                            {CKA_LABEL, label, strlen(label)},
                            {CKA_ID, id, strlen(id)},
                            {CKA_TOKEN, &yes, sizeof yes},
                            {CKA_PRIVATE, &yes, sizeof yes},
                            {CKA_ENCRYPT, &yes, sizeof yes},
                            {CKA_DECRYPT, &yes, sizeof yes},
                            {CKA_SENSITIVE, &yes, sizeof yes},
                            {CKA_EXTRACTABLE, i % 10 == 9 ? &no : &yes, sizeof yes}};
        CK_OBJECT_HANDLE key;
        must(p11->C_CreateObject(session, t, sizeof t / sizeof *t, &key), "C_CreateObject");
    }
}

/* Class, type, label, id, and the flags by which it is judged whether a key can be migrated. */
static void read_one(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
    CK_OBJECT_CLASS class;
    CK_KEY_TYPE type;
    CK_ULONG length;
    CK_BYTE label[256], id[128], kcv[16];
    CK_BBOOL flag[8];
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof class},
                        {CKA_KEY_TYPE, &type, sizeof type},
                        {CKA_VALUE_LEN, &length, sizeof length},
                        {CKA_LABEL, label, sizeof label},
                        {CKA_ID, id, sizeof id},
                        {CKA_CHECK_VALUE, kcv, sizeof kcv},
                        {CKA_ENCRYPT, &flag[0], 1},
                        {CKA_DECRYPT, &flag[1], 1},
                        {CKA_WRAP, &flag[2], 1},
                        {CKA_UNWRAP, &flag[3], 1},
                        {CKA_SENSITIVE, &flag[4], 1},
                        {CKA_EXTRACTABLE, &flag[5], 1},
                        {CKA_TOKEN, &flag[6], 1},
                        {CKA_LOCAL, &flag[7], 1}};
    CK_RV rv = p11->C_GetAttributeValue(session, object, t, sizeof t / sizeof *t);

    must(rv == CKR_ATTRIBUTE_TYPE_INVALID ? CKR_OK : rv, "C_GetAttributeValue");
}

static unsigned long list(CK_FUNCTION_LIST *p11, CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE found[PAGE];
    CK_OBJECT_HANDLE *all = NULL;
    CK_ULONG got;
    unsigned long count = 0;

    must(p11->C_FindObjectsInit(session, NULL, 0), "C_FindObjectsInit");
    do {
        must(p11->C_FindObjects(session, found, PAGE, &got), "C_FindObjects");
        all = reallocarray(all, count + got + 1, sizeof *all);
        must(all ? CKR_OK : CKR_HOST_MEMORY, "memory");
        memcpy(all + count, found, got * sizeof *found);
        count += got;
    } while (got > 0);
    must(p11->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    for (unsigned long i = 0; i < count; i++)
        read_one(p11, session, all[i]);
    free(all);
    return count;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + (double)t.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
    const double begun = now();
    CK_FUNCTION_LIST *p11;
    CK_SESSION_HANDLE session;

    if (argc != 5 && argc != 6)
        return 64;
    p11 = load(argv[1]);
    session = enter(p11, slot_of(p11, argv[3]), argv[2]);
    if (strcmp(argv[4], "make") == 0 && argc == 6) {
        make(p11, session, strtoul(argv[5], NULL, 10));
    } else {
        unsigned long count = list(p11, session);
        printf("%lu objects, %.0f ms\n", count, now() - begun);
    }
    must(p11->C_Finalize(NULL), "C_Finalize");
    return 0;
}
