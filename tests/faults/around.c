/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/faults/around.h"

#include <stdlib.h>
#include <string.h>

#include "driver/dialect/ckr.h"
#include "driver/nss/nss.h"
#include "driver/pkcs11/pkcs11.h"
#include "hsm/evidence_key.h"
#include "hsm/key_agreement.h"
#include "hsm/layers.h"
#include "tests/faults/pair.h"
#include "tests/faults/shim.h"

struct around {
    struct hsm hsm;
    struct hsm *inner;
};

/* One HSM in a process. */
static bool counts, closed;

/* What the shim asks of the real module. */
static CK_RV lose_session(CK_SESSION_HANDLE session)
{
    (void)session;
    closed = true;
    return CKR_OK;
}

static struct hsm *inner_of(struct hsm *hsm)
{
    return ((struct around *)hsm)->inner;
}

/* --- a call, and what it gives out ------------------------------------------------------------ */

static bool begin(struct call *call, struct err *err)
{
    if (!counts)
        return true;
    if (!shim_begin(call))
        return ckr_set(err, call->rv, "%s failed", call->name);
    return !closed || ckr_set(err, CKR_SESSION_HANDLE_INVALID, "%s failed", call->name);
}

static bool end(struct call *call, bool ok, struct err *err)
{
    CK_RV rv;

    if (!counts)
        return ok;
    rv = shim_end(call, ok ? CKR_OK : CKR_FUNCTION_FAILED);
    return ok && (rv == CKR_OK || ckr_set(err, rv, "%s failed", call->name));
}

static bool end_bytes(struct call *call, bool ok, struct bytes *out, struct err *err)
{
    if (ok) {
        call->out = out->data;
        call->len = &out->len;
    }
    if (end(call, ok, err))
        return true;
    if (ok)
        bytes_free(out);
    return false;
}

