/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/wrapped_key.h"

#include <string.h>

#include "hsm/layers.h"
#include "hsm/wrap_alg.h"

static const char damaged[] = "the encrypted key cannot be used: it was damaged or altered";

/* The same error for every malformed wrapped key, on both sides, so that an attacker learns nothing
 * from the difference. */
static bool bad(struct err *err)
{
    err_set(err, ERR_DATA, "%s", damaged);
    err_now(err, "Nothing of it is on the destination");
    return err_next(err, "Determine what alters it between the two HSMs before you try again.");
}

bool wrapped_key_is_bad(const struct err *err)
{
    return err->code == ERR_DATA && strcmp(err->what, damaged) == 0;
}

bool wrapped_key_check(enum hsm_alg alg, uint32_t rsa_bits, const struct bytes *wrapped_key,
                       struct err *err)
{
    return wrap_may_be_ciphertext(alg, wrapped_key->len, (rsa_bits + 7) / 8) || bad(err);
}

bool wrapped_key_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                      struct bytes *wrapped_key, struct err *err)
{
    return hsm->driver->wrap(hsm, alg, wrapping, key, wrapped_key, err) ||
           (err->code == ERR_DATA && bad(err));
}

bool wrapped_key_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                        const struct bytes *wrapped_key, const struct hsm_template *template,
                        uint64_t *handle, struct err *err)
{
    return hsm->driver->unwrap(hsm, alg, unwrapping, wrapped_key, template, handle, err) ||
           (err->code == ERR_DATA && bad(err));
}

bool wrapped_key_wrap_layers(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                             struct bytes *wrapped_key, struct err *err)
{
    return hsm->driver->wrap_layers(hsm, by, key, wrapped_key, err) ||
           (err->code == ERR_DATA && bad(err));
}

bool wrapped_key_unwrap_layers(struct hsm *hsm, const struct hsm_layers *by,
                               const struct bytes *wrapped_key, const struct hsm_template *template,
                               uint64_t *handle, struct err *err)
{
    return hsm->driver->unwrap_layers(hsm, by, wrapped_key, template, handle, err) ||
           (err->code == ERR_DATA && bad(err));
}

bool wrapped_key_check_layers(enum hsm_alg inner, size_t octets, const struct bytes *wrapped_key,
                              struct err *err)
{
    return wrapped_key->len == layers_len(inner, octets) || bad(err);
}
