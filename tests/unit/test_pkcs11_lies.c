/* SPDX-License-Identifier: Apache-2.0 */
/* The PKCS#11 driver on a module that lies: lengths, counts, handles, objects that never end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "driver/dialect/ckr.h"
#include "driver/pkcs11/pkcs11.h"
#include "driver/pkcs11/pkcs11_read.h"
#include "driver/pkcs11/pkcs11_session.h"
#include "driver/pkcs11/pkcs11_temp.h"
#include "link/wire.h"

/* What the module says, set by each test. */
static struct {
    CK_RV rv;              /* of the call that is tested */
    CK_ULONG len;          /* a length or count that it tells */
    CK_OBJECT_HANDLE made; /* a handle that it gives */
    CK_OBJECT_HANDLE made_public;
    const CK_ATTRIBUTE *has; /* the attributes of its one object ... */
    size_t has_count;
    const uint8_t *text;       /* 64 octets that begin every text it tells of itself; NULL: 0xff */
    bool stops;                /* ... which it stops telling at the first that it does not have */
    bool endless;              /* it always finds more objects */
    CK_SESSION_HANDLE session; /* a further one; 0: another than the first */
    CK_STATE state;            /* of that session, if it is not as the first one's */
    CK_RV unseen;              /* what that session says to the objects of the first */
    unsigned closed, calls, destroyed, found;
} say;

enum { FIRST_SESSION = 1 };

/* --- the module --- */

static const CK_ATTRIBUTE *own(CK_ATTRIBUTE_TYPE type)
{
    for (size_t i = 0; i < say.has_count; i++)
        if (say.has[i].type == type)
            return &say.has[i];
    return NULL;
}

static CK_RV report(CK_ATTRIBUTE *asked)
{
    const CK_ATTRIBUTE *mine = own(asked->type);

    if (!mine || (asked->pValue && asked->ulValueLen < mine->ulValueLen)) {
        asked->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return mine ? CKR_BUFFER_TOO_SMALL : CKR_ATTRIBUTE_TYPE_INVALID;
    }
    if (asked->pValue)
        memcpy(asked->pValue, mine->pValue, mine->ulValueLen);
    asked->ulValueLen = mine->ulValueLen;
    return CKR_OK;
}

static CK_RV get_attributes(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    CK_RV result = say.rv;

    (void)o;
    say.calls++;
    if (s != FIRST_SESSION && say.unseen)
        return say.unseen;
    for (CK_ULONG i = 0; say.rv == CKR_OK && i < n; i++) {
        CK_RV rv = report(&t[i]);
        if (rv != CKR_OK)
            result = rv;
        if (rv != CKR_OK && say.stops)
            break;
    }
    return result;
}

/* Every length it tells is say.len, and it has written nothing. */
static CK_RV get_wrong_lengths(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)o;
    for (CK_ULONG i = 0; i < n; i++)
        t[i].ulValueLen = say.len;
    return say.rv;
}

static CK_RV find_init(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
    (void)s, (void)t, (void)n;
    say.found = 0;
    return say.rv;
}

static CK_RV find(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE *found, CK_ULONG room, CK_ULONG *count)
{
    (void)s;
    for (CK_ULONG i = 0; i < room; i++)
        found[i] = ++say.found;
    *count = say.endless ? room : say.len;
    say.len = 0;
    return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE s)
{
    (void)s;
    return CKR_OK;
}

static CK_RV destroy(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
    (void)s, (void)o;
    say.destroyed++;
    return CKR_OK;
}

static CK_RV generate(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *t, CK_ULONG n,
                      CK_OBJECT_HANDLE *made)
{
    (void)s, (void)m, (void)t, (void)n;
    *made = say.made;
    return say.rv;
}

static CK_RV generate_pair(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *t, CK_ULONG n,
                           CK_ATTRIBUTE *u, CK_ULONG k, CK_OBJECT_HANDLE *public,
                           CK_OBJECT_HANDLE *private)
{
    (void)s, (void)m, (void)t, (void)n, (void)u, (void)k;
    *public = say.made_public;
    *private = say.made;
    return say.rv;
}

static CK_RV create(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *made)
{
    (void)s, (void)t, (void)n;
    *made = say.made;
    return say.rv;
}

static CK_RV copy(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n,
                  CK_OBJECT_HANDLE *made)
{
    (void)o;
    return create(s, t, n, made);
}

static CK_RV unwrap(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE by, unsigned char *in,
                    CK_ULONG len, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *made)
{
    (void)m, (void)by, (void)in, (void)len;
    return create(s, t, n, made);
}

static CK_RV derive(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE from, CK_ATTRIBUTE *t,
                    CK_ULONG n, CK_OBJECT_HANDLE *made)
{
    (void)m, (void)from;
    return create(s, t, n, made);
}

static CK_RV slot_list(unsigned char present, CK_SLOT_ID *slots, CK_ULONG *count)
{
    (void)present;
    for (CK_ULONG i = 0; slots && i < *count; i++)
        slots[i] = i;
    *count = say.len;
    return say.rv;
}

static void write_text(unsigned char *field, size_t size)
{
    if (say.text)
        memcpy(field, say.text, size);
}

