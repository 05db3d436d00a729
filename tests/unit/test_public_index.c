/* SPDX-License-Identifier: Apache-2.0 */
/* driver/libp11/public_index.h, with this program as the module. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include "driver/libp11/public_index.h"
#include "hsm/hsm.h"

enum { KEYS = 1000, SESSION = 7, OTHER_SESSION = 8 };

/* --- a module --- */

static struct {
    CK_ULONG keys;     /* public keys: handle n has the CKA_ID n, two octets, but for those below */
    CK_ULONG twin;     /* this one has the CKA_ID of the one before */
    CK_ULONG nameless; /* has none */
    CK_RV rv;          /* of C_FindObjects */
    CK_ULONG searches, given, next;
    bool endless;         /* its list has no end */
    CK_OBJECT_HANDLE one; /* the search is for this one only; 0: for all */
} token;

static CK_ULONG id_of(CK_OBJECT_HANDLE handle)
{
    return handle == token.twin ? handle - 1 : handle;
}

static CK_RV module_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    (void)session;
    token.searches++;
    token.next = 1;
    token.one = 0;
    for (CK_ULONG i = 0; i < count; i++)
        if (template[i].type == CKA_ID && template[i].ulValueLen == 2) {
            const CK_BYTE *id = template[i].pValue;
            token.one = (CK_ULONG)(id[0] << 8 | id[1]);
        }
    return CKR_OK;
}

static CK_RV module_find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR out, CK_ULONG most,
                         CK_ULONG_PTR count)
{
    (void)session;
    *count = 0;
    for (; token.next <= token.keys && *count < most; token.next++)
        if (!token.one || id_of(token.next) == token.one)
            out[(*count)++] = token.next;
    if (token.endless && !token.one)
        for (; *count < most; ++*count)
            out[*count] = 1;
    token.given += *count;
    return token.rv;
}

static CK_RV module_final(CK_SESSION_HANDLE session)
{
    (void)session;
    return CKR_OK;
}

static CK_RV module_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle,
                          CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    const CK_BYTE id[2] = {(CK_BYTE)(id_of(handle) >> 8), (CK_BYTE)id_of(handle)};
    (void)session;

    assert_int_equal(count, 1);
    assert_int_equal(template->type, CKA_ID);
    assert_true(template->ulValueLen >= sizeof id);
    template->ulValueLen = handle == token.nameless ? 0 : sizeof id;
    memcpy(template->pValue, id, template->ulValueLen);
    return CKR_OK;
}

static CK_FUNCTION_LIST functions, *offered = &functions;

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list)
{
    *list = offered;
    return CKR_OK;
}

static void begin(void)
{
    memset(&token, 0, sizeof token);
    token.keys = KEYS;
    functions = (CK_FUNCTION_LIST){.C_FindObjectsInit = module_init,
                                   .C_FindObjects = module_find,
                                   .C_FindObjectsFinal = module_final,
                                   .C_GetAttributeValue = module_value};
    offered = &functions;
}

static void *program(void)
{
    void *self = dlopen(NULL, RTLD_NOW);

    assert_non_null(self);
    return self;
}

/* --- libp11's search --- */

static CK_OBJECT_HANDLE search(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, CK_ULONG id,
                               CK_ULONG *second)
{
    CK_BYTE octets[2] = {(CK_BYTE)(id >> 8), (CK_BYTE)id};
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, octets, sizeof octets}};
    CK_OBJECT_HANDLE found = 0, more = 0;
    CK_ULONG count = 0;

    assert_int_equal(offered->C_FindObjectsInit(session, template, 2), CKR_OK);
    assert_int_equal(offered->C_FindObjects(session, &found, 1, &count), token.rv);
    if (count == 0)
        found = 0;
    assert_int_equal(offered->C_FindObjects(session, &more, 1, second), token.rv);
    assert_int_equal(offered->C_FindObjectsFinal(session), CKR_OK);
    return found;
}

static CK_OBJECT_HANDLE public_of(CK_ULONG id)
{
    CK_ULONG second;

    return search(SESSION, CKO_PUBLIC_KEY, id, &second);
}

