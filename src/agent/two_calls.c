/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/two_calls.h"

#include <string.h>

#include "base/text.h"

enum { AES_BITS = 256, LABEL_MAX = 64 };

/* --- what it makes possible --- */

static void offer(struct hsm_capabilities *caps, enum hsm_alg alg, bool wrap, bool unwrap)
{
    const struct hsm_capability *outer = &caps->alg[wrap_alg(alg)->outer];
    const struct hsm_capability *inner = &caps->alg[wrap_alg(alg)->inner];
    struct hsm_capability *cap = &caps->alg[alg];

    if (wrap)
        text_print(cap->wrap_call, sizeof cap->wrap_call, "%s, %s", outer->wrap_call,
                   inner->wrap_call);
    if (unwrap)
        text_print(cap->unwrap_call, sizeof cap->unwrap_call, "%s, %s", outer->unwrap_call,
                   inner->unwrap_call);
    cap->wrap |= wrap;
    cap->unwrap |= unwrap;
    text_print(cap->reason, sizeof cap->reason, "in two calls, under an AES key for each key");
}

/* --- the two calls --- */

/* The console checks its key-encryption key in the same way, but it never hears of this one. */
static bool check_aes(struct guard *g, uint64_t aes, uint32_t use, struct err *err)
{
    const uint32_t never = (KEY_ENCRYPT | KEY_DECRYPT | KEY_WRAP | KEY_UNWRAP) & ~use;
    struct key_desc desc;

    if (!g->hsm->driver->describe(g->hsm, aes, &desc, err))
        return false;
    if (!key_is_not(&desc, KEY_SENSITIVE) && !(desc.flags & desc.flags_known & never))
        return true;
    err_set(err, ERR_HSM, "the AES key of the blob can be read, or be used for more than the blob");
    return err_next(err,
                    "Do not use this HSM with this ceremony: it ignores the template of the key.");
}

/* Destroys the AES key, whatever happened before. */
static bool end(struct guard *g, uint64_t aes, bool ok, struct err *err)
{
    struct err why = {0};

    if (!aes || guard_destroy(g, aes, &why))
        return ok;
    if (ok)
        *err = why;
    return false;
}

static bool join(const struct bytes *head, const struct bytes *tail, struct bytes *out,
                 struct err *err)
{
    struct bytes whole = {0};

    if (!bytes_make(&whole, head->len + tail->len, err))
        return false;
    memcpy(whole.data, head->data, head->len);
    memcpy(whole.data + head->len, tail->data, tail->len);
    bytes_free(out);
    *out = whole; /* ownership was passed on */
    return true;
}

/* The AES key bears the label of the RSA key: that of the ceremony. */
static bool wrap_in_two(struct guard *g, enum hsm_alg alg, const struct key_desc *wrapping,
                        uint64_t key, struct bytes *wrapped_key, struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    struct bytes head = {0}, tail = {0};
    char label[LABEL_MAX];
    uint64_t aes = 0;
    bool ok;

    text_print(label, sizeof label, "%.*s", (int)wrapping->label_len,
               (const char *)wrapping->label);
    ok = driver->make_kek(g->hsm, AES_BITS, label, &aes, err) && guard_made(g, aes, err) &&
         check_aes(g, aes, KEY_WRAP, err) &&
         driver->wrap(g->hsm, wrap_alg(alg)->outer, wrapping->handle, aes, &head, err) &&
         driver->wrap(g->hsm, wrap_alg(alg)->inner, aes, key, &tail, err) &&
         join(&head, &tail, wrapped_key, err);
    bytes_free(&head);
    bytes_free(&tail);
    return end(g, aes, ok, err);
}

static bool unwrap_in_two(struct guard *g, enum hsm_alg alg, const struct key_desc *unwrapping,
                          const struct bytes *wrapped_key, const struct hsm_template *template,
                          uint64_t *handle, struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    const size_t modulus = (unwrapping->bits + 7) / 8;
    const struct hsm_template aes_template = {
        .class = KEY_CLASS_SECRET,
        .kind = KEY_KIND_AES,
        .length = AES_BITS / 8,
        .flags = KEY_UNWRAP | KEY_SENSITIVE | KEY_PRIVATE | KEY_DESTROYABLE,
        .label = unwrapping->label,
        .label_len = unwrapping->label_len,
    };
    struct bytes head, tail;
    struct err ignored = {0};
    uint64_t aes = 0, made = 0;
    bool ok;

    if (modulus == 0 || wrapped_key->len <= modulus)
        return err_set(err, ERR_DATA, "the blob is shorter than its RSA key");
    head = (struct bytes){wrapped_key->data, modulus};
    tail = (struct bytes){wrapped_key->data + modulus, wrapped_key->len - modulus};
    ok = driver->unwrap(g->hsm, wrap_alg(alg)->outer, unwrapping->handle, &head, &aes_template,
                        &aes, err) &&
         guard_made(g, aes, err) && check_aes(g, aes, KEY_UNWRAP, err) &&
         driver->unwrap(g->hsm, wrap_alg(alg)->inner, aes, &tail, template, &made, err);
    ok = end(g, aes, ok, err);
    if (ok)
        *handle = made;
    else if (made && guard_made(g, made, &ignored)) /* the AES key could not be destroyed */
        guard_destroy(g, made, &ignored);
    return ok;
}

void two_calls_offer(struct guard *g, struct hsm_capabilities *caps)
{
    struct guard *login = g->first ? g->first : g;
    struct guard_in_two in_two = {.wrap = wrap_in_two, .unwrap = unwrap_in_two};

    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        const struct wrap_alg *a = wrap_alg(alg);
        if (a->family != WRAP_RSA_AES)
            continue;
        bool wrap = !caps->alg[alg].wrap && caps->alg[a->outer].wrap && caps->alg[a->inner].wrap;
        bool unwrap =
            !caps->alg[alg].unwrap && caps->alg[a->outer].unwrap && caps->alg[a->inner].unwrap;
        in_two.wraps |= (uint32_t)wrap << alg;
        in_two.unwraps |= (uint32_t)unwrap << alg;
        if (wrap || unwrap)
            offer(caps, alg, wrap, unwrap);
    }
    pthread_mutex_lock(&login->lock);
    login->in_two = in_two;
    pthread_mutex_unlock(&login->lock);
}
