/* SPDX-License-Identifier: Apache-2.0 */
#include "driver/dialect/ckr.h"

#include <stdarg.h>
#include <stdlib.h>

#include <p11-kit/pkcs11.h>

#include "base/text.h"

/* One row for each return code, sorted. ERR_HSM: the code says only that the HSM refused;
 * ERR_UNSUPPORTED: the HSM would refuse the same call again. */
static const struct row {
    unsigned long rv;
    const char *name;
    enum err_code code;
    const char *advice;
} rows[] = {
    {0x0, "CKR_OK", ERR_NONE, NULL},
    {0x1, "CKR_CANCEL", ERR_STOPPED, NULL},
    {0x2, "CKR_HOST_MEMORY", ERR_FAILED,
     "Check that the HSM's own service is running; some modules return this if it is not."},
    {0x3, "CKR_SLOT_ID_INVALID", ERR_NO_INPUT, "List the slots again: the token may have moved."},
    {0x5, "CKR_GENERAL_ERROR", ERR_HSM, "Look in the HSM's own log; the module gave no reason."},
    {0x6, "CKR_FUNCTION_FAILED", ERR_HSM, "Look in the HSM's own log; the module gave no reason."},
    {0x7, "CKR_ARGUMENTS_BAD", ERR_HSM, NULL},
    {0x8, "CKR_NO_EVENT", ERR_HSM, NULL},
    {0x9, "CKR_NEED_TO_CREATE_THREADS", ERR_HSM, NULL},
    {0xa, "CKR_CANT_LOCK", ERR_HSM, NULL},
    {0x10, "CKR_ATTRIBUTE_READ_ONLY", ERR_UNSUPPORTED, NULL},
    {0x11, "CKR_ATTRIBUTE_SENSITIVE", ERR_DENIED, NULL},
    {0x12, "CKR_ATTRIBUTE_TYPE_INVALID", ERR_UNSUPPORTED, NULL},
    {0x13, "CKR_ATTRIBUTE_VALUE_INVALID", ERR_UNSUPPORTED, NULL},
    {0x1b, "CKR_ACTION_PROHIBITED", ERR_DENIED,
     "The object forbids this (COPYABLE or DESTROYABLE is off)."},
    {0x20, "CKR_DATA_INVALID", ERR_DATA, NULL},
    {0x21, "CKR_DATA_LEN_RANGE", ERR_DATA, NULL},
    {0x30, "CKR_DEVICE_ERROR", ERR_HSM, "Check the HSM and its connection before you try again."},
    {0x31, "CKR_DEVICE_MEMORY", ERR_FAILED, "The token is full: make room on it, then try again."},
    {0x32, "CKR_DEVICE_REMOVED", ERR_GONE,
     "Insert the token again and start over; temporary objects were destroyed with the session."},
    {0x40, "CKR_ENCRYPTED_DATA_INVALID", ERR_DATA, NULL},
    {0x41, "CKR_ENCRYPTED_DATA_LEN_RANGE", ERR_DATA, NULL},
    {0x50, "CKR_FUNCTION_CANCELED", ERR_STOPPED, NULL},
    {0x51, "CKR_FUNCTION_NOT_PARALLEL", ERR_HSM, NULL},
    {0x54, "CKR_FUNCTION_NOT_SUPPORTED", ERR_UNSUPPORTED, NULL},
    {0x60, "CKR_KEY_HANDLE_INVALID", ERR_NO_INPUT,
     "List the keys again: another process may have removed this one."},
    {0x62, "CKR_KEY_SIZE_RANGE", ERR_UNSUPPORTED, NULL},
    {0x63, "CKR_KEY_TYPE_INCONSISTENT", ERR_UNSUPPORTED, NULL},
    {0x64, "CKR_KEY_NOT_NEEDED", ERR_HSM, NULL},
    {0x65, "CKR_KEY_CHANGED", ERR_HSM, NULL},
    {0x66, "CKR_KEY_NEEDED", ERR_HSM, NULL},
    {0x67, "CKR_KEY_INDIGESTIBLE", ERR_UNSUPPORTED, NULL},
    {0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED", ERR_DENIED, "The key's uses do not allow this."},
    {0x69, "CKR_KEY_NOT_WRAPPABLE", ERR_UNSUPPORTED,
     "The HSM does not wrap a key of this type with this algorithm."},
    {0x6a, "CKR_KEY_UNEXTRACTABLE", ERR_DENIED,
     "This key can never leave its HSM: it is not extractable."},
    {0x6b, "CKR_KEY_PARAMS_INVALID", ERR_UNSUPPORTED, NULL},
    {0x70, "CKR_MECHANISM_INVALID", ERR_UNSUPPORTED, NULL},
    {0x71, "CKR_MECHANISM_PARAM_INVALID", ERR_UNSUPPORTED, NULL},
    {0x82, "CKR_OBJECT_HANDLE_INVALID", ERR_NO_INPUT,
     "List the keys again: another process may have removed this one."},
    {0x90, "CKR_OPERATION_ACTIVE", ERR_HSM, NULL},
    {0x91, "CKR_OPERATION_NOT_INITIALIZED", ERR_HSM, NULL},
    {0xa0, "CKR_PIN_INCORRECT", ERR_DENIED,
     "Make sure of the PIN before you try again: a few wrong PINs lock the token."},
    {0xa1, "CKR_PIN_INVALID", ERR_DENIED,
     "Make sure of the PIN before you try again: a few wrong PINs lock the token."},
    {0xa2, "CKR_PIN_LEN_RANGE", ERR_DENIED,
     "Make sure of the PIN before you try again: the token does not accept one of this length."},
    {0xa3, "CKR_PIN_EXPIRED", ERR_DENIED, "Change the PIN with the HSM's own tool."},
    {0xa4, "CKR_PIN_LOCKED", ERR_DENIED, "The security officer of the HSM must unlock the PIN."},
    {0xb0, "CKR_SESSION_CLOSED", ERR_GONE,
     "Start over; temporary objects were destroyed with the session."},
    {0xb1, "CKR_SESSION_COUNT", ERR_HSM,
     "Close other programs that use this HSM: it has no session left."},
    {0xb3, "CKR_SESSION_HANDLE_INVALID", ERR_GONE,
     "Start over; temporary objects were destroyed with the session."},
    {0xb4, "CKR_SESSION_PARALLEL_NOT_SUPPORTED", ERR_HSM, NULL},
    {0xb5, "CKR_SESSION_READ_ONLY", ERR_DENIED, NULL},
    {0xb6, "CKR_SESSION_EXISTS", ERR_HSM, NULL},
    {0xb7, "CKR_SESSION_READ_ONLY_EXISTS", ERR_HSM, NULL},
    {0xb8, "CKR_SESSION_READ_WRITE_SO_EXISTS", ERR_DENIED,
     "The security officer is logged in: end that session first."},
    {0xc0, "CKR_SIGNATURE_INVALID", ERR_HSM, NULL},
    {0xc1, "CKR_SIGNATURE_LEN_RANGE", ERR_HSM, NULL},
    {0xd0, "CKR_TEMPLATE_INCOMPLETE", ERR_UNSUPPORTED, NULL},
    {0xd1, "CKR_TEMPLATE_INCONSISTENT", ERR_UNSUPPORTED, NULL},
    {0xe0, "CKR_TOKEN_NOT_PRESENT", ERR_GONE, "Insert the token again and start over."},
    {0xe1, "CKR_TOKEN_NOT_RECOGNIZED", ERR_HSM, "Initialise the token with the HSM's own tool."},
    {0xe2, "CKR_TOKEN_WRITE_PROTECTED", ERR_DENIED, "Remove the write protection of the token."},
    {0xf0, "CKR_UNWRAPPING_KEY_HANDLE_INVALID", ERR_NO_INPUT, NULL},
    {0xf1, "CKR_UNWRAPPING_KEY_SIZE_RANGE", ERR_UNSUPPORTED, NULL},
    {0xf2, "CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT", ERR_UNSUPPORTED, NULL},
    {0x100, "CKR_USER_ALREADY_LOGGED_IN", ERR_HSM, NULL},
    {0x101, "CKR_USER_NOT_LOGGED_IN", ERR_DENIED, NULL},
    {0x102, "CKR_USER_PIN_NOT_INITIALIZED", ERR_DENIED,
     "The security officer of the HSM must set a user PIN."},
    {0x103, "CKR_USER_TYPE_INVALID", ERR_HSM, NULL},
    {0x104, "CKR_USER_ANOTHER_ALREADY_LOGGED_IN", ERR_DENIED,
     "The security officer is logged in: end that session first."},
    {0x105, "CKR_USER_TOO_MANY_TYPES", ERR_HSM, NULL},
    {0x110, "CKR_WRAPPED_KEY_INVALID", ERR_DATA, NULL},
    {0x112, "CKR_WRAPPED_KEY_LEN_RANGE", ERR_DATA, NULL},
    {0x113, "CKR_WRAPPING_KEY_HANDLE_INVALID", ERR_NO_INPUT, NULL},
    {0x114, "CKR_WRAPPING_KEY_SIZE_RANGE", ERR_UNSUPPORTED, NULL},
    {0x115, "CKR_WRAPPING_KEY_TYPE_INCONSISTENT", ERR_UNSUPPORTED, NULL},
    {0x120, "CKR_RANDOM_SEED_NOT_SUPPORTED", ERR_HSM, NULL},
    {0x121, "CKR_RANDOM_NO_RNG", ERR_HSM, NULL},
    {0x130, "CKR_DOMAIN_PARAMS_INVALID", ERR_UNSUPPORTED, NULL},
    {0x140, "CKR_CURVE_NOT_SUPPORTED", ERR_UNSUPPORTED, NULL},
    {0x150, "CKR_BUFFER_TOO_SMALL", ERR_HSM, NULL},
    {0x160, "CKR_SAVED_STATE_INVALID", ERR_HSM, NULL},
    {0x170, "CKR_INFORMATION_SENSITIVE", ERR_HSM, NULL},
    {0x180, "CKR_STATE_UNSAVEABLE", ERR_HSM, NULL},
    {0x190, "CKR_CRYPTOKI_NOT_INITIALIZED", ERR_GONE, NULL},
    {0x191, "CKR_CRYPTOKI_ALREADY_INITIALIZED", ERR_HSM, NULL},
    {0x1a0, "CKR_MUTEX_BAD", ERR_HSM, NULL},
    {0x1a1, "CKR_MUTEX_NOT_LOCKED", ERR_HSM, NULL},
    {0x1b0, "CKR_NEW_PIN_MODE", ERR_DENIED, "Change the PIN with the HSM's own tool."},
    {0x1b1, "CKR_NEXT_OTP", ERR_HSM, NULL},
    {0x1b5, "CKR_EXCEEDED_MAX_ITERATIONS", ERR_HSM, NULL},
    {0x1b6, "CKR_FIPS_SELF_TEST_FAILED", ERR_HSM, NULL},
    {0x1b7, "CKR_LIBRARY_LOAD_FAILED", ERR_HSM, NULL},
    {0x1b8, "CKR_PIN_TOO_WEAK", ERR_HSM, NULL},
    {0x1b9, "CKR_PUBLIC_KEY_INVALID", ERR_DATA, NULL},
    {0x1c0, "CKR_EXCEEDED_MAX_ITERATIONS", ERR_HSM, NULL},
    {0x1c1, "CKR_FIPS_SELF_TEST_FAILED", ERR_HSM, NULL},
    {0x1c2, "CKR_LIBRARY_LOAD_FAILED", ERR_HSM, NULL},
    {0x1c3, "CKR_PIN_TOO_WEAK", ERR_HSM, NULL},
    {0x1c4, "CKR_PUBLIC_KEY_INVALID", ERR_DATA, NULL},
    {0x200, "CKR_FUNCTION_REJECTED", ERR_DENIED,
     "The HSM requires an approval that was not given."},
    {0x201, "CKR_TOKEN_RESOURCE_EXCEEDED", ERR_FAILED,
     "The token is full or busy: make room on it, then try again."},
    {0x202, "CKR_OPERATION_CANCEL_FAILED", ERR_HSM, NULL},
    {0xce534351, "CKR_NSS_CERTDB_FAILED", ERR_HSM, NULL},
    {0xce534352, "CKR_NSS_KEYDB_FAILED", ERR_HSM, NULL},
    {CKR_OURS_NOT_NEW, "the module answered with the handle of an object that existed", ERR_HSM,
     "Do not use this module: it confuses objects, and one of them may be your key."},
    {CKR_OURS_NOT_ASKED, "the module answered with the handle of an object of another name",
     ERR_HSM, "Do not use this module: it confuses objects, and one of them may be your key."},
    {CKR_OURS_NOT_MADE, "this session did not create it", ERR_DENIED, NULL},
};

static int compare(const void *key, const void *row)
{
    unsigned long rv = *(const unsigned long *)key;
    unsigned long other = ((const struct row *)row)->rv;
    return (rv > other) - (rv < other);
}

static const struct row *find(unsigned long rv)
{
    static const struct row unknown = {0, "CKR_?", ERR_HSM, NULL};
    static const struct row vendor = {0, "CKR_VENDOR_DEFINED", ERR_HSM, NULL};
    const struct row *row =
        bsearch(&rv, rows, sizeof rows / sizeof rows[0], sizeof rows[0], compare);

    if (row)
        return row;
    return rv & 0x80000000 ? &vendor : &unknown;
}

const char *ckr_name(unsigned long rv)
{
    return find(rv)->name;
}

enum err_code ckr_code(unsigned long rv)
{
    return find(rv)->code;
}

bool ckr_is_reticent(unsigned long rv)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
           rv == CKR_BUFFER_TOO_SMALL;
}