static CK_RV module_info(CK_INFO *info)
{
    memset(info, 0xff, sizeof *info);
    write_text(info->libraryDescription, sizeof info->libraryDescription);
    write_text(info->manufacturerID, sizeof info->manufacturerID);
    return CKR_OK;
}

static CK_RV slot_info(CK_SLOT_ID slot, CK_SLOT_INFO *info)
{
    (void)slot;
    memset(info, 0xff, sizeof *info); /* also: a token is present */
    write_text(info->slotDescription, sizeof info->slotDescription);
    write_text(info->manufacturerID, sizeof info->manufacturerID);
    return CKR_OK;
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    (void)slot;
    memset(info, 0xff, sizeof *info);
    write_text(info->label, sizeof info->label);
    write_text(info->manufacturerID, sizeof info->manufacturerID);
    write_text(info->model, sizeof info->model);
    write_text(info->serialNumber, sizeof info->serialNumber);
    return CKR_OK;
}

static CK_RV init_operation(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
    (void)s, (void)m, (void)key;
    return CKR_OK;
}

static CK_RV run_operation(CK_SESSION_HANDLE s, unsigned char *in, CK_ULONG len, unsigned char *out,
                           CK_ULONG *out_len)
{
    (void)s, (void)in, (void)len, (void)out;
    *out_len = say.len;
    return say.rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *app, CK_NOTIFY notify,
                          CK_SESSION_HANDLE *session)
{
    (void)slot, (void)flags, (void)app, (void)notify;
    *session = say.session ? say.session : 2;
    return say.rv;
}

static CK_RV session_info(CK_SESSION_HANDLE s, CK_SESSION_INFO *info)
{
    info->state = s == FIRST_SESSION || !say.state ? CKS_RW_USER_FUNCTIONS : say.state;
    return CKR_OK;
}

static CK_RV close_session(CK_SESSION_HANDLE s)
{
    (void)s;
    say.closed++;
    return CKR_OK;
}

static CK_FUNCTION_LIST functions = {
    .C_OpenSession = open_session,
    .C_CloseSession = close_session,
    .C_GetSessionInfo = session_info,
    .C_GetAttributeValue = get_attributes,
    .C_FindObjectsInit = find_init,
    .C_FindObjects = find,
    .C_FindObjectsFinal = find_final,
    .C_DestroyObject = destroy,
    .C_GenerateKey = generate,
    .C_GetInfo = module_info,
    .C_GenerateKeyPair = generate_pair,
    .C_CreateObject = create,
    .C_CopyObject = copy,
    .C_UnwrapKey = unwrap,
    .C_DeriveKey = derive,
    .C_GetSlotList = slot_list,
    .C_GetSlotInfo = slot_info,
    .C_GetTokenInfo = token_info,
    .C_EncryptInit = init_operation,
    .C_Encrypt = run_operation,
};

static struct p11 p;
static struct err err;

static int start(void **state)
{
    (void)state;
    memset(&say, 0, sizeof say);
    functions.C_GetAttributeValue = get_attributes;
    p = (struct p11){.hsm.driver = &pkcs11_driver,
                     .fn = &functions,
                     .session = FIRST_SESSION,
                     .module.locks = true};
    err = (struct err){0};
    objects_now(&p.module.before); /* the module of these tests brings none */
    return handles_begin(&p.known, &p.hsm, &err) ? 0 : -1;
}

static int finish(void **state)
{
    (void)state;
    p11_forget(&p);
    return 0;
}

/* --- reading --- */

static CK_ULONG class_private = CKO_PRIVATE_KEY, class_secret = CKO_SECRET_KEY, type_rsa = CKK_RSA,
                type_ec = CKK_EC;
static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static char x[] = "x", proof[] = "hsmferry:proof";
static uint8_t octets[3000];

#define HAS(...)                                                                                   \
    do {                                                                                           \
        static CK_ATTRIBUTE has_[] = {__VA_ARGS__};                                                \
        say.has = has_;                                                                            \
        say.has_count = sizeof has_ / sizeof has_[0];                                              \
    } while (0)

/* A token that keeps to the standard is asked once, one that stops early is asked for each. */
static void test_reads_all_from_a_token_that_stops(void **state)
{
    (void)state;
    HAS({CKA_CLASS, &class_private, sizeof class_private}, {CKA_ID, octets, 2},
        {CKA_KEY_TYPE, &type_rsa, sizeof type_rsa}, {CKA_LABEL, octets, 7},
        {CKA_MODULUS, octets, 256}, {CKA_EXTRACTABLE, &yes, 1});
    for (unsigned round = 0; round < 2; round++) {
        struct key_desc key;
        say.stops = round == 1;
        say.calls = 0;
        assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
        assert_int_equal(key.class, KEY_CLASS_PRIVATE);
        assert_int_equal(key.kind, KEY_KIND_RSA);
        assert_int_equal(key.label_len, 7);
        assert_int_equal(key.id_len, 2);
        assert_int_equal(key.flags_known, KEY_EXTRACTABLE);
        /* one for all, and one for each template, which this key's uses do not rule out */
        assert_int_equal(say.calls == 1 + KEY_TEMPLATES, !say.stops);
    }
}