/* A call that gives out nothing that could be spoiled. */
#define FORWARD(function, takes, hands)                                                            \
    static bool around_##function takes                                                            \
    {                                                                                              \
        struct call call = {.name = #function};                                                    \
        return begin(&call, err) && end(&call, inner_of(hsm)->driver->function hands, err);        \
    }
FORWARD(info, (struct hsm * hsm, struct hsm_info *info, struct err *err),
        (inner_of(hsm), info, err))
FORWARD(slots, (struct hsm * hsm, struct hsm_slot_list *list, struct err *err),
        (inner_of(hsm), list, err))
FORWARD(login, (struct hsm * hsm, uint64_t slot, const struct secret *pin, struct err *err),
        (inner_of(hsm), slot, pin, err))
FORWARD(capabilities,
        (struct hsm * hsm, const struct hsm_wanted *wanted, struct hsm_capabilities *caps,
         struct err *err),
        (inner_of(hsm), wanted, caps, err))
FORWARD(destroy, (struct hsm * hsm, uint64_t handle, struct err *err), (inner_of(hsm), handle, err))
FORWARD(remove, (struct hsm * hsm, const struct key_desc *is, struct err *err),
        (inner_of(hsm), is, err))
FORWARD(tighten,
        (struct hsm * hsm, const struct key_desc *is, const struct tightening *to, struct err *err),
        (inner_of(hsm), is, to, err))

/* What they give out is made of a ciphertext and of an answer, and compared. */
FORWARD(encrypt,
        (struct hsm * hsm, uint64_t key, const struct bytes *context, const struct secret *text,
         struct evidence_cipher *cipher, struct err *err),
        (inner_of(hsm), key, context, text, cipher, err))
FORWARD(decrypt,
        (struct hsm * hsm, uint64_t key, const struct bytes *context,
         const struct evidence_cipher *cipher, struct secret *text, struct err *err),
        (inner_of(hsm), key, context, cipher, text, err))

/* One that makes an object. */
#define MAKE(function, takes, hands)                                                               \
    static bool around_##function takes                                                            \
    {                                                                                              \
        struct call call = {.name = #function, .handle = handle};                                  \
        return begin(&call, err) && end(&call, inner_of(hsm)->driver->function hands, err);        \
    }
MAKE(load_public,
     (struct hsm * hsm, const struct bytes *spki, const char *label, uint64_t *handle,
      struct err *err),
     (inner_of(hsm), spki, label, handle, err))
MAKE(make_kek,
     (struct hsm * hsm, uint32_t bits, const char *label, uint64_t *handle, struct err *err),
     (inner_of(hsm), bits, label, handle, err))
MAKE(agree, (struct hsm * hsm, const struct hsm_agreement *on, uint64_t *handle, struct err *err),
     (inner_of(hsm), on, handle, err))
MAKE(make_evidence_key, (struct hsm * hsm, const char *label, uint64_t *handle, struct err *err),
     (inner_of(hsm), label, handle, err))
MAKE(make_public,
     (struct hsm * hsm, const struct hsm_template *template, uint64_t *handle, struct err *err),
     (inner_of(hsm), template, handle, err))

MAKE(make_key,
     (struct hsm * hsm, const struct key_sample *sample, const char *label, uint64_t *handle,
      uint64_t *public_handle, struct err *err),
     (inner_of(hsm), sample, label, handle, public_handle, err))

/* One that gives out bytes. */
#define GIVE(function, takes, hands, bytes)                                                        \
    static bool around_##function takes                                                            \
    {                                                                                              \
        struct call call = {.name = #function};                                                    \
        return begin(&call, err) &&                                                                \
               end_bytes(&call, inner_of(hsm)->driver->function hands, bytes, err);                \
    }
GIVE(public_key, (struct hsm * hsm, uint64_t handle, struct bytes *spki, struct err *err),
     (inner_of(hsm), handle, spki, err), spki)
GIVE(certificate, (struct hsm * hsm, uint64_t handle, struct bytes *der, struct err *err),
     (inner_of(hsm), handle, der, err), der)
GIVE(wrap,
     (struct hsm * hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
      struct bytes *wrapped_key, struct err *err),
     (inner_of(hsm), alg, wrapping, key, wrapped_key, err), wrapped_key)
GIVE(prove,
     (struct hsm * hsm, enum hsm_proof proof, uint64_t handle, const struct bytes *challenge,
      struct bytes *answer, struct err *err),
     (inner_of(hsm), proof, handle, challenge, answer, err), answer)
GIVE(make_pair,
     (struct hsm * hsm, uint32_t bits, const char *label, struct hsm_pair *pair, struct err *err),
     (inner_of(hsm), bits, label, pair, err), &pair->spki)

GIVE(make_agreement_pair,
     (struct hsm * hsm, enum hsm_alg alg, const char *label, struct hsm_pair *pair,
      struct err *err),
     (inner_of(hsm), alg, label, pair, err), &pair->spki)

GIVE(make_token_pair,
     (struct hsm * hsm, uint32_t bits, const char *label, struct hsm_pair *pair, struct err *err),
     (inner_of(hsm), bits, label, pair, err), &pair->spki)

GIVE(encapsulate,
     (struct hsm * hsm, const struct hsm_encapsulation *with, struct hsm_pair *pair,
      struct err *err),
     (inner_of(hsm), with, pair, err), &pair->spki)
GIVE(gcm_encrypt,
     (struct hsm * hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV], const struct bytes *context,
      const struct bytes *text, struct bytes *ciphertext, struct err *err),
     (inner_of(hsm), key, iv, context, text, ciphertext, err), ciphertext)
GIVE(gcm_decrypt,
     (struct hsm * hsm, uint64_t key, const uint8_t iv[HSM_LAYER_IV], const struct bytes *context,
      const struct bytes *ciphertext, struct bytes *text, struct err *err),
     (inner_of(hsm), key, iv, context, ciphertext, text, err), text)

/* As if whatever says that it is no token object were a temporary of this session. */
static void leave_out(struct key_list *list)
{
    const size_t count = getenv("SHIM_BLIND") ? list->count : 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (!key_is_not(&list->keys[i], KEY_TOKEN))
            list->keys[kept++] = list->keys[i];
    list->count -= count - kept;
}

static bool around_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct call call = {.name = "list", .len = &list->count};

    if (!begin(&call, err))
        return false;
    bool ok = inner_of(hsm)->driver->list(inner_of(hsm), list, err);
    if (ok)
        leave_out(list);
    if (end(&call, ok, err))
        return true;
    if (ok)
        key_list_free(list);
    return false;
}

static bool around_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct call call = {.name = "handles", .len = count};

    if (!begin(&call, err))
        return false;
    bool ok = inner_of(hsm)->driver->handles(inner_of(hsm), handles, count, err);
    call.out = ok ? (CK_BYTE *)*handles : NULL;
    if (end(&call, ok, err))
        return true;
    if (ok)
        free(*handles);
    return false;
}

