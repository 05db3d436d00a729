/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/pkcs11/pkcs11_wrap.h"

#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11_mech.h"
#include "driver/pkcs11/pkcs11_capabilities.h"
#include "driver/pkcs11/pkcs11_temp.h"

static bool fail_wrap(CK_RV rv, enum hsm_alg alg, struct err *err)
{
    /* the data here is the key: its length does not fit this algorithm */
    enum err_code code = rv == CKR_DATA_LEN_RANGE ? ERR_UNSUPPORTED : ckr_code(rv);

    return ckr_set_as(err, code, rv, "the HSM did not wrap the key by %s (C_WrapKey)",
                      hsm_alg_name(alg));
}

bool p11_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
              struct bytes *wrapped_key, struct err *err)
{
    struct p11 *p = p11_of(hsm);
    const struct hsm_capability *cap;
    CK_RV rv;

    if (!p11_capability(p, alg, &cap, err))
        return false;
    if (!cap->wrap)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not wrap by %s: %s", hsm_alg_name(alg),
                       cap->reason);
    rv = p11_mech_wrap(p, p11_mech_of(alg, &p->mechanism[alg]), (CK_OBJECT_HANDLE)wrapping,
                       (CK_OBJECT_HANDLE)key, wrapped_key);
    return rv == CKR_OK || fail_wrap(rv, alg, err);
}

static bool fail_unwrap(CK_RV rv, enum hsm_alg alg, struct err *err)
{
    if (ckr_is_bad_ciphertext(rv))
        return ckr_set_as(err, ERR_DATA, rv, "the wrapped key was not accepted (C_UnwrapKey)");
    return ckr_set(err, rv, "the HSM did not unwrap the key by %s (C_UnwrapKey)",
                   hsm_alg_name(alg));
}

bool p11_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                const struct bytes *wrapped_key, const struct hsm_template *template,
                uint64_t *handle, struct err *err)
{
    const uint32_t freedoms =
        KEY_MODIFIABLE | KEY_COPYABLE; /* without them the key could not be committed */
    struct p11 *p = p11_of(hsm);
    struct hsm_template temporary = *template;
    const struct hsm_capability *cap;
    CK_OBJECT_HANDLE made;
    CK_RV rv;

    if (!p11_capability(p, alg, &cap, err))
        return false;
    if (!cap->unwrap)
        return err_set(err, ERR_UNSUPPORTED, "this HSM does not unwrap by %s: %s",
                       hsm_alg_name(alg), cap->reason);
    if (template->flags & KEY_TOKEN)
        temporary.flags |= freedoms;
    rv = p11_mech_unwrap(p, p11_mech_of(alg, &p->mechanism[alg]), (CK_OBJECT_HANDLE)unwrapping,
                         wrapped_key, &temporary, p->caps.takes_length == HSM_YES, &made);
    if (rv != CKR_OK)
        return fail_unwrap(rv, alg, err);
    p11_temp_defer(p, made, temporary.flags & ~template->flags);
    *handle = made;
    return true;
}