static void test_long_texts(void **state)
{
    struct key_desc key;

    (void)state;
    memset(octets, 'x', sizeof octets);
    HAS({CKA_LABEL, octets, 3000}, {CKA_ID, octets, 2000});
    assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_int_equal(key.label_len, 3000);
    assert_memory_equal(key.label, octets, KEY_LABEL_MAX);
    assert_int_equal(key.id_len, 2000);
    assert_memory_equal(key.id, octets, KEY_ID_MAX);
    assert_int_equal(key.class, KEY_CLASS_OTHER);
}

static void test_wrong_lengths(void **state)
{
    static const CK_ULONG lengths[] = {0, 1, 2, 7, 8, 9, 511, 512, 513, 1 << 20, ~0UL, ~0UL - 1};
    static const CK_RV codes[] = {CKR_OK, CKR_ATTRIBUTE_SENSITIVE, CKR_BUFFER_TOO_SMALL};

    (void)state;
    functions.C_GetAttributeValue = get_wrong_lengths;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            struct key_desc key;
            struct bytes spki = {0};
            say.len = lengths[i];
            say.rv = codes[k];
            assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
            assert_int_equal(key.class, KEY_CLASS_OTHER);
            assert_false(pkcs11_driver.public_key(&p.hsm, 5, &spki, &err));
            assert_null(spki.data);
        }
}

static void test_garbage_public_halves(void **state)
{
    static const uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t no_oid[] = {0x06, 0xff, 0xff, 0xff};
    struct bytes spki = {0};
    struct key_desc key;

    (void)state;
    memset(octets, 0, sizeof octets);
    HAS({CKA_CLASS, &class_private, sizeof class_private},
        {CKA_KEY_TYPE, &type_rsa, sizeof type_rsa}, {CKA_MODULUS, octets, 256},
        {CKA_PUBLIC_EXPONENT, octets, 3});
    assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_false(key.has_public);
    assert_int_equal(key.bits, 0);
    for (unsigned fill = 0; fill < 256; fill++) {
        memset(octets, (int)fill, sizeof octets);
        HAS({CKA_CLASS, &class_private, sizeof class_private},
            {CKA_KEY_TYPE, &type_ec, sizeof type_ec}, {CKA_EC_PARAMS, (void *)p256, sizeof p256},
            {CKA_EC_POINT, octets, 67});
        assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
        assert_false(key.has_public);
        assert_string_equal(key.curve, "P-256");
        assert_false(pkcs11_driver.public_key(&p.hsm, 5, &spki, &err));
    }
    HAS({CKA_CLASS, &class_private, sizeof class_private}, {CKA_KEY_TYPE, &type_ec, sizeof type_ec},
        {CKA_EC_PARAMS, (void *)no_oid, sizeof no_oid}, {CKA_EC_POINT, octets, 0});
    assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_string_equal(key.curve, "unknown");
    assert_false(key.has_public);
}

/* A key with a wrap template of four attributes, of which one is a name; and how the module tells
 * it. */
static enum lie { HONEST, ITS_OWN, SHORTER, UNTOLD, UNWRITTEN, TWICE, TOO_LONG, BROKEN } lie;
static const CK_ATTRIBUTE demands[] = {{CKA_SENSITIVE, &yes, 1},
                                       {CKA_EXTRACTABLE, octets, 1},
                                       {CKA_CLASS, &class_secret, sizeof class_secret},
                                       {CKA_LABEL, octets, 9}};

static CK_RV tell_template(CK_ATTRIBUTE *asked)
{
    CK_ATTRIBUTE *inner = asked->pValue;

    asked->ulValueLen = say.len;
    if (!inner)
        return CKR_OK;
    asked->ulValueLen -= lie == SHORTER ? sizeof *inner : 0;
    for (size_t i = 0; lie != UNTOLD && i < sizeof demands / sizeof demands[0]; i++) {
        const CK_ATTRIBUTE *from = &demands[lie == TWICE ? 0 : i];
        inner[i].type = from->type;
        inner[i].ulValueLen = from->ulValueLen;
        if (inner[i].pValue && lie != UNWRITTEN)
            memcpy(inner[i].pValue, from->pValue, from->ulValueLen);
        if (lie == ITS_OWN)
            inner[i].pValue = &say; /* of another process, it could be anywhere */
    }
    return lie == TOO_LONG ? CKR_BUFFER_TOO_SMALL : lie == BROKEN ? CKR_DEVICE_ERROR : CKR_OK;
}

static CK_RV get_templates(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
    CK_RV result = get_attributes(s, o, t, n);

    for (CK_ULONG i = 0; i < n; i++)
        if (t[i].type == CKA_WRAP_TEMPLATE && !(say.stops && n > 1)) {
            CK_RV rv = tell_template(&t[i]);
            result = n == 1 ? rv : result;
        }
    return result;
}

