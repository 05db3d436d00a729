/* SPDX-License-Identifier: Apache-2.0 */
/* Names and meaning of PKCS#11's numbers; the numbers themselves come from p11-kit's header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <p11-kit/pkcs11.h>
#include <p11-kit/pkcs11x.h>

#include "driver/dialect/ck_info.h"
#include "driver/dialect/ckname.h"
#include "driver/dialect/ckr.h"
#include "hsm/facts.h"

struct known {
    unsigned long number;
    const char *name;
};

/* clang-format off */
#define CKR(name) {CKR_ ## name, "CKR_" #name}
#define CK(name) {name, #name}

static const struct known returns[] = {
    CKR(OK), CKR(CANCEL), CKR(HOST_MEMORY), CKR(SLOT_ID_INVALID), CKR(GENERAL_ERROR),
    CKR(FUNCTION_FAILED), CKR(ARGUMENTS_BAD), CKR(NO_EVENT), CKR(NEED_TO_CREATE_THREADS),
    CKR(CANT_LOCK), CKR(ATTRIBUTE_READ_ONLY), CKR(ATTRIBUTE_SENSITIVE),
    CKR(ATTRIBUTE_TYPE_INVALID), CKR(ATTRIBUTE_VALUE_INVALID), CKR(ACTION_PROHIBITED),
    CKR(DATA_INVALID), CKR(DATA_LEN_RANGE), CKR(DEVICE_ERROR), CKR(DEVICE_MEMORY),
    CKR(DEVICE_REMOVED), CKR(ENCRYPTED_DATA_INVALID), CKR(ENCRYPTED_DATA_LEN_RANGE),
    CKR(FUNCTION_CANCELED), CKR(FUNCTION_NOT_PARALLEL), CKR(FUNCTION_NOT_SUPPORTED),
    CKR(KEY_HANDLE_INVALID), CKR(KEY_SIZE_RANGE), CKR(KEY_TYPE_INCONSISTENT),
    CKR(KEY_NOT_NEEDED), CKR(KEY_CHANGED), CKR(KEY_NEEDED), CKR(KEY_INDIGESTIBLE),
    CKR(KEY_FUNCTION_NOT_PERMITTED), CKR(KEY_NOT_WRAPPABLE), CKR(KEY_UNEXTRACTABLE),
    CKR(MECHANISM_INVALID), CKR(MECHANISM_PARAM_INVALID), CKR(OBJECT_HANDLE_INVALID),
    CKR(OPERATION_ACTIVE), CKR(OPERATION_NOT_INITIALIZED), CKR(PIN_INCORRECT),
    CKR(PIN_INVALID), CKR(PIN_LEN_RANGE), CKR(PIN_EXPIRED), CKR(PIN_LOCKED),
    CKR(SESSION_CLOSED), CKR(SESSION_COUNT), CKR(SESSION_HANDLE_INVALID),
    CKR(SESSION_PARALLEL_NOT_SUPPORTED), CKR(SESSION_READ_ONLY), CKR(SESSION_EXISTS),
    CKR(SESSION_READ_ONLY_EXISTS), CKR(SESSION_READ_WRITE_SO_EXISTS),
    CKR(SIGNATURE_INVALID), CKR(SIGNATURE_LEN_RANGE), CKR(TEMPLATE_INCOMPLETE),
    CKR(TEMPLATE_INCONSISTENT), CKR(TOKEN_NOT_PRESENT), CKR(TOKEN_NOT_RECOGNIZED),
    CKR(TOKEN_WRITE_PROTECTED), CKR(UNWRAPPING_KEY_SIZE_RANGE),
    CKR(UNWRAPPING_KEY_TYPE_INCONSISTENT), CKR(USER_ALREADY_LOGGED_IN),
    CKR(USER_NOT_LOGGED_IN), CKR(USER_PIN_NOT_INITIALIZED), CKR(USER_TYPE_INVALID),
    CKR(USER_ANOTHER_ALREADY_LOGGED_IN), CKR(USER_TOO_MANY_TYPES), CKR(WRAPPED_KEY_INVALID),
    CKR(WRAPPED_KEY_LEN_RANGE), CKR(WRAPPING_KEY_HANDLE_INVALID),
    CKR(WRAPPING_KEY_SIZE_RANGE), CKR(WRAPPING_KEY_TYPE_INCONSISTENT),
    CKR(RANDOM_SEED_NOT_SUPPORTED), CKR(RANDOM_NO_RNG), CKR(DOMAIN_PARAMS_INVALID),
    CKR(CURVE_NOT_SUPPORTED), CKR(BUFFER_TOO_SMALL), CKR(SAVED_STATE_INVALID),
    CKR(INFORMATION_SENSITIVE), CKR(STATE_UNSAVEABLE), CKR(CRYPTOKI_NOT_INITIALIZED),
    CKR(CRYPTOKI_ALREADY_INITIALIZED), CKR(MUTEX_BAD), CKR(MUTEX_NOT_LOCKED),
    CKR(NEW_PIN_MODE), CKR(NEXT_OTP), CKR(EXCEEDED_MAX_ITERATIONS),
    CKR(FIPS_SELF_TEST_FAILED), CKR(LIBRARY_LOAD_FAILED), CKR(PIN_TOO_WEAK),
    CKR(PUBLIC_KEY_INVALID), CKR(FUNCTION_REJECTED),
};
/* clang-format on */

