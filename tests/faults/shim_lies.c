/* SPDX-License-Identifier: Apache-2.0 */
/* What the shim can lie about: the lengths and bytes that are given out, which object it is, and
 * when something is done. */
#include "tests/faults/shim.h"

#include <stdlib.h>
#include <string.h>

static CK_OBJECT_HANDLE last_handle;

/* --- lies about what is given out --- */

/* The bytes given out: out, or the first attribute that has any. */
static CK_BYTE *bytes_of(const struct call *call, CK_ULONG **len)
{
    *len = call->attributes ? &call->attributes->ulValueLen : call->len;
    if (!*len || **len == 0 || **len == CK_UNAVAILABLE_INFORMATION)
        return NULL;
    return call->attributes ? call->attributes->pValue : call->out;
}

static void flip(struct call *call, const struct fault *f)
{
    CK_ULONG *len;
    CK_BYTE *bytes = bytes_of(call, &len);

    if (bytes)
        bytes[shim_number(f, *len - 1) % *len] ^= 1;
}

static void shorten(struct call *call, const struct fault *f)
{
    CK_ULONG *len;

    if (bytes_of(call, &len))
        *len -= shim_number(f, 1);
}

static void lengthen(struct call *call, const struct fault *f)
{
    CK_ULONG *len;

    if (bytes_of(call, &len))
        *len += shim_number(f, 1);
}

static void empty(struct call *call, const struct fault *f)
{
    CK_ULONG *len;

    (void)f;
    if (bytes_of(call, &len))
        *len = 0;
}

static void give_handle(struct call *call, const struct fault *f)
{
    if (call->handle)
        *call->handle = shim_number(f, 0);
}

static void give_last_handle(struct call *call, const struct fault *f)
{
    (void)f;
    if (call->handle)
        *call->handle = last_handle;
}

/* --- lies about which object it is: ARGUMENT is the label of one that is stored --- */

static struct {
    CK_OBJECT_HANDLE reported, made; /* what was answered, and what was made */
} swapped;

/* In a session of its own: a search may be under way in the call's. */
static CK_OBJECT_HANDLE stored(const struct call *call, const struct fault *f)
{
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE with[] = {{CKA_TOKEN, &yes, sizeof yes},
                           {CKA_LABEL, (void *)f->argument, strlen(f->argument)}};
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CK_SESSION_HANDLE session;
    CK_SESSION_INFO info;
    CK_ULONG n = 0;

    if (shim_real->C_GetSessionInfo(call->session, &info) != CKR_OK ||
        shim_real->C_OpenSession(info.slotID, CKF_SERIAL_SESSION, NULL, NULL, &session) != CKR_OK)
        return CK_INVALID_HANDLE;
    if (shim_real->C_FindObjectsInit(session, with, 2) == CKR_OK) {
        shim_real->C_FindObjects(session, &found, 1, &n);
        shim_real->C_FindObjectsFinal(session);
    }
    shim_real->C_CloseSession(session);
    return n ? found : CK_INVALID_HANDLE;
}

static void give_stored(const struct call *call, const struct fault *f, CK_OBJECT_HANDLE *out)
{
    CK_OBJECT_HANDLE known = call->rv == CKR_OK && out ? stored(call, f) : CK_INVALID_HANDLE;

    if (known == CK_INVALID_HANDLE)
        return;
    swapped.made = *out;
    swapped.reported = *out = known;
}

static void give_known(struct call *call, const struct fault *f)
{
    give_stored(call, f, call->handle);
}

static void give_known_public(struct call *call, const struct fault *f)
{
    give_stored(call, f, call->other);
}

/* A search does not find it. */
static void hide(struct call *call, const struct fault *f)
{
    CK_OBJECT_HANDLE *found = (CK_OBJECT_HANDLE *)(void *)call->out;
    const CK_ULONG count = call->rv == CKR_OK ? *call->len : 0;
    CK_ULONG kept = 0;

    for (CK_ULONG i = 0; i < count; i++) {
        char label[64] = "";
        CK_ATTRIBUTE t = {CKA_LABEL, label, sizeof label - 1};
        CK_RV rv = shim_real->C_GetAttributeValue(call->session, found[i], &t, 1);
        if (rv != CKR_OK || strcmp(label, f->argument) != 0)
            found[kept++] = found[i];
    }
    if (count)
        *call->len = kept;
}

/* What is read of the object whose handle was answered falsely is that of the one that was made. */
static bool read_swapped(struct call *call, const struct fault *f)
{
    (void)f;
    if (swapped.reported == CK_INVALID_HANDLE || call->object != swapped.reported)
        return true;
    call->rv =
        shim_real->C_GetAttributeValue(call->session, swapped.made, call->attributes, call->count);
    return false;
}

/* The call is made for the stored object instead: another key's blob, signature or attributes. */
static bool use_other(struct call *call, const struct fault *f)
{
    CK_OBJECT_HANDLE other = call->target ? stored(call, f) : CK_INVALID_HANDLE;

    if (other != CK_INVALID_HANDLE)
        *call->target = other;
    return true;
}