static void test_templates(void **state)
{
    static const struct {
        enum lie lie;
        CK_ULONG len;
        const char *text;
    } cases[] = {
        {HONEST, sizeof demands, "class=secret sensitive=yes extractable=no others=1"},
        {HONEST, 0, ""},
        {HONEST, CK_UNAVAILABLE_INFORMATION, ""},
        {HONEST, sizeof demands - 1, "others=4"},
        {HONEST, 1, "others=1"},
        {HONEST, 65 * sizeof demands[0], "others=65"},
        {HONEST, CK_UNAVAILABLE_INFORMATION - 1, "others=4294967295"},
        {ITS_OWN, sizeof demands, "others=4"},
        {SHORTER, sizeof demands, "others=4"},
        {UNTOLD, sizeof demands, "others=4"},
        {UNWRITTEN, sizeof demands, "others=4"},
        {TWICE, sizeof demands, "sensitive=yes others=3"},
        {TOO_LONG, sizeof demands, "others=4"},
    };
    char text[KEY_TEMPLATE_TEXT];
    struct key_desc key;

    (void)state;
    memset(octets, 0, sizeof octets);
    HAS({CKA_CLASS, &class_private, sizeof class_private});
    functions.C_GetAttributeValue = get_templates;
    for (unsigned round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            const struct key_template *template = &key.constraints.templates[KEY_TEMPLATE_WRAP];
            say.stops = round == 1;
            say.len = cases[i].len;
            lie = cases[i].lie;
            assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
            assert_int_equal(key.class, KEY_CLASS_PRIVATE);
            assert_string_equal(key_template_text(template, text), cases[i].text);
            assert_int_equal((key.constraints.known & KEY_TEMPLATE) != 0,
                             cases[i].len != CK_UNAVAILABLE_INFORMATION);
        }
    lie = BROKEN;
    say.len = sizeof demands;
    assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_string_equal(key.unread, "wrap template: CKR_DEVICE_ERROR");
    assert_int_equal(key.class, KEY_CLASS_PRIVATE);
    /* a token that fails so for a key that surely has none carries none of any key */
    p.mute_templates = (1u << KEY_TEMPLATES) - 1;
    assert_true(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_string_equal(key.unread, "");
    p.mute_templates = 0;
}

/* A module that fails at one attribute, and so at each call that asks for it among others. */
static CK_ATTRIBUTE_TYPE broken_type;
static CK_RV broken_with;

static CK_RV get_all_but_broken(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE handle,
                                CK_ATTRIBUTE *attr, CK_ULONG count)
{
    for (CK_ULONG i = 0; i < count; i++)
        if (attr[i].type == broken_type)
            return broken_with;
    return get_attributes(session, handle, attr, count);
}

/* One attribute that is an error hides neither the object nor the others; what may bind the key is
 * then unknown, and said to be. */
static void test_one_attribute_fails(void **state)
{
    static const struct {
        CK_ATTRIBUTE_TYPE type;
        const char *unread; /* NULL: the object as a whole */
    } cases[] = {
        {CKA_MODULUS, ""},
        {CKA_SUBJECT, ""},
        {CKA_START_DATE, ""},
        {0xd5a0db00UL, ""},
        {CKA_SIGN, "sign: CKR_DEVICE_ERROR"},
        {CKA_WRAP_WITH_TRUSTED, "wrap-with-trusted: CKR_DEVICE_ERROR"},
        {CKA_EXTRACTABLE, "extractable: CKR_DEVICE_ERROR"},
        {CKA_ALLOWED_MECHANISMS, "allowed mechanisms: CKR_DEVICE_ERROR"},
        {CKA_UNWRAP_TEMPLATE, "unwrap template: CKR_DEVICE_ERROR"},
        {CKA_CLASS, NULL},
        {CKA_KEY_TYPE, NULL},
        {CKA_LABEL, NULL},
        {CKA_ID, NULL},
    };
    struct key_desc key;

    (void)state;
    memset(octets, 'a', 256);
    HAS({CKA_CLASS, &class_private, sizeof class_private}, {CKA_ID, octets, 2},
        {CKA_KEY_TYPE, &type_rsa, sizeof type_rsa}, {CKA_LABEL, octets, 7},
        {CKA_EXTRACTABLE, &yes, 1});
    functions.C_GetAttributeValue = get_all_but_broken;
    broken_with = CKR_DEVICE_ERROR;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool ok;
        broken_type = cases[i].type;
        ok = pkcs11_driver.describe(&p.hsm, 5, &key, &err);
        assert_int_equal(ok, cases[i].unread != NULL);
        if (!ok) {
            assert_string_equal(err.hsm_name, "CKR_DEVICE_ERROR");
            continue;
        }
        assert_string_equal(key.unread, cases[i].unread);
        assert_int_equal(key.label_len, 7);
        assert_int_equal(key_is(&key, KEY_EXTRACTABLE), cases[i].type != CKA_EXTRACTABLE);
    }
    broken_with = CKR_DEVICE_REMOVED; /* the control: that is no word about an attribute */
    broken_type = CKA_SUBJECT;
    assert_false(pkcs11_driver.describe(&p.hsm, 5, &key, &err));
    assert_int_equal(err.code, ERR_GONE);
}

/* --- finding --- */