static const struct known mechanisms[] = {
    CK(CKM_RSA_PKCS_KEY_PAIR_GEN),
    CK(CKM_RSA_PKCS),
    CK(CKM_RSA_PKCS_OAEP),
    CK(CKM_SHA256_RSA_PKCS),
    CK(CKM_SHA256),
    CK(CKM_SHA256_HMAC),
    CK(CKM_GENERIC_SECRET_KEY_GEN),
    CK(CKM_EC_KEY_PAIR_GEN),
    CK(CKM_ECDSA),
    CK(CKM_RSA_AES_KEY_WRAP),
    CK(CKM_AES_KEY_GEN),
    CK(CKM_AES_ECB),
    CK(CKM_AES_CBC_PAD),
    CK(CKM_AES_KEY_WRAP),
    CK(CKM_AES_KEY_WRAP_PAD),
    CK(CKM_NSS_AES_KEY_WRAP),
    CK(CKM_NSS_AES_KEY_WRAP_PAD),
    {0x210b, "CKM_AES_KEY_WRAP_KWP"},
    {0x210c, "CKM_AES_KEY_WRAP_PKCS7"},
    {0x80000171, "CKM_LUNA_AES_KWP"},
    {0x8000216f, "CKM_CLOUDHSM_AES_KEY_WRAP_ZERO_PAD"},
    {0xd9554209, "CKM_YUBICO_RSA_WRAP"},
    {0x7fffffff, "CKM_?"},
};

static const struct known key_types[] = {
    CK(CKK_RSA), CK(CKK_EC),  CK(CKK_GENERIC_SECRET),   CK(CKK_DES3),
    CK(CKK_AES), CK(CKK_DSA), {0x40, "CKK_EC_EDWARDS"}, {0x7fffffff, "CKK_?"},
};

static const struct known classes[] = {
    CK(CKO_DATA),       CK(CKO_CERTIFICATE), CK(CKO_PUBLIC_KEY),    CK(CKO_PRIVATE_KEY),
    CK(CKO_SECRET_KEY), CK(CKO_NSS_TRUST),   {0x7fffffff, "CKO_?"},
};

static void check(const struct known *known, size_t count, const char *(*name)(unsigned long))
{
    for (size_t i = 0; i < count; i++)
        assert_string_equal(name(known[i].number), known[i].name);
}

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void test_names(void **state)
{
    (void)state;
    check(returns, COUNT(returns), ckr_name);
    check(mechanisms, COUNT(mechanisms), ckm_name);
    check(key_types, COUNT(key_types), ckk_name);
    check(classes, COUNT(classes), cko_name);
    assert_string_equal(ckr_name(0x80001234), "CKR_VENDOR_DEFINED");
    assert_string_equal(ckr_name(0x7ffffff), "CKR_?");
    assert_string_equal(ckr_name(~0UL), "CKR_VENDOR_DEFINED");
}