__attribute__((format(printf, 4, 0))) static bool
set(struct err *err, enum err_code code, unsigned long rv, const char *fmt, va_list args)
{
    char what[ERR_WHAT_MAX];

    text_vprint(what, sizeof what, fmt, args);
    if (rv >= CKR_OURS_NOT_NEW && rv <= CKR_OURS_NOT_MADE) {
        err_set(err, ckr_code(rv), "%s: %s", what, ckr_name(rv));
        err_now(err, "That object was not destroyed");
    } else {
        err_set_hsm(err, code, rv, ckr_name(rv), "%s", what);
    }
    if (find(rv)->advice)
        err_next(err, "%s", find(rv)->advice);
    return false;
}

bool ckr_is_bad_ciphertext(unsigned long rv)
{
    const unsigned long aead_decrypt_failed = 0x42; /* CKR_AEAD_DECRYPT_FAILED of PKCS#11 v3.0 */
    static const unsigned long codes[] = {
        CKR_WRAPPED_KEY_INVALID,    CKR_WRAPPED_KEY_LEN_RANGE,    CKR_DATA_INVALID,
        CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_DATA_LEN_RANGE,
        CKR_GENERAL_ERROR,          CKR_FUNCTION_FAILED,          CKR_KEY_SIZE_RANGE,
        CKR_ARGUMENTS_BAD,
    };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (rv == codes[i])
            return true;
    return rv == aead_decrypt_failed;
}

bool ckr_set(struct err *err, unsigned long rv, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(err, ckr_code(rv), rv, fmt, args);
    va_end(args);
    return false;
}

bool ckr_set_as(struct err *err, enum err_code code, unsigned long rv, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set(err, code, rv, fmt, args);
    va_end(args);
    return false;
}
