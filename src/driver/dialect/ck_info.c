/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/ck_info.h"

#include <p11-kit/pkcs11.h>

#include "base/text.h"
#include "hsm/facts.h"

#ifndef CKF_ERROR_STATE
#define CKF_ERROR_STATE (1UL << 24)
#endif

struct flag_pair {
    CK_FLAGS theirs;
    uint32_t ours;
};

static const struct flag_pair slot_flags[] = {
    {CKF_TOKEN_PRESENT, HSM_SLOT_TOKEN_PRESENT},
    {CKF_REMOVABLE_DEVICE, HSM_SLOT_REMOVABLE},
    {CKF_HW_SLOT, HSM_SLOT_HARDWARE},
    {0, 0},
};

static const struct flag_pair token_flags[] = {
    {CKF_TOKEN_INITIALIZED, HSM_TOKEN_INITIALIZED},
    {CKF_LOGIN_REQUIRED, HSM_TOKEN_LOGIN_REQUIRED},
    {CKF_USER_PIN_INITIALIZED, HSM_TOKEN_PIN_SET},
    {CKF_WRITE_PROTECTED, HSM_TOKEN_WRITE_PROTECTED},
    {CKF_USER_PIN_COUNT_LOW, HSM_TOKEN_PIN_COUNT_LOW},
    {CKF_USER_PIN_FINAL_TRY, HSM_TOKEN_PIN_FINAL_TRY},
    {CKF_USER_PIN_LOCKED, HSM_TOKEN_PIN_LOCKED},
    {CKF_USER_PIN_TO_BE_CHANGED, HSM_TOKEN_PIN_TO_BE_CHANGED},
    {CKF_PROTECTED_AUTHENTICATION_PATH, HSM_TOKEN_PROTECTED_PATH},
    {CKF_ERROR_STATE, HSM_TOKEN_ERROR_STATE},
    {CKF_RNG, HSM_TOKEN_RNG},
    {0, 0},
};

static uint32_t translate(const struct flag_pair *pair, CK_FLAGS theirs)
{
    uint32_t ours = 0;

    for (; pair->theirs; pair++)
        if (theirs & pair->theirs)
            ours |= pair->ours;
    return ours;
}

uint32_t ck_slot_flags(unsigned long flags)
{
    return translate(slot_flags, flags);
}

uint32_t ck_token_flags(unsigned long flags)
{
    return translate(token_flags, flags);
}

void ck_text(char *out, size_t size, const unsigned char *field, size_t len)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
        len--;
    text_safe(field, len, out, size);
}

void ck_version(char *out, size_t size, unsigned char major, unsigned char minor)
{
    text_print(out, size, "%u.%u", major, minor);
}