/* --- the naive order -------------------------------------------------------------------------- */

static struct {
    uint64_t handle; /* of the key that has its final name already; 0: none */
    char label[64];  /* the one that it was to have until then */
} early;

static bool around_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                          const struct bytes *wrapped_key, const struct hsm_template *t,
                          uint64_t *handle, struct err *err)
{
    const char *name = getenv("SHIM_NAIVE");
    struct hsm *inner = inner_of(hsm);
    struct call call = {.name = "unwrap", .handle = handle};
    bool ok = begin(&call, err) &&
              inner->driver->unwrap(inner, alg, unwrapping, wrapped_key, t, handle, err);

    if (ok && name && (t->flags & KEY_TOKEN) && t->label_len < sizeof early.label) {
        memcpy(early.label, t->label, t->label_len);
        ok = inner->driver->commit(inner, *handle, (const uint8_t *)name, strlen(name), t->id,
                                   t->id_len, &early.handle, err) &&
             inner->driver->destroy(inner, *handle, err);
        *handle = early.handle;
    }
    return end(&call, ok, err);
}

static bool around_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label,
                          size_t label_len, const uint8_t *id, size_t id_len, uint64_t *handle,
                          struct err *err)
{
    struct hsm *inner = inner_of(hsm);
    struct call call = {.name = "commit", .handle = handle};

    if (!begin(&call, err))
        return false;
    if (early.handle && early.handle == temporary) {
        early.handle = 0;
        *handle = temporary;
        return end(&call, true, err);
    }
    return end(&call,
               inner->driver->commit(inner, temporary, label, label_len, id, id_len, handle, err),
               err);
}

static bool around_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    CK_ULONG size = sizeof key->flags;
    struct call call = {.name = "describe", .out = (CK_BYTE *)&key->flags, .len = &size};

    if (!begin(&call, err) ||
        !end(&call, inner_of(hsm)->driver->describe(inner_of(hsm), handle, key, err), err))
        return false;
    if (early.handle && early.handle == handle) { /* what nobody is to see */
        key->flags &= ~(uint32_t)KEY_TOKEN;
        key_set_label(key, (const uint8_t *)early.label, strlen(early.label));
    }
    return true;
}

/* --- the drivers --------------------------------------------------------------------------------
 */

static bool open_around(const struct hsm_driver *driver, const struct hsm_driver *self,
                        const struct hsm_where *where, struct hsm **out, struct err *err)
{
    static CK_FUNCTION_LIST asked = {.C_CloseSession = lose_session};
    struct call call = {.name = "open"};
    struct around *a;

    /* By which NSS makes its PIN, and each key, slow to guess; an agent drops what is set outside.
     */
    setenv("NSS_MAX_MP_PBE_ITERATION_COUNT", "1", 1);
    counts = getenv("SHIM_COUNT") && !getenv("SHIM_MODULE");
    if (counts) {
        shim_real = &asked;
        shim_read_faults(getenv("SHIM_FAULT"));
    }
    if (!begin(&call, err))
        return false;
    a = calloc(1, sizeof *a);
    if (!a)
        return err_set(err, ERR_FAILED, "no memory");
    a->hsm.driver = self;
    *out = &a->hsm;
    return end(&call, driver->open(where, &a->inner, err), err);
}