static void test_objects_without_end(void **state)
{
    uint64_t *handles = NULL;
    size_t count = 0;

    (void)state;
    say.endless = true;
    assert_false(pkcs11_driver.handles(&p.hsm, &handles, &count, &err));
    assert_int_equal(err.code, ERR_HSM);
    assert_null(handles);
    say.endless = false;
    say.len = 257; /* more than it was asked for */
    assert_false(pkcs11_driver.handles(&p.hsm, &handles, &count, &err));
    assert_int_equal(err.code, ERR_HSM);
    say.len = 200; /* the control */
    assert_true(pkcs11_driver.handles(&p.hsm, &handles, &count, &err));
    assert_int_equal(count, 200);
    free(handles);
}

/* What cannot be read is listed; but when nothing answers any more, there is no list. */
static void test_unreadable_objects(void **state)
{
    struct key_list list = {0};

    (void)state;
    say.len = 3;
    HAS({CKA_LABEL, octets, 1});
    assert_true(pkcs11_driver.list(&p.hsm, &list, &err));
    assert_int_equal(list.count, 3);
    assert_int_equal(list.keys[0].class, KEY_CLASS_OTHER);
    assert_int_equal(list.keys[0].handle, 1);
    key_list_free(&list);
    say.rv = CKR_SESSION_HANDLE_INVALID;
    assert_false(pkcs11_driver.list(&p.hsm, &list, &err));
    assert_int_equal(err.code, ERR_GONE);
    assert_null(list.keys);
}

/* --- making --- */

static void test_made_without_a_handle(void **state)
{
    uint64_t handle = 77;

    (void)state;
    assert_false(pkcs11_driver.make_kek(&p.hsm, 256, "x", &handle, &err));
    assert_string_equal(err.hsm_name, "CKR_DEVICE_ERROR");
    assert_int_equal(handle, 77);
    say.made = 9;
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    assert_true(pkcs11_driver.make_kek(&p.hsm, 256, "x", &handle, &err));
    assert_int_equal(handle, 9);
}

/* Objects 1 to 3 are there at the login. */
static void log_in_to_three(void)
{
    say.len = 3;
    assert_true(handles_begin(&p.known, &p.hsm, &err));
    say.len = 0;
}

/* Objects 1 to 3 are found under the label; 2 is ours, so a refusal costs the two others: unless
 * they were there at the login, or are not what the search says. */
static void test_leftovers_are_swept(void **state)
{
    static const struct p11_asked asked = {"x", 1, false};
    static CK_ATTRIBUTE as_asked[] = {{CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1}},
                        stored[] = {{CKA_LABEL, x, 1}, {CKA_TOKEN, &yes, 1}},
                        named[] = {{CKA_LABEL, octets, 2}, {CKA_TOKEN, &no, 1}},
                        mute[] = {{CKA_ID, x, 1}};
    static const struct {
        CK_ATTRIBUTE *has;
        bool there_before;
        unsigned swept;
    } cases[] = {{as_asked, false, 2},
                 {as_asked, true, 0},
                 {stored, false, 0},
                 {named, false, 0},
                 {mute, false, 0}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t handle;
        finish(state);
        start(state);
        if (cases[i].there_before)
            log_in_to_three();
        say.has = as_asked;
        say.has_count = 2;
        say.made = cases[i].there_before ? 4 : 2;
        assert_true(pkcs11_driver.make_kek(&p.hsm, 256, "x", &handle, &err));
        assert_int_equal(say.destroyed, 0);
        say.has = cases[i].has;
        say.has_count = cases[i].has == mute ? 1 : 2;
        say.len = 3;
        assert_int_equal(p11_made(&p, CKR_KEY_SIZE_RANGE, 0, &asked), CKR_KEY_SIZE_RANGE);
        assert_int_equal(say.destroyed, cases[i].swept);
    }
}

/* --- a module that answers with the handle of another object --- */

static struct bytes rsa_spki; /* of any RSA key */

static bool by_make_kek(uint64_t *handle)
{
    return pkcs11_driver.make_kek(&p.hsm, 256, "x", handle, &err);
}

static bool by_make_key(uint64_t *handle)
{
    const struct key_sample sample = {.kind = KEY_KIND_GENERIC, .length = 16};
    uint64_t public;

    return pkcs11_driver.make_key(&p.hsm, &sample, "x", handle, &public, &err);
}

static bool by_make_key_pair(uint64_t *handle)
{
    const struct key_sample sample = {.kind = KEY_KIND_RSA, .bits = 2048};
    uint64_t public;

    say.made_public = 8;
    return pkcs11_driver.make_key(&p.hsm, &sample, "x", handle, &public, &err);
}

static bool by_public_half(uint64_t *handle)
{
    const struct key_sample sample = {.kind = KEY_KIND_RSA, .bits = 2048};
    uint64_t private;

    say.made_public = say.made;
    say.made = 8;
    return pkcs11_driver.make_key(&p.hsm, &sample, "x", &private, handle, &err);
}

