/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_list.h"

#include <stdlib.h>

#include <pkcs11t.h>

#include "driver/nss/nss_object.h"
#include "driver/nss/nss_spki.h"

bool nss_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object object;
    bool ok;

    if (!nss)
        return false;
    ok = nss_object_open(nss, handle, &object, err);
    if (ok)
        *key = object.desc;
    nss_object_close(&object);
    return ok;
}

bool nss_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    struct nss_object object;
    bool ok;

    if (!nss)
        return false;
    ok = nss_object_open(nss, handle, &object, err) &&
         nss_spki_of(&object.desc, &object.values, spki, err);
    nss_object_close(&object);
    return ok;
}

/* NSS finds objects only by class; its databases can hold no others. */
static const CK_OBJECT_CLASS searched[] = {CKO_DATA,        CKO_CERTIFICATE, CKO_PUBLIC_KEY,
                                           CKO_PRIVATE_KEY, CKO_SECRET_KEY,  CKO_NSS_TRUST,
                                           CKO_NSS_CRL,     CKO_NSS_SMIME};

static bool add_handle(uint64_t **handles, size_t *count, size_t *room, uint64_t handle,
                       struct err *err)
{
    if (*count == HSM_OBJECTS_MAX)
        return err_set(err, ERR_HSM, "the NSS database has more than %d objects", HSM_OBJECTS_MAX);
    if (*count == *room) {
        size_t more = *room ? 2 * *room : 64;
        uint64_t *grown = reallocarray(*handles, more, sizeof *grown);
        if (!grown)
            return err_set(err, ERR_FAILED, "out of memory");
        *handles = grown;
        *room = more;
    }
    (*handles)[(*count)++] = handle;
    return true;
}

bool nss_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct nss *nss = nss_logged_in(hsm, err);
    uint64_t *found = NULL;
    size_t have = 0, room = 64;
    bool ok = nss;

    if (ok && !(found = calloc(room, sizeof *found)))
        ok = err_set(err, ERR_FAILED, "out of memory");
    for (size_t i = 0; ok && i < sizeof searched / sizeof searched[0]; i++) {
        PK11GenericObject *objects = PK11_FindGenericObjects(nss->slot, searched[i]);
        for (PK11GenericObject *at = objects; ok && at; at = PK11_GetNextGenericObject(at))
            ok = add_handle(&found, &have, &room, PK11_GetObjectHandle(PK11_TypeGeneric, at, NULL),
                            err);
        PK11_DestroyGenericObjects(objects);
    }
    if (!ok) {
        free(found);
        return false;
    }
    qsort(found, have, sizeof *found, key_compare_handles);
    *handles = found;
    *count = have;
    return true;
}

bool nss_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct key_list found = {0};
    uint64_t *handles = NULL;
    size_t count = 0;
    bool ok = nss_handles(hsm, &handles, &count, err);

    for (size_t i = 0; ok && i < count; i++) {
        struct key_desc desc;
        /* a single fault must not hide the object */
        if (!nss_describe(hsm, handles[i], &desc, NULL) &&
            !nss_describe(hsm, handles[i], &desc, NULL))
            desc = (struct key_desc){.handle = handles[i]};
        ok = key_list_add(&found, &desc) || err_set(err, ERR_FAILED, "out of memory");
    }
    free(handles);
    if (!ok) {
        key_list_free(&found);
        return false;
    }
    *list = found;
    return true;
}
