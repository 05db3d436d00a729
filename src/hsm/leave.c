/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/leave.h"

bool leave_check(const struct key_desc *key, const struct key_desc *wrapping, struct err *err)
{
    if (!key_is_movable_class(key))
        return err_set(err, ERR_UNSUPPORTED, "only secret and private keys can be wrapped");
    if (key_is_not(key, KEY_EXTRACTABLE))
        return err_set(err, ERR_DENIED, "not extractable");
    if (!key_is(key, KEY_EXTRACTABLE))
        return err_set(err, ERR_DENIED, "the source does not say that it is extractable");
    if (key_is(key, KEY_WRAP_WITH_TRUSTED) && !(wrapping && key_is(wrapping, KEY_TRUSTED)))
        return err_set(err, ERR_DENIED,
                       "needs a trusted wrapping key, which only the token's security officer "
                       "can make");
    return true;
}
