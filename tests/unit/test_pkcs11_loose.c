/* SPDX-License-Identifier: Apache-2.0 */
/* Unwrapping on a token that ignores, does not take, or does not keep what guards a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "driver/pkcs11/pkcs11.h"
#include "driver/pkcs11/pkcs11_attr.h"
#include "driver/pkcs11/pkcs11_mech.h"

/* How the token is, set by each test; and its one object. */
static struct {
    bool ignores;        /* takes SENSITIVE and EXTRACTABLE in a template and does what it likes */
    CK_ULONG refuses;    /* an attribute that it does not take in a template */
    bool never;          /* changes no attribute afterwards */
    uint32_t adds;       /* uses that it adds by itself */
    unsigned made, gone; /* objects */
    char demands[KEY_TEMPLATE_TEXT]; /* what the template said that the newest demands to wrap */
    uint32_t flags;                  /* of the newest */
} token;

static uint32_t flag_of(CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < KEY_FLAGS; i++)
        if (p11_flags[i].type == type)
            return p11_flags[i].flag;
    return 0;
}

static void set_flag(const CK_ATTRIBUTE *a)
{
    uint32_t flag = flag_of(a->type);

    if (*(const CK_BBOOL *)a->pValue)
        token.flags |= flag;
    else
        token.flags &= ~flag;
}

static void take_demands(const CK_ATTRIBUTE *template)
{
    const CK_ATTRIBUTE *inner = template->pValue;
    size_t at = 0;

    for (CK_ULONG i = 0; i < template->ulValueLen / sizeof *inner; i++)
        at += (size_t)snprintf(token.demands + at, sizeof token.demands - at, "%s%lx:%lu=%u",
                               i ? " " : "", inner[i].type, inner[i].ulValueLen,
                               *(const CK_BBOOL *)inner[i].pValue);
}

static CK_RV unwrap(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, unsigned char *in,
                    CK_ULONG len, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *made)
{
    const uint32_t secrecy = KEY_SENSITIVE | KEY_EXTRACTABLE;

    (void)s, (void)m, (void)key, (void)in, (void)len;
    for (CK_ULONG i = 0; i < n; i++)
        if (token.refuses && t[i].type == token.refuses)
            return CKR_ATTRIBUTE_TYPE_INVALID;
    token.demands[0] = '\0';
    for (CK_ULONG i = 0; i < n; i++)
        if (t[i].type == CKA_WRAP_TEMPLATE)
            take_demands(&t[i]);
    token.flags = KEY_EXTRACTABLE | KEY_MODIFIABLE | KEY_COPYABLE;
    for (CK_ULONG i = 0; i < n; i++)
        if (flag_of(t[i].type) && !(token.ignores && (flag_of(t[i].type) & secrecy)))
            set_flag(&t[i]);
    token.flags |= token.adds;
    *made = 100 + ++token.made;
    return CKR_OK;
}

static CK_RV get_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)o;
    for (CK_ULONG i = 0; i < n; i++) {
        uint32_t flag = flag_of(t[i].type);
        if (flag)
            *(CK_BBOOL *)t[i].pValue = (token.flags & flag) != 0;
        if (t[i].type == CKA_LABEL)
            *(char *)t[i].pValue = 'x';
        t[i].ulValueLen = flag || t[i].type == CKA_LABEL ? 1 : CK_UNAVAILABLE_INFORMATION;
    }
    return CKR_OK;
}

static CK_RV set_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)o;
    if (token.never || !(token.flags & KEY_MODIFIABLE))
        return CKR_ACTION_PROHIBITED;
    for (CK_ULONG i = 0; i < n; i++)
        set_flag(&t[i]);
    return CKR_OK;
}

static CK_RV destroy(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
    (void)s, (void)o;
    token.gone++;
    return CKR_OK;
}

static CK_RV find_nothing(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)t, (void)n;
    return CKR_FUNCTION_NOT_SUPPORTED;
}