/* One search of the token, however many keys are looked for. The control: as many without it. */
static void test_once(void **state)
{
    CK_ULONG second;
    (void)state;

    begin();
    for (CK_ULONG id = 1; id <= KEYS; id++)
        assert_int_equal(public_of(id), id);
    assert_int_equal(token.searches, KEYS);
    begin();
    assert_true(public_index_install(program()));
    assert_false(public_index_install(program())); /* it is there */
    for (CK_ULONG id = 1; id <= KEYS; id++) {
        assert_int_equal(search(SESSION, CKO_PUBLIC_KEY, id, &second), id);
        assert_int_equal(second, 0);
    }
    assert_int_equal(token.searches, 1);
    assert_int_equal(token.given, KEYS);
    public_index_remove();
    assert_true(functions.C_FindObjectsInit == module_init);
    assert_true(functions.C_FindObjects == module_find);
    assert_true(functions.C_FindObjectsFinal == module_final);
}

/* What is not known, or another search, is the module's. */
static void test_others(void **state)
{
    CK_ULONG second;
    (void)state;

    begin();
    token.twin = 5;
    token.nameless = 9;
    assert_true(public_index_install(program()));
    assert_int_equal(public_of(4), 4); /* the first of two, as the module has it */
    assert_int_equal(token.searches, 1);
    assert_int_equal(public_of(9), 9);
    assert_int_equal(token.searches, 2);
    assert_int_equal(search(SESSION, CKO_PUBLIC_KEY, 3, &second), 3);
    assert_int_equal(token.searches, 2);
    assert_int_equal(search(SESSION, CKO_PRIVATE_KEY, 3, &second), 3);
    assert_int_equal(token.searches, 3);
    assert_int_equal(public_of(KEYS + 1), 0);
    token.keys++; /* made meanwhile */
    assert_int_equal(public_of(KEYS + 1), KEYS + 1);
    public_index_remove();
}

/* Between a search that is answered here and its end, another session has its own. */
static void test_sessions(void **state)
{
    CK_BYTE id[2] = {0, 3};
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, id, sizeof id}};
    CK_OBJECT_HANDLE found = 0;
    CK_ULONG count = 0;
    (void)state;

    begin();
    assert_true(public_index_install(program()));
    assert_int_equal(functions.C_FindObjectsInit(SESSION, template, 2), CKR_OK);
    token.next = 1;
    token.one = 0;
    assert_int_equal(functions.C_FindObjects(OTHER_SESSION, &found, 1, &count), CKR_OK);
    assert_int_equal(found, 1);
    assert_int_equal(functions.C_FindObjects(SESSION, &found, 1, &count), CKR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(found, 3);
    public_index_remove();
}

/* If the token cannot be listed, each search is the module's. */
static void test_failure(void **state)
{
    CK_ULONG second;
    (void)state;

    begin();
    token.rv = CKR_DEVICE_ERROR;
    assert_true(public_index_install(program()));
    search(SESSION, CKO_PUBLIC_KEY, 3, &second);
    token.rv = CKR_OK;
    token.searches = 0;
    assert_int_equal(public_of(3), 3);
    assert_int_equal(public_of(4), 4);
    assert_int_equal(token.searches, 2);
    public_index_remove();

    begin();
    token.endless = true;
    assert_true(public_index_install(program()));
    assert_int_equal(public_of(3), 3);
    assert_true(token.given < 2 * HSM_OBJECTS_MAX);
    public_index_remove();
}

/* A list that cannot be written to stays as it is. */
static void test_constant(void **state)
{
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    CK_FUNCTION_LIST *page =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (void)state;

    begin();
    assert_true(page != MAP_FAILED);
    *page = functions;
    assert_int_equal(mprotect(page, size, PROT_READ), 0);
    offered = page;
    assert_false(public_index_install(program()));
    assert_int_equal(public_of(3), 3);
    assert_int_equal(token.searches, 1);
    munmap(page, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),     cmocka_unit_test(test_others),
        cmocka_unit_test(test_sessions), cmocka_unit_test(test_failure),
        cmocka_unit_test(test_constant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
