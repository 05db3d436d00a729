/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/nss/nss_db.h"

#include <stdarg.h>
#include <stdlib.h>

#include <keyhi.h>
#include <prerror.h>
#include <secitem.h>
#include <secport.h>

#include "base/text.h"

struct nss *nss_of(struct hsm *hsm)
{
    return (struct nss *)hsm;
}

struct nss *nss_logged_in(struct hsm *hsm, struct err *err)
{
    struct nss *nss = nss_of(hsm);

    if (nss->slot)
        return nss;
    err_set(err, ERR_FAILED, "there is no login to a token of the NSS database");
    return NULL;
}

bool nss_failed(struct err *err, enum err_code code, const char *fmt, ...)
{
    PRErrorCode nss_code = PORT_GetError();
    char what[ERR_WHAT_MAX];
    va_list args;

    va_start(args, fmt);
    text_vprint(what, sizeof what, fmt, args);
    va_end(args);
    return err_set_hsm(err, code, (uint64_t)nss_code, PR_ErrorToName(nss_code), "%s", what);
}

/* Frees the structure of a temporary object, which destroys the object. */
static void free_object(PK11ObjectType type, void *object)
{
    switch (type) {
    case PK11_TypeSymKey:
        PK11_FreeSymKey(object);
        break;
    case PK11_TypePrivKey:
        SECKEY_DestroyPrivateKey(object);
        break;
    case PK11_TypePubKey:
        SECKEY_DestroyPublicKey(object);
        break;
    default:
        PK11_DestroyGenericObject(object);
    }
}

/* Keeps both halves, or none of them. */
static bool keep_both(struct nss *nss, SECKEYPrivateKey **private, SECKEYPublicKey **public,
                      struct hsm_pair *made, struct err *err)
{
    bool ok = nss_keep(nss, PK11_TypePrivKey, *private, &made->private_handle, err);

    *private = NULL; /* ownership was passed on */
    if (!ok)
        return false;
    ok = nss_keep(nss, PK11_TypePubKey, *public, &made->public_handle, err);
    *public = NULL; /* ownership was passed on */
    if (!ok)
        nss_drop(nss, made->private_handle);
    return ok;
}

bool nss_keep_pair(struct nss *nss, bool whole, SECKEYPrivateKey *private, SECKEYPublicKey *public,
                   struct hsm_pair *pair, struct err *err)
{
    struct hsm_pair made = {0};
    SECItem *der = whole ? SECKEY_EncodeDERSubjectPublicKeyInfo(public) : NULL;
    bool ok = whole && (der ? bytes_set(&made.spki, der->data, der->len, err)
                            : nss_failed(err, ERR_HSM, "a new public key cannot be encoded"));

    SECITEM_FreeItem(der, PR_TRUE);
    ok = ok && keep_both(nss, &private, &public, &made, err);
    if (private)
        SECKEY_DestroyPrivateKey(private);
    if (public)
        SECKEY_DestroyPublicKey(public);
    if (ok)
        *pair = made;
    else
        bytes_free(&made.spki);
    return ok;
}

bool nss_made(struct nss *nss, CK_OBJECT_HANDLE handle, struct err *err)
{
    return handles_add(&nss->known, handle, err) || err_now(err, "That object was not destroyed");
}

bool nss_keep(struct nss *nss, PK11ObjectType type, void *object, uint64_t *handle, struct err *err)
{
    CK_OBJECT_HANDLE number = PK11_GetObjectHandle(type, object, NULL);

    if (nss->count == nss->room) {
        size_t room = nss->room ? 2 * nss->room : 16;
        struct nss_temporary *more = reallocarray(nss->temporaries, room, sizeof *more);
        if (!more) {
            free_object(type, object);
            return err_set(err, ERR_FAILED, "out of memory");
        }
        nss->temporaries = more;
        nss->room = room;
    }
    /* If the handle is that of another object, the structure is not freed: that would destroy the
     * object. */
    if (!nss_made(nss, number, err))
        return false;
    nss->temporaries[nss->count++] = (struct nss_temporary){number, type, object};
    *handle = number;
    return true;
}

bool nss_drop(struct nss *nss, CK_OBJECT_HANDLE handle)
{
    for (size_t i = 0; i < nss->count; i++) {
        struct nss_temporary gone = nss->temporaries[i];
        if (gone.handle != handle)
            continue;
        nss->temporaries[i] = nss->temporaries[--nss->count];
        handles_gone(&nss->known, handle);
        free_object(gone.type, gone.object);
        return true;
    }
    return false;
}

void nss_drop_all(struct nss *nss)
{
    while (nss->count > 0)
        nss_drop(nss, nss->temporaries[0].handle);
    free(nss->temporaries);
    handles_free(&nss->known);
    if (nss->mover)
        SECKEY_DestroyPrivateKey(nss->mover);
    if (nss->mover_public)
        SECKEY_DestroyPublicKey(nss->mover_public);
    nss->mover = NULL;
    nss->mover_public = NULL;
    nss->temporaries = NULL;
    nss->room = 0;
}