static bool by_make_pair(uint64_t *handle)
{
    struct hsm_pair pair;
    bool ok;

    say.made_public = 8;
    ok = pkcs11_driver.make_pair(&p.hsm, 2048, "x", &pair, &err);
    if (ok) {
        *handle = pair.private_handle;
        bytes_free(&pair.spki);
    }
    return ok;
}

static bool by_load_public(uint64_t *handle)
{
    return pkcs11_driver.load_public(&p.hsm, &rsa_spki, "x", handle, &err);
}

static bool by_unwrap(uint64_t *handle)
{
    const struct hsm_template t = {.class = KEY_CLASS_SECRET,
                                   .kind = KEY_KIND_AES,
                                   .length = 16,
                                   .label = (const uint8_t *)"x",
                                   .label_len = 1};
    struct bytes wrapped_key = {octets, 24};

    p.probed = true;
    p.caps.alg[HSM_AES_KW].unwrap = true;
    return pkcs11_driver.unwrap(&p.hsm, HSM_AES_KW, 5, &wrapped_key, &t, handle, &err);
}

static bool by_commit(uint64_t *handle)
{
    return pkcs11_driver.commit(&p.hsm, 9, (const uint8_t *)"x", 1, (const uint8_t *)"", 0, handle,
                                &err);
}

static bool by_make_public(uint64_t *handle)
{
    const struct hsm_template t = {.class = KEY_CLASS_PUBLIC,
                                   .kind = KEY_KIND_RSA,
                                   .label = (const uint8_t *)"x",
                                   .label_len = 1,
                                   .spki = &rsa_spki};

    return pkcs11_driver.make_public(&p.hsm, &t, handle, &err);
}

/* What it makes is destroyed at once: no handle is left to look at. */
static bool by_prove(uint64_t *handle)
{
    struct bytes challenge = {octets, 32 + 65}, answer = {0};
    bool ok = pkcs11_driver.prove(&p.hsm, HSM_PROOF_ECDH, 5, &challenge, &answer, &err);

    bytes_free(&answer);
    *handle = 0;
    return ok;
}

/* The handle of an object that was there, of a live temporary, of one that was committed before the
 * last one: none is believed, and none destroyed. */
static void test_known_handles_are_refused(void **state)
{
    static CK_ATTRIBUTE temporary[] = {{CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1}},
                        stored[] = {{CKA_LABEL, x, 1}, {CKA_TOKEN, &yes, 1}},
                        of_ec[] = {{CKA_LABEL, proof, 14},
                                   {CKA_TOKEN, &no, 1},
                                   {CKA_CLASS, &class_private, sizeof class_private},
                                   {CKA_KEY_TYPE, &type_ec, sizeof type_ec}};
    static const struct {
        const char *name;
        bool (*make)(uint64_t *handle);
        CK_ATTRIBUTE *has;
        size_t has_count;
    } makers[] = {
        {"make_aes", by_make_kek, temporary, 2},
        {"make_key", by_make_key, temporary, 2},
        {"make_key, private half", by_make_key_pair, temporary, 2},
        {"make_key, public half", by_public_half, temporary, 2},
        {"make_pair", by_make_pair, temporary, 2},
        {"load_public", by_load_public, temporary, 2},
        {"unwrap", by_unwrap, temporary, 2},
        {"commit", by_commit, stored, 2},
        {"make_public", by_make_public, stored, 2},
        {"prove", by_prove, of_ec, 4},
    };
    static const CK_OBJECT_HANDLE known[] = {2 /* there */, 6 /* a temporary */, 7 /* committed */};

    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        for (size_t k = 0; k < 3; k++) {
            uint64_t handle = 77;
            print_message("%s answers with object %lu\n", makers[i].name, known[k]);
            finish(state);
            start(state);
            log_in_to_three();
            say.has = temporary;
            say.has_count = 2;
            say.made = 6;
            assert_true(by_make_kek(&handle));
            say.has = stored;
            for (say.made = 7; say.made < 10; say.made += 2)
                assert_true(by_commit(&handle));
            say.has = makers[i].has;
            say.has_count = makers[i].has_count;
            say.made = known[k];
            handle = 77;
            assert_false(makers[i].make(&handle));
            assert_int_equal(err.code, ERR_HSM);
            assert_non_null(strstr(err.what, "with the handle of an object that existed"));
            assert_string_equal(err.now, "That object was not destroyed");
            assert_int_equal(say.destroyed, makers[i].make == by_public_half);
        }
}

/* --- two sessions of one login --- */

/* What one session has made is known to the other, also as not to be believed; and it is gone with
 * its session, so that its number may come again. */
static void test_sessions_know_each_others_objects(void **state)
{
    struct hsm *other;
    uint64_t handle;

    (void)state;
    log_in_to_three();
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    assert_true(pkcs11_driver.another(&p.hsm, &other, &err));
    say.made = 6;
    assert_true(by_make_kek(&handle));
    assert_false(pkcs11_driver.make_kek(other, 256, "x", &handle, &err));
    assert_non_null(strstr(err.what, "with the handle of an object that existed"));
    say.made = 7;
    assert_true(pkcs11_driver.make_kek(other, 256, "x", &handle, &err));
    assert_false(by_make_kek(&handle));
    assert_int_equal(say.destroyed, 0);
    pkcs11_driver.close(other);
    assert_true(by_make_kek(&handle)); /* number 7 again */
    say.made = 6;
    assert_false(by_make_kek(&handle)); /* the first session's own is still there */
    say.made = 8;
    say.rv = CKR_SESSION_COUNT;
    assert_false(pkcs11_driver.another(&p.hsm, &other, &err));
    assert_string_equal(err.hsm_name, "CKR_SESSION_COUNT");
}