static bool around_another(struct hsm *hsm, struct hsm **out, struct err *err)
{
    const struct hsm_driver *driver = inner_of(hsm)->driver;
    struct around *a;

    if (!driver->another)
        return err_set(err, ERR_UNSUPPORTED, "this API has one session");
    a = calloc(1, sizeof *a);
    if (!a)
        return err_set(err, ERR_FAILED, "no memory");
    *a = *(struct around *)hsm;
    if (driver->another(inner_of(hsm), &a->inner, err)) {
        *out = &a->hsm;
        return true;
    }
    free(a);
    return false;
}

static bool open_pkcs11(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    const char *module = getenv("SHIM_MODULE");

    if (module && strstr(module, "softokn"))
        pair_give_to_nss();
    return open_around(&pkcs11_driver, &around_pkcs11, where, out, err);
}

static bool open_nss(const struct hsm_where *where, struct hsm **out, struct err *err)
{
    pair_give_to_nss();
    return open_around(&nss_driver, &around_nss, where, out, err);
}

/* Whatever happens to it, the HSM is closed. */
static void around_close(struct hsm *hsm)
{
    struct call call = {.name = "close"};
    struct err err;

    begin(&call, &err);
    inner_of(hsm)->driver->close(inner_of(hsm));
    end(&call, true, &err);
    free(hsm);
}

_Static_assert(
    sizeof(struct hsm_driver) == 45 * sizeof(void *),
    "each function has one here, but at_work, lock, sessions and those of a list in parts");

#define AROUND(api, ...)                                                                           \
    const struct hsm_driver around_##api = {.name = #api,                                          \
                                            .open = open_##api,                                    \
                                            .close = around_close,                                 \
                                            .another = around_another,                             \
                                            .info = around_info,                                   \
                                            .slots = around_slots,                                 \
                                            .login = around_login,                                 \
                                            .list = around_list,                                   \
                                            .handles = around_handles,                             \
                                            .describe = around_describe,                           \
                                            .public_key = around_public_key,                       \
                                            .certificate = around_certificate,                     \
                                            .capabilities = around_capabilities,                   \
                                            .make_pair = around_make_pair,                         \
                                            .make_token_pair = around_make_token_pair,             \
                                            .load_public = around_load_public,                     \
                                            .make_agreement_pair = around_make_agreement_pair,     \
                                            .meet = agreement_meet,                                \
                                            .agree = around_agree,                                 \
                                            .make_kek = around_make_kek,                           \
                                            .make_evidence_key = around_make_evidence_key,         \
                                            .encrypt = around_encrypt,                             \
                                            .decrypt = around_decrypt,                             \
                                            .seal = evidence_key_seal,                             \
                                            .unseal = evidence_key_unseal,                         \
                                            .make_key = around_make_key,                           \
                                            .wrap = around_wrap,                                   \
                                            .unwrap = around_unwrap,                               \
                                            .prove = around_prove,                                 \
                                            .commit = around_commit,                               \
                                            .make_public = around_make_public,                     \
                                            .destroy = around_destroy,                             \
                                            .remove = around_remove,                               \
                                            .tighten = around_tighten,                             \
                                            __VA_ARGS__}
AROUND(pkcs11, .encapsulate = around_encapsulate, .wrap_layers = layers_wrap,
       .unwrap_layers = layers_unwrap, .gcm_encrypt = around_gcm_encrypt,
       .gcm_decrypt = around_gcm_decrypt);
AROUND(nss, .encapsulate = NULL); /* no ML-KEM */
