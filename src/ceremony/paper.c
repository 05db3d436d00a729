/* SPDX-License-Identifier: Apache-2.0 */
#include "ceremony/paper.h"

#include <stdlib.h>

struct paper {
    struct hsm base; /* first: a struct hsm of this driver is a struct paper */
    bool checks;     /* their check values are encryptions of zeros */
    struct key_list keys;
    struct bytes *values; /* by place in the list */
    size_t room;
};

static struct paper *paper_of(struct hsm *hsm)
{
    return (struct paper *)hsm;
}

static bool is_elsewhere(struct err *err)
{
    return err_set(err, ERR_UNSUPPORTED, "the source is in another room");
}

static void paper_close(struct hsm *hsm)
{
    struct paper *p = paper_of(hsm);

    for (size_t i = 0; i < p->keys.count; i++)
        bytes_free(&p->values[i]);
    free(p->values);
    key_list_free(&p->keys);
    free(p);
}

static bool paper_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    (void)hsm, (void)err;
    *info = (struct hsm_info){.about.api = "paper"};
    return true;
}

static bool paper_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    const struct paper *p = paper_of(hsm);

    for (size_t i = 0; i < p->keys.count; i++)
        if (!key_list_add(list, &p->keys.keys[i])) {
            key_list_free(list);
            return err_set(err, ERR_FAILED, "no memory for %zu keys", p->keys.count);
        }
    return true;
}

static bool paper_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    const struct paper *p = paper_of(hsm);
    uint64_t *all = calloc(p->keys.count + 1, sizeof *all);

    if (!all)
        return err_set(err, ERR_FAILED, "no memory for %zu handles", p->keys.count);
    for (size_t i = 0; i < p->keys.count; i++)
        all[i] = p->keys.keys[i].handle;
    *handles = all;
    *count = p->keys.count;
    return true;
}

static int compare(const void *handle, const void *key)
{
    return key_compare_handles(handle, &((const struct key_desc *)key)->handle);
}

/* The place of an object. Errors: ERR_NO_INPUT. */
static bool find(const struct paper *p, uint64_t handle, size_t *at, struct err *err)
{
    const struct key_desc *found =
        p->keys.count ? bsearch(&handle, p->keys.keys, p->keys.count, sizeof *p->keys.keys, compare)
                      : NULL;

    if (!found)
        return err_set(err, ERR_NO_INPUT, "the file has no object %llu",
                       (unsigned long long)handle);
    *at = (size_t)(found - p->keys.keys);
    return true;
}

static bool paper_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    const struct paper *p = paper_of(hsm);
    size_t at;

    if (!find(p, handle, &at, err))
        return false;
    *key = p->keys.keys[at];
    return true;
}

static bool value_of(struct hsm *hsm, uint64_t handle, bool certificate, struct bytes *out,
                     struct err *err)
{
    const struct paper *p = paper_of(hsm);
    size_t at;

    if (!find(p, handle, &at, err))
        return false;
    if ((p->keys.keys[at].class == KEY_CLASS_CERTIFICATE) != certificate || !p->values[at].len)
        return err_set(err, ERR_UNSUPPORTED, "the file does not have it");
    return bytes_set(out, p->values[at].data, p->values[at].len, err);
}

static bool paper_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    return value_of(hsm, handle, false, spki, err);
}

static bool paper_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    return value_of(hsm, handle, true, der, err);
}

/* The only answer that it may have is a check value. */
static bool paper_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                        const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    const struct paper *p = paper_of(hsm);
    size_t at;

    (void)challenge;
    if (!find(p, handle, &at, err))
        return false;
    if (proof != HSM_PROOF_KCV_ECB || !p->checks || p->keys.keys[at].kcv_len != HSM_KCV_SIZE)
        return is_elsewhere(err);
    return bytes_set(answer, p->keys.keys[at].kcv, HSM_KCV_SIZE, err);
}

static bool paper_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    (void)hsm, (void)handle;
    return is_elsewhere(err);
}

static bool paper_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    (void)hsm, (void)is;
    return is_elsewhere(err);
}

/* What would make, wrap or unwrap something is not reached in that room. */
static const struct hsm_driver paper_driver = {
    .name = "paper",
    .close = paper_close,
    .info = paper_info,
    .list = paper_list,
    .handles = paper_handles,
    .describe = paper_describe,
    .public_key = paper_public_key,
    .certificate = paper_certificate,
    .prove = paper_prove,
    .destroy = paper_destroy,
    .remove = paper_remove,
};

bool paper_new(struct hsm **out, struct err *err)
{
    struct paper *p = calloc(1, sizeof *p);

    if (!p)
        return err_set(err, ERR_FAILED, "no memory for the objects of a file");
    p->base.driver = &paper_driver;
    *out = &p->base;
    return true;
}

void paper_has_checks(struct hsm *hsm)
{
    paper_of(hsm)->checks = true;
}

bool paper_add(struct hsm *hsm, const struct key_desc *key, const struct bytes *value,
               struct err *err)
{
    struct paper *p = paper_of(hsm);
    const size_t count = p->keys.count;
    struct bytes copy = {0};

    if (key->handle == 0 || (count > 0 && p->keys.keys[count - 1].handle >= key->handle))
        return err_set(err, ERR_DATA, "the objects of the file are not in their order");
    if (count == p->room) {
        size_t room = p->room ? 2 * p->room : 64;
        struct bytes *more = reallocarray(p->values, room, sizeof *more);
        if (!more)
            return err_set(err, ERR_FAILED, "no memory for the objects of a file");
        p->values = more;
        p->room = room;
    }
    if (value->len > 0 && !bytes_set(&copy, value->data, value->len, err))
        return false;
    if (!key_list_add(&p->keys, key)) {
        bytes_free(&copy);
        return err_set(err, ERR_FAILED, "no memory for the objects of a file");
    }
    p->values[count] = copy; /* ownership was passed on */
    return true;
}
