/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/limits.h"

#include <string.h>

/* Is name one of the names in list, between blanks? */
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