/* A module that has one session, whatever it answers, is found out before a key depends on it. */
static void test_a_further_session_is_tried(void **state)
{
    struct hsm *other;
    uint64_t handle;

    (void)state;
    log_in_to_three();
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    say.made = 6;
    assert_true(by_make_kek(&handle));
    say.session = FIRST_SESSION;
    assert_false(pkcs11_driver.another(&p.hsm, &other, &err));
    assert_string_equal(err.what, "the token gave its first session for a further one");
    assert_int_equal(say.closed, 0); /* it would be the only one */
    say.session = 0;
    say.state = CKS_RW_PUBLIC_SESSION;
    assert_false(pkcs11_driver.another(&p.hsm, &other, &err));
    assert_string_equal(err.what, "the token's further session is not logged in");
    assert_int_equal(say.closed, 1);
    say.state = CKS_RW_USER_FUNCTIONS;
    say.unseen = CKR_OBJECT_HANDLE_INVALID; /* what the first one has created */
    assert_false(pkcs11_driver.another(&p.hsm, &other, &err));
    assert_string_equal(err.what, "the token's further session cannot be used");
    assert_int_equal(say.closed, 2);
    say.unseen = CKR_OK;
    assert_true(pkcs11_driver.another(&p.hsm, &other, &err)); /* the control */
    pkcs11_driver.close(other);
}

/* What the other session has made, and not yet noted, looks like a leftover of a failed call. */
static void test_nothing_is_swept_beside_another_session(void **state)
{
    struct hsm *other;
    uint64_t handle;

    (void)state;
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    assert_true(pkcs11_driver.another(&p.hsm, &other, &err));
    say.len = 3;
    say.made = 0;
    assert_false(pkcs11_driver.make_kek(other, 256, "x", &handle, &err));
    assert_int_equal(say.destroyed, 0);
    pkcs11_driver.close(other);
    say.len = 3;
    assert_false(by_make_kek(&handle)); /* the control: alone, it sweeps */
    assert_int_equal(say.destroyed, 3);
}

/* The control: whoever has no inventory believes the module, and an object of before is lost. */
static void test_without_the_inventory_one_is_lost(void **state)
{
    uint64_t handle;

    (void)state;
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    say.made = 2;
    assert_true(by_make_kek(&handle));
    assert_true(pkcs11_driver.destroy(&p.hsm, handle, &err));
    assert_int_equal(say.destroyed, 1);
}

/* A new handle, but not of what was asked for: another label, or stored for good. */
static void test_other_objects_are_refused(void **state)
{
    static CK_ATTRIBUTE others[][2] = {{{CKA_LABEL, octets, 1}, {CKA_TOKEN, &no, 1}},
                                       {{CKA_LABEL, x, 0}, {CKA_TOKEN, &no, 1}},
                                       {{CKA_LABEL, octets, 2000}, {CKA_TOKEN, &no, 1}},
                                       {{CKA_LABEL, x, 1}, {CKA_TOKEN, &yes, 1}},
                                       {{CKA_LABEL, x, 1}, {CKA_ID, &yes, 1}}};
    uint64_t handle = 77;

    (void)state;
    say.made = 9;
    say.has_count = 2;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        say.has = others[i];
        assert_false(by_make_kek(&handle));
        assert_int_equal(err.code, ERR_HSM);
        assert_non_null(strstr(err.what, "with the handle of an object of another name"));
        assert_int_equal(p.lie, CKR_OURS_NOT_ASKED);
    }
    say.has = others[0];
    assert_false(by_commit(&handle));
    assert_int_equal(handle, 77);
    assert_int_equal(say.destroyed, 0);
}

/* Only what the session has made is destroyed; what is gone is not destroyed twice, and its number
 * may come again. */
static void test_destroys_its_own_only(void **state)
{
    uint64_t handle;

    (void)state;
    log_in_to_three();
    for (uint64_t i = 1; i < 6; i++) {
        assert_false(pkcs11_driver.destroy(&p.hsm, i, &err));
        assert_int_equal(err.code, ERR_DENIED);
    }
    assert_int_equal(say.destroyed, 0);
    HAS({CKA_LABEL, x, 1}, {CKA_TOKEN, &no, 1});
    say.made = 9;
    for (unsigned round = 1; round < 3; round++) {
        assert_true(by_make_kek(&handle));
        assert_true(pkcs11_driver.destroy(&p.hsm, handle, &err));
        assert_true(pkcs11_driver.destroy(&p.hsm, handle, &err));
        assert_int_equal(say.destroyed, round);
    }
}

/* --- slots and answers --- */