static void test_codes(void **state)
{
    static const struct {
        unsigned long rv;
        enum err_code code;
    } rows[] = {
        {CKR_OK, ERR_NONE},
        {CKR_PIN_INCORRECT, ERR_DENIED},
        {CKR_PIN_LOCKED, ERR_DENIED},
        {CKR_KEY_UNEXTRACTABLE, ERR_DENIED},
        {CKR_MECHANISM_INVALID, ERR_UNSUPPORTED},
        {CKR_KEY_NOT_WRAPPABLE, ERR_UNSUPPORTED},
        {CKR_DEVICE_REMOVED, ERR_GONE},
        {CKR_SESSION_HANDLE_INVALID, ERR_GONE},
        {CKR_DEVICE_MEMORY, ERR_FAILED},
        {CKR_OBJECT_HANDLE_INVALID, ERR_NO_INPUT},
        {CKR_WRAPPED_KEY_INVALID, ERR_DATA},
        {CKR_DEVICE_ERROR, ERR_HSM},
        {0x80001234, ERR_HSM},
        {0x7ffffff, ERR_HSM},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(ckr_code(rows[i].rv), rows[i].code);
    for (size_t i = 1; i < COUNT(returns); i++)
        assert_int_not_equal(ckr_code(returns[i].number), ERR_NONE);
}

static void test_failure(void **state)
{
    struct err err;

    (void)state;
    assert_false(ckr_set(&err, CKR_PIN_LOCKED, "the token %s did not let the user in", "a"));
    assert_int_equal(err.code, ERR_DENIED);
    assert_int_equal(err.hsm_code, CKR_PIN_LOCKED);
    assert_string_equal(err.hsm_name, "CKR_PIN_LOCKED");
    assert_string_equal(err.what, "the token a did not let the user in");
    assert_string_equal(err.next, "The security officer of the HSM must unlock the PIN.");
    assert_false(ckr_set_as(&err, ERR_CONFIG, CKR_ARGUMENTS_BAD, "no"));
    assert_int_equal(err.code, ERR_CONFIG);
    assert_string_equal(err.next, "");
    assert_false(ckr_set(NULL, CKR_PIN_LOCKED, "nobody listens"));
}

/* Every flag of ours has a number; a bit that has no name here says nothing. */
static void test_flags(void **state)
{
    const uint32_t all = (UINT32_C(1) << HSM_SLOT_FLAGS) - 1;
    const CK_FLAGS in_error = CKF_TOKEN_INITIALIZED | (CK_FLAGS)1 << 24;

    (void)state;
    assert_int_equal(ck_slot_flags(~0UL) | ck_token_flags(~0UL), all);
    assert_int_equal(ck_slot_flags(~0UL) & ck_token_flags(~0UL), 0);
    assert_int_equal(ck_token_flags(in_error), HSM_TOKEN_INITIALIZED | HSM_TOKEN_ERROR_STATE);
    assert_int_equal(ck_token_flags((CK_FLAGS)1 << 31), 0);
}

static void test_texts(void **state)
{
    static const unsigned char padded[] = "HSM 1\n   ", nuls[8] = "ab";
    char text[64];

    (void)state;
    ck_text(text, sizeof text, padded, sizeof padded - 1);
    assert_string_equal(text, "HSM 1\\x0a");
    ck_text(text, sizeof text, nuls, sizeof nuls);
    assert_string_equal(text, "ab");
    ck_version(text, sizeof text, 2, 40);
    assert_string_equal(text, "2.40");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names), cmocka_unit_test(test_codes), cmocka_unit_test(test_failure),
        cmocka_unit_test(test_flags), cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
