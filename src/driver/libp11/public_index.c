/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/libp11/public_index.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#include "base/bytes.h"
#include "hsm/hsm.h"

enum { AT_ONCE = 256, ID_ROOM = 256 };

struct entry {
    struct bytes id;
    CK_OBJECT_HANDLE handle;
    size_t order; /* in the module's list: of several with one CKA_ID, its first is found */
};

/* PKCS#11's functions have no parameter in which this could be handed on, and libp11 knows one
 * module in a process. */
static struct {
    CK_FUNCTION_LIST *fn; /* the module's list, as libp11 uses it; NULL: not installed */
    CK_C_FindObjectsInit init;
    CK_C_FindObjects find;
    CK_C_FindObjectsFinal final;
    bool listed;
    struct entry *at; /* in the order of the CKA_IDs */
    size_t count, room;
    /* a search that is answered from the list */
    bool open;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE answer; /* 0: it was given */
} known;

/* --- the list --- */

static int by_id(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const size_t len = x->id.len < y->id.len ? x->id.len : y->id.len;
    int order = len > 0 ? memcmp(x->id.data, y->id.data, len) : 0;

    if (order == 0)
        order = (x->id.len > y->id.len) - (x->id.len < y->id.len);
    return order != 0 ? order : (x->order > y->order) - (x->order < y->order);
}

/* A key whose CKA_ID is empty or longer than any that a token should have is left to the module. */
static bool add(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle)
{
    CK_BYTE id[ID_ROOM];
    CK_ATTRIBUTE attr = {CKA_ID, id, sizeof id};
    struct entry *grown;

    if (known.fn->C_GetAttributeValue(session, handle, &attr, 1) != CKR_OK ||
        attr.ulValueLen == 0 || attr.ulValueLen > sizeof id)
        return true;
    if (known.count == known.room) {
        grown = realloc(known.at, (2 * known.room + AT_ONCE) * sizeof *grown);
        if (!grown)
            return false;
        known.at = grown;
        known.room = 2 * known.room + AT_ONCE;
    }
    known.at[known.count] = (struct entry){.handle = handle, .order = known.count};
    return bytes_set(&known.at[known.count].id, id, attr.ulValueLen, NULL) && ++known.count;
}

static void forget(void)
{
    for (size_t i = 0; i < known.count; i++)
        bytes_free(&known.at[i].id);
    free(known.at);
    known.at = NULL;
    known.count = known.room = 0;
}

static bool list_handles(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE **handles, size_t *count)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_ATTRIBUTE template = {CKA_CLASS, &class, sizeof class};
    CK_ULONG got = 0;
    bool ok = known.init(session, &template, 1) == CKR_OK;
    const bool begun = ok;

    while (ok) {
        CK_OBJECT_HANDLE *grown = realloc(*handles, (*count + AT_ONCE) * sizeof *grown);
        if (grown)
            *handles = grown;
        ok = grown && known.find(session, grown + *count, AT_ONCE, &got) == CKR_OK &&
             got <= AT_ONCE && *count < HSM_OBJECTS_MAX;
        if (!ok || got == 0)
            break;
        *count += got;
    }
    return (!begun || known.final(session) == CKR_OK) && ok;
}

static void list_all(CK_SESSION_HANDLE session)
{
    CK_OBJECT_HANDLE *handles = NULL;
    size_t count = 0;
    bool ok = list_handles(session, &handles, &count);

    known.listed = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = add(session, handles[i]);
    free(handles);
    if (ok && known.count > 0)
        qsort(known.at, known.count, sizeof *known.at, by_id);
    else
        forget();
}

/* The first one with this CKA_ID; 0: there is none in the list. */
static CK_OBJECT_HANDLE look_up(const CK_ATTRIBUTE *id)
{
    const struct entry key = {.id = {id->pValue, id->ulValueLen}};
    size_t low = 0, high = known.count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (by_id(&known.at[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < known.count && bytes_equal(&known.at[low].id, &key.id) ? known.at[low].handle : 0;
}

/* --- the functions that libp11 calls --- */

static const CK_ATTRIBUTE *attribute(const CK_ATTRIBUTE *of, CK_ULONG count, CK_ATTRIBUTE_TYPE type)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (of[i].type == type && of[i].pValue && of[i].ulValueLen > 0)
            return &of[i];
    return NULL;
}

/* The CKA_ID if a public key is searched for by this alone. */
static const CK_ATTRIBUTE *wanted_id(const CK_ATTRIBUTE *template, CK_ULONG count)
{
    const CK_ATTRIBUTE *class = count == 2 ? attribute(template, count, CKA_CLASS) : NULL;
    const CK_OBJECT_CLASS public = CKO_PUBLIC_KEY;

    return class && class->ulValueLen == sizeof public &&
                   memcmp(class->pValue, &public, sizeof public) == 0
               ? attribute(template, count, CKA_ID)
               : NULL;
}

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE_PTR template, CK_ULONG count)
{
    const CK_ATTRIBUTE *id = wanted_id(template, count);

    if (id && !known.listed)
        list_all(session);
    known.answer = id ? look_up(id) : 0;
    known.open = known.answer != 0;
    known.session = session;
    return known.open ? CKR_OK : known.init(session, template, count);
}

static CK_RV find(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE_PTR out, CK_ULONG most,
                  CK_ULONG_PTR count)
{
    if (!known.open || session != known.session)
        return known.find(session, out, most, count);
    *count = known.answer && most > 0;
    if (*count)
        *out = known.answer;
    known.answer = 0;
    return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE session)
{
    if (!known.open || session != known.session)
        return known.final(session);
    known.open = false;
    return CKR_OK;
}

/* --- before the module's --- */

/* The kernel writes what is read from a pipe, and says so if it cannot; a store would end this
 * process if the vendor made the list constant. */
static bool write_there(void *there, const void *value, size_t size)
{
    int ends[2];
    bool ok;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    ok =
        write(ends[1], value, size) == (ssize_t)size && read(ends[0], there, size) == (ssize_t)size;
    close(ends[0]);
    close(ends[1]);
    return ok;
}

static bool put(CK_FUNCTION_LIST *fn, CK_C_FindObjectsInit init, CK_C_FindObjects each,
                CK_C_FindObjectsFinal final)
{
    return write_there(&fn->C_FindObjectsInit, &init, sizeof init) &&
           write_there(&fn->C_FindObjects, &each, sizeof each) &&
           write_there(&fn->C_FindObjectsFinal, &final, sizeof final);
}

bool public_index_install(void *library)
{
    void *symbol = dlsym(library, "C_GetFunctionList");
    CK_FUNCTION_LIST *fn = NULL;
    CK_C_GetFunctionList get;

    if (known.fn || !symbol)
        return false;
    memcpy(&get, &symbol, sizeof get);
    if (get(&fn) != CKR_OK || !fn || !fn->C_FindObjectsInit || !fn->C_FindObjects ||
        !fn->C_FindObjectsFinal || !fn->C_GetAttributeValue)
        return false;
    known.init = fn->C_FindObjectsInit;
    known.find = fn->C_FindObjects;
    known.final = fn->C_FindObjectsFinal;
    known.fn = fn;
    if (put(fn, find_init, find, find_final))
        return true;
    public_index_remove();
    return false;
}

void public_index_remove(void)
{
    if (known.fn)
        put(known.fn, known.init, known.find, known.final);
    forget();
    known.fn = NULL;
    known.listed = known.open = false;
}