static void test_slots(void **state)
{
    static const CK_ULONG too_many[] = {HSM_SLOTS_MAX + 1, 1 << 20, ~0UL};
    struct hsm_slot_list list = {0};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        say.len = too_many[i];
        assert_false(pkcs11_driver.slots(&p.hsm, &list, &err));
        assert_int_equal(err.code, ERR_HSM);
        assert_null(list.slots);
    }
    say.len = HSM_SLOTS_MAX;
    assert_true(pkcs11_driver.slots(&p.hsm, &list, &err));
    assert_int_equal(list.count, HSM_SLOTS_MAX);
    assert_string_equal(hsm_slot_obstacle(&list.slots[0]), "in error state");
    assert_int_equal(strncmp(list.slots[0].label, "\\xff\\xff", 8), 0);
    free(list.slots);
    say.len = 0;
    assert_true(pkcs11_driver.slots(&p.hsm, &list, &err));
    assert_int_equal(list.count, 0);
    free(list.slots);
}

static void test_answers(void **state)
{
    static CK_ULONG type_aes = CKK_AES;
    static const CK_ULONG lies[] = {0, 8193, ~0UL};
    struct bytes challenge = {octets, 32}, answer = {0};

    (void)state;
    HAS({CKA_CLASS, &class_secret, sizeof class_secret}, {CKA_KEY_TYPE, &type_aes, sizeof type_aes},
        {CKA_ENCRYPT, &yes, 1});
    for (size_t i = 0; i < 3; i++) {
        say.len = lies[i];
        assert_false(pkcs11_driver.prove(&p.hsm, HSM_PROOF_AES_ECB, 5, &challenge, &answer, &err));
        assert_string_equal(err.hsm_name, "CKR_DEVICE_ERROR");
        assert_null(answer.data);
    }
    say.len = 32;
    assert_true(pkcs11_driver.prove(&p.hsm, HSM_PROOF_AES_ECB, 5, &challenge, &answer, &err));
    assert_int_equal(answer.len, 32);
    bytes_free(&answer);
}

/* The driver reads, and the console takes from the wire, what the module says of itself and its
 * token. */
static void check_on_the_wire(void)
{
    struct hsm_info info, info_back;
    struct hsm_slot_list slots;
    struct hsm_slot slot_back;
    struct wire_files files;
    Pb__Info info_msg;
    Pb__Slot slot_msg;

    assert_true(pkcs11_driver.info(&p.hsm, &info, &err));
    wire_put_info(&info, &info_msg, &files);
    if (!wire_get_info(&info_msg, &info_back, &err))
        fail_msg("%s: %s", err.what, info.about.library);
    assert_memory_equal(&info, &info_back, sizeof info);
    say.len = 1;
    assert_true(pkcs11_driver.slots(&p.hsm, &slots, &err));
    wire_put_slot(&slots.slots[0], &slot_msg);
    if (!wire_get_slot(&slot_msg, &slot_back, &err))
        fail_msg("%s", err.what);
    free(slots.slots);
}

/* Every field with each of these after every number of octets that become one to four, so that each
 * piece is where a field is cut: what is left is a text that the console takes. */
static void test_texts_at_every_cut(void **state)
{
    static const char *const pieces[] = {" ",       "  ",     "\\",         "\x01", "a ",
                                         "e\u0301", "\u6f22", "\U0001f511", "\xff", "\\x4"};
    static const char fillers[] = {'a', '\\', '\x01'};
    uint8_t text[64];

    (void)state;
    say.text = text;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        for (size_t filler = 0; filler < sizeof fillers; filler++)
            for (size_t wide = 0; wide <= sizeof text; wide++)
                for (size_t at = wide; at + strlen(pieces[i]) <= sizeof text; at++) {
                    memset(text, 'a', sizeof text);
                    memset(text, fillers[filler], wide);
                    memcpy(text + at, pieces[i], strlen(pieces[i]));
                    check_on_the_wire();
                }
    say.text = NULL; /* text ends here */
}

static int make_spki(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key, &der);

    (void)state;
    EVP_PKEY_free(key);
    rsa_spki = (struct bytes){der, (size_t)len};
    return len > 0 ? 0 : -1;
}

static int free_spki(void **state)
{
    (void)state;
    OPENSSL_free(rsa_spki.data);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(test_reads_all_from_a_token_that_stops),
        TEST(test_long_texts),
        TEST(test_wrong_lengths),
        TEST(test_garbage_public_halves),
        TEST(test_templates),
        TEST(test_one_attribute_fails),
        TEST(test_objects_without_end),
        TEST(test_unreadable_objects),
        TEST(test_made_without_a_handle),
        TEST(test_leftovers_are_swept),
        TEST(test_known_handles_are_refused),
        TEST(test_sessions_know_each_others_objects),
        TEST(test_a_further_session_is_tried),
        TEST(test_nothing_is_swept_beside_another_session),
        TEST(test_without_the_inventory_one_is_lost),
        TEST(test_other_objects_are_refused),
        TEST(test_destroys_its_own_only),
        TEST(test_slots),
        TEST(test_answers),
        TEST(test_texts_at_every_cut),
    };
    return cmocka_run_group_tests(tests, make_spki, free_spki);
}
