/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/limits.h"

#include <string.h>

/* Is name one of the names in list, which blanks separate? */
static bool is_listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; len && (at = strstr(at, name)); at += len)
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

bool limits_allow(const struct hsm_limits *limits, const struct key_desc *key, struct err *err)
{
    if (key->class == KEY_CLASS_SECRET && limits->secret_max && key->length > limits->secret_max)
        return err_set(err, ERR_UNSUPPORTED,
                       "%u bytes: the destination takes no secret of more than %u", key->length,
                       limits->secret_max);
    if (limits->kinds && key->kind != KEY_KIND_NONE && !(limits->kinds & UINT32_C(1) << key->kind))
        return err_set(err, ERR_UNSUPPORTED, "the destination's API takes no key of this type: %s",
                       key_kind_name(key->kind));
    if (key->kind == KEY_KIND_EC && limits->curves[0] && !is_listed(limits->curves, key->curve))
        return err_set(err, ERR_UNSUPPORTED,
                       "the destination takes no key on the curve %s, only on %s", key->curve,
                       limits->curves);
    if (key->kind == KEY_KIND_RSA && limits->rsa_max && key->bits &&
        (key->bits < limits->rsa_min || key->bits > limits->rsa_max))
        return err_set(err, ERR_UNSUPPORTED,
                       "%u bits: the destination uses RSA keys of %u to %u bits only", key->bits,
                       limits->rsa_min, limits->rsa_max);
    return true;
}

uint32_t limits_direct(const struct suite *suite)
{
    uint32_t most = suite->limits.secret_max;

    return most && most < suite->direct_max ? most : suite->direct_max;
}

bool limits_keep(const struct suite *suite, const struct key_desc *key, uint32_t want_flags,
                 struct err *err)
{
    const struct key_constraints *constraints = &key->constraints;
    bool dated = constraints->start[0] || constraints->end[0];

    if (key->class == KEY_CLASS_SECRET && suite->digest_max && key->length > suite->digest_max)
        return err_set(err, ERR_UNSUPPORTED,
                       "%u bytes: the source proves no secret of more than %u", key->length,
                       suite->digest_max);
    if (dated && (suite->lost_constraints & KEY_DATES))
        return err_set(err, ERR_DENIED,
                       "the destination keeps no dates of a key, so these would get lost: %s to %s",
                       constraints->start[0] ? constraints->start : "any",
                       constraints->end[0] ? constraints->end : "any");
    if (constraints->allowed_count && (suite->lost_constraints & KEY_ALLOWED))
        return err_set(err, ERR_DENIED,
                       "the destination keeps no list of allowed mechanisms, so this key's would "
                       "get lost");
    if (suite->lost_flags & KEY_MODIFIABLE & ~want_flags)
        return err_set(err, ERR_DENIED,
                       "every key on the destination can be modified, and this one must not be");
    return true;
}
