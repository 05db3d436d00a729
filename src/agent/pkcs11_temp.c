/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pkcs11_temp.h"

#include <stdlib.h>

#include "agent/pkcs11_object.h"

static struct p11_temp *find(const struct p11 *p, CK_OBJECT_HANDLE handle)
{
    for (size_t i = 0; i < p->temp_count; i++)
        if (p->temps[i].handle == handle)
            return &p->temps[i];
    return NULL;
}

static bool add(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    struct p11_temp *grown = reallocarray(p->temps, p->temp_count + 1, sizeof *grown);

    if (!grown)
        return false;
    grown[p->temp_count++] = (struct p11_temp){.handle = handle};
    p->temps = grown;
    return true;
}

/* Destroys the session objects with this label that we did not make. */
static void sweep(struct p11 *p, const void *label, size_t label_len)
{
    struct p11_attrs with = {0};
    uint64_t *handles;
    size_t count;

    p11_attrs_bool(&with, CKA_TOKEN, false);
    p11_attrs_add(&with, CKA_LABEL, label, label_len);
    if (!p11_find(p, &with, &handles, &count, NULL))
        return;
    for (size_t i = 0; i < count; i++)
        if (!find(p, (CK_OBJECT_HANDLE)handles[i]))
            p->fn->C_DestroyObject(p->session, (CK_OBJECT_HANDLE)handles[i]);
    free(handles);
}

CK_RV p11_temp_made(struct p11 *p, CK_RV rv, CK_OBJECT_HANDLE handle, const void *label,
                    size_t label_len)
{
    if (rv == CKR_OK && (handle == CK_INVALID_HANDLE || handle == p->kept))
        rv = CKR_DEVICE_ERROR;
    if (rv == CKR_OK && !find(p, handle) && !add(p, handle))
        rv = CKR_HOST_MEMORY;
    if (rv != CKR_OK)
        sweep(p, label, label_len);
    return rv;
}

void p11_temp_forget(struct p11 *p, CK_OBJECT_HANDLE handle)
{
    struct p11_temp *temp = find(p, handle);

    if (temp)
        *temp = p->temps[--p->temp_count];
}

void p11_temp_defer(struct p11 *p, CK_OBJECT_HANDLE handle, uint32_t guards)
{
    struct p11_temp *temp = find(p, handle);

    if (temp)
        temp->deferred = guards;
}

uint32_t p11_temp_deferred(const struct p11 *p, CK_OBJECT_HANDLE handle)
{
    const struct p11_temp *temp = find(p, handle);

    return temp ? temp->deferred : 0;
}