/* A search finds one more: the stored object of that label, or a handle of no object. */
static void add(struct call *call, const struct fault *f)
{
    CK_OBJECT_HANDLE *found = (CK_OBJECT_HANDLE *)(void *)call->out;
    CK_OBJECT_HANDLE one = shim_number(f, 0);

    if (call->rv != CKR_OK || *call->len >= call->room)
        return;
    if (one == CK_INVALID_HANDLE)
        one = stored(call, f);
    if (one != CK_INVALID_HANDLE)
        found[(*call->len)++] = one;
}

static struct {
    const char *name;
    CK_BYTE bytes[4096];
    CK_ULONG len;
} last; /* what was given out last, and by which function */

/* What that function gave out the time before. */
static void replay(struct call *call, const struct fault *f)
{
    (void)f;
    if (call->rv != CKR_OK || !call->out || last.name != call->name || last.len > *call->len)
        return;
    memcpy(call->out, last.bytes, last.len);
    *call->len = last.len;
}

/* --- lies about when it is done --- */

static struct {
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
    CK_ULONG calls; /* until it is destroyed; 0: nothing waits */
} waiting;

static CK_OBJECT_HANDLE unseen;
static CK_ULONG unseen_for; /* so many searches */

static bool ignore(struct call *call, const struct fault *f)
{
    (void)f;
    call->rv = CKR_OK;
    return false;
}

/* What shall be destroyed is, some calls later. */
static bool defer(struct call *call, const struct fault *f)
{
    waiting.session = call->session;
    waiting.object = call->object;
    waiting.calls = shim_number(f, 1);
    return ignore(call, f);
}

/* What was made is gone some calls later. */
static void vanish(struct call *call, const struct fault *f)
{
    if (call->rv != CKR_OK || !call->handle)
        return;
    waiting.session = call->session;
    waiting.object = *call->handle;
    waiting.calls = shim_number(f, 1);
}

/* What was made is found some searches later. */
static void appear(struct call *call, const struct fault *f)
{
    if (call->rv != CKR_OK || !call->handle)
        return;
    unseen = *call->handle;
    unseen_for = shim_number(f, 1);
}

void shim_catch_up(void)
{
    if (waiting.calls && --waiting.calls == 0)
        shim_real->C_DestroyObject(waiting.session, waiting.object);
}

static void leave_out_unseen(struct call *call)
{
    CK_OBJECT_HANDLE *found = (CK_OBJECT_HANDLE *)(void *)call->out;
    CK_ULONG kept = 0;

    if (!unseen_for || strcmp(call->name, "C_FindObjects") != 0 || call->rv != CKR_OK)
        return;
    unseen_for--;
    for (CK_ULONG i = 0; i < *call->len; i++)
        if (found[i] != unseen)
            found[kept++] = found[i];
    *call->len = kept;
}

void shim_remember(struct call *call)
{
    leave_out_unseen(call);
    if (call->rv == CKR_OK && call->handle)
        last_handle = *call->handle;
    if (call->rv == CKR_OK && call->out && call->len && *call->len <= sizeof last.bytes &&
        strcmp(call->name, "C_FindObjects") != 0) {
        last.name = call->name;
        last.len = *call->len;
        memcpy(last.bytes, call->out, last.len);
    }
}

const struct shim_kind shim_lies[] = {
    {"flip", NULL, flip},                /* a bit of the last byte, or of that number ARGUMENT */
    {"short", NULL, shorten},            /* by one byte or ARGUMENT */
    {"long", NULL, lengthen},            /* likewise: the length lies */
    {"empty", NULL, empty},              /* no bytes at all */
    {"handle", NULL, give_handle},       /* ARGUMENT: which; 0 */
    {"again", NULL, give_last_handle},   /* the one that was given out last */
    {"replay", NULL, replay},            /* the bytes that this function gave out last */
    {"known", NULL, give_known},         /* that of the stored object with the label ARGUMENT */
    {"pknown", NULL, give_known_public}, /* likewise, for the public half of a pair */
    {"other", use_other, NULL},          /* the call is made for that object */
    {"hide", NULL, hide},                /* C_FindObjects does not find that object */
    {"add", NULL, add},                  /* C_FindObjects finds it too, or the handle ARGUMENT */
    {"swap", read_swapped, NULL},        /* C_GetAttributeValue reads what was made instead of it */
    {"ignore", ignore, NULL},            /* it says OK, and nothing is done */
    {"defer", defer, NULL},              /* C_DestroyObject: done ARGUMENT calls later; 1 */
    {"vanish", NULL, vanish},            /* what was made is destroyed ARGUMENT calls later; 1 */
    {"appear", NULL, appear},            /* it is found only after ARGUMENT searches; 1 */
    {NULL, NULL, NULL},
};