/* Unwraps with this template's flags and says how the key is then. */
static uint32_t arrive_with(uint32_t flags, const struct key_constraints *constraints,
                            uint32_t omit)
{
    static CK_FUNCTION_LIST fn = {.C_UnwrapKey = unwrap,
                                  .C_GetAttributeValue = get_attributes,
                                  .C_SetAttributeValue = set_attributes,
                                  .C_DestroyObject = destroy,
                                  .C_FindObjectsInit = find_nothing};
    uint64_t nothing = 0;
    struct p11 p = {.hsm.driver = &pkcs11_driver,
                    .fn = &fn,
                    .session = 1,
                    .dialect.omit = omit,
                    .known.before = &nothing};
    struct p11_mech mech = {HSM_AES_KWP, CKM_AES_KEY_WRAP, DIALECT_NONE};
    struct hsm_template template = {.class = KEY_CLASS_SECRET,
                                    .kind = KEY_KIND_AES,
                                    .flags = flags,
                                    .label = (const uint8_t *)"x",
                                    .label_len = 1,
                                    .constraints = constraints};
    uint8_t octets[40] = {0};
    CK_OBJECT_HANDLE handle = 0;
    CK_RV rv = p11_mech_unwrap(&p, mech, 1, &(struct bytes){octets, 40}, &template, false, &handle);

    assert_int_equal(rv, CKR_OK);
    assert_int_equal(handle, 100 + token.made);
    assert_int_equal(p.known.made[p.known.made_count - 1].handle, handle);
    assert_int_equal(token.made, token.gone + 1);
    free(p.known.made);
    free(p.temps);
    return token.flags & (KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE | KEY_MODIFIABLE);
}

static uint32_t arrive(uint32_t flags)
{
    return arrive_with(flags, NULL, 0);
}

static int start(void **state)
{
    (void)state;
    memset(&token, 0, sizeof token);
    return 0;
}

enum { TRANSPORT = KEY_UNWRAP | KEY_SENSITIVE };

static void test_good_token(void **state)
{
    (void)state;
    assert_int_equal(arrive(TRANSPORT), TRANSPORT);
    assert_int_equal(token.made, 1);
}

static void test_token_that_ignores_secrecy(void **state)
{
    (void)state;
    token.ignores = true;
    assert_int_equal(arrive(TRANSPORT | KEY_MODIFIABLE), TRANSPORT | KEY_MODIFIABLE);
    assert_int_equal(token.made, 1);
}

/* ... and would keep the key as it is once it is not modifiable: then it stays modifiable. */
static void test_secrecy_before_modifiable(void **state)
{
    (void)state;
    token.ignores = true;
    assert_int_equal(arrive(TRANSPORT), TRANSPORT | KEY_MODIFIABLE);
    assert_int_equal(token.made, 3);
}

static void test_token_that_does_not_take_secrecy(void **state)
{
    (void)state;
    token.refuses = CKA_EXTRACTABLE;
    assert_int_equal(arrive(TRANSPORT | KEY_MODIFIABLE), TRANSPORT | KEY_MODIFIABLE);
}

static void test_token_that_does_not_know_copyable(void **state)
{
    (void)state;
    token.refuses = CKA_COPYABLE;
    assert_int_equal(arrive(TRANSPORT), TRANSPORT);
    assert_true(token.flags & KEY_COPYABLE);
}

static void test_token_that_adds_uses(void **state)
{
    (void)state;
    token.adds = KEY_DERIVE | KEY_DECRYPT;
    assert_int_equal(arrive(TRANSPORT | KEY_MODIFIABLE), TRANSPORT | KEY_MODIFIABLE);
}

/* A template within the template, where the dialect does not say that the token has none; one that
 * refuses it gets the key without, and whoever reads it back refuses that. */
static void test_templates(void **state)
{
    const struct key_constraints constraints = {
        .known = KEY_TEMPLATE,
        .templates[KEY_TEMPLATE_WRAP] = {KEY_SENSITIVE | KEY_EXTRACTABLE, KEY_SENSITIVE,
                                         KEY_CLASS_SECRET, KEY_KIND_AES, 0}};

    arrive_with(TRANSPORT, &constraints, 0);
    assert_string_equal(token.demands, "0:8=4 100:8=31 103:1=1 162:1=0");
    start(state);
    arrive_with(TRANSPORT, &constraints, DIALECT_OMIT_UNWRAP);
    assert_string_equal(token.demands, "0:8=4 100:8=31 103:1=1 162:1=0");
    start(state);
    arrive_with(TRANSPORT, &constraints, DIALECT_OMIT_WRAP);
    assert_string_equal(token.demands, "");
    start(state);
    token.refuses = CKA_WRAP_TEMPLATE;
    arrive_with(TRANSPORT, &constraints, 0);
    assert_string_equal(token.demands, "");
}

/* Nothing helps: the key comes as the token made it, and whoever reads it back refuses it. */
static void test_hopeless_token(void **state)
{
    (void)state;
    token.ignores = true;
    token.never = true;
    assert_true(arrive(TRANSPORT) & KEY_EXTRACTABLE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
    const struct CMUnitTest tests[] = {
        TEST(test_good_token),
        TEST(test_token_that_ignores_secrecy),
        TEST(test_secrecy_before_modifiable),
        TEST(test_token_that_does_not_take_secrecy),
        TEST(test_token_that_does_not_know_copyable),
        TEST(test_token_that_adds_uses),
        TEST(test_templates),
        TEST(test_hopeless_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
