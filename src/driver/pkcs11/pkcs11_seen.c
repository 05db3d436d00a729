/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_seen.h"

/* login is locked here and below. */
static struct p11_seen *find(struct p11 *login, uint64_t handle)
{
    for (size_t i = 0; handle && i < P11_SEEN_MAX; i++)
        if (login->seen[i].key.handle == handle)
            return &login->seen[i];
    return NULL;
}

static void clear(struct p11_seen *seen)
{
    bytes_free(&seen->spki);
    *seen = (struct p11_seen){0};
}

void p11_seen_gone(struct p11 *login, uint64_t handle)
{
    for (size_t i = 0; i < P11_SEEN_MAX; i++)
        if (handle == 0 || login->seen[i].key.handle == handle)
            clear(&login->seen[i]);
}

void p11_seen_forget(struct p11 *p, uint64_t handle)
{
    struct p11 *login = p11_lock(p);

    p11_seen_gone(login, handle);
    p11_unlock(login);
}

void p11_seen_keep(struct p11 *p, const struct key_desc *key, const struct bytes *spki,
                   const struct p11_template_lens *lens, unsigned requests)
{
    struct p11 *login = p11_lock(p);
    struct p11_seen *seen = find(login, key->handle);

    if (!seen)
        seen = &login->seen[login->seen_next++ % P11_SEEN_MAX];
    clear(seen);
    if (spki->len == 0 || bytes_set(&seen->spki, spki->data, spki->len, NULL)) {
        seen->key = *key;
        seen->lens = *lens;
        seen->requests = requests;
    }
    p11_unlock(login);
}

bool p11_seen_new(struct p11 *p, uint64_t handle, struct key_desc *key)
{
    struct p11 *login = p11_lock(p);
    const struct p11_seen *seen = find(login, handle);
    bool ok = seen && (seen->requests & 1U << P11_DESCRIBE);

    if (ok)
        *key = seen->key;
    p11_unlock(login);
    return ok;
}

bool p11_seen_take(struct p11 *p, uint64_t handle, enum p11_request request, struct key_desc *key,
                   struct bytes *spki, struct p11_template_lens *lens)
{
    struct p11 *login = p11_lock(p);
    struct p11_seen *seen = find(login, handle);
    bool ok =
        seen && (seen->requests & 1U << request) &&
        (!spki || seen->spki.len == 0 || bytes_set(spki, seen->spki.data, seen->spki.len, NULL));

    if (ok) {
        seen->requests &= ~(1U << request);
        *key = seen->key;
        if (lens)
            *lens = seen->lens;
    }
    p11_unlock(login);
    return ok;
}
