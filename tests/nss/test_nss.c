/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NSS's own traps, each with a control that shows the trap is there: what NSS does by itself, and
 * that the driver does not let it happen. What every driver must do is tested by the contract's
 * suite.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <keyhi.h>
#include <nss.h>
#include <pk11pub.h>
#include <pkcs11t.h>
#include <secerr.h>
#include <secitem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/guard.h"
#include "driver/nss/nss.h"
#include "driver/nss/nss_db.h"
#include "driver/nss/nss_object.h"
#include "hsm/key.h"
#include "hsm/wrap_alg.h"
#include "tests/nss/database.h"

static const struct hsm_driver *const nss = &nss_driver;

/* --- a database for each test --- */

struct place {
    struct database database;
    struct hsm *hsm; /* open and logged in */
};

static void must(bool ok, const struct err *err)
{
    char line[1024];

    if (!ok)
        fail_msg("%s", err_line(err, line, sizeof line));
}

static void fails(bool ok, const struct err *err, enum err_code code)
{
    assert_false(ok);
    assert_string_equal(err_code_name(err->code), err_code_name(code));
    assert_true(err->what[0]);
}

static bool log_in(struct hsm *hsm, const char *pin, struct err *err)
{
    struct secret secret = {0};
    bool ok = secret_new(&secret, SECRET_PIN_MAX, err) &&
              secret_set(&secret, pin, strlen(pin), err) &&
              nss->login(hsm, DATABASE_SLOT, &secret, err);

    secret_free(&secret);
    return ok;
}

static void start(struct place *place)
{
    struct err err = {0};

    must(nss->open(&place->database.where, &place->hsm, &err), &err);
    must(log_in(place->hsm, DATABASE_PIN, &err), &err);
}

/* Closes the database and opens it again: what lasts, lasts. */
static void restart(struct place *place)
{
    nss->close(place->hsm);
    assert_false(NSS_IsInitialized());
    start(place);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    *state = place;
    if (!place || !database_make(&place->database, DATABASE_PIN))
        return -1;
    start(place);
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;

    nss->close(place->hsm);
    database_remove(&place->database);
    free(place);
    return NSS_IsInitialized() ? -1 : 0; /* every reference was given back */
}

/* --- keys of known value, planted past the driver --- */

static PK11SlotInfo *slot_of(struct place *place)
{
    return nss_of(place->hsm)->slot;
}

static uint64_t plant(struct place *place, CK_KEY_TYPE type, const void *value, size_t len,
                      bool token, bool extractable, const char *id)
{
    CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    CK_BBOOL yes = CK_TRUE, out = extractable, lasting = token;
    const CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},     {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &lasting, sizeof lasting}, {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &out, sizeof out},   {CKA_ENCRYPT, &yes, sizeof yes},
        {CKA_SIGN, &yes, sizeof yes},          {CKA_WRAP, &yes, sizeof yes},
        {CKA_UNWRAP, &yes, sizeof yes},        {CKA_LABEL, (void *)"planted", 7},
        {CKA_ID, (void *)id, strlen(id)},      {CKA_VALUE, (void *)value, len},
    };
    PK11GenericObject *object = PK11_CreateGenericObject(slot_of(place), attributes, 12, token);
    uint64_t handle;

    assert_non_null(object);
    handle = PK11_GetObjectHandle(PK11_TypeGeneric, object, NULL);
    PK11_DestroyGenericObject(object);
    return handle;
}

static uint64_t plant_pair(struct place *place, bool rsa, struct bytes *spki)
{
    static unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    PK11RSAGenParams rsa_params = {2048, 65537};
    SECItem ec_params = {.data = p256, .len = sizeof p256};
    SECKEYPublicKey *public = NULL;
    SECKEYPrivateKey *private = PK11_GenerateKeyPairWithFlags(
        slot_of(place), rsa ? CKM_RSA_PKCS_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN,
        rsa ? (void *)&rsa_params : (void *)&ec_params, &public,
        PK11_ATTR_TOKEN | PK11_ATTR_PRIVATE | PK11_ATTR_SENSITIVE | PK11_ATTR_EXTRACTABLE, NULL);
    struct err err = {0};
    uint64_t handle;

    assert_non_null(private);
    handle = private->pkcs11ID;
    SECKEY_DestroyPrivateKey(private);
    SECKEY_DestroyPublicKey(public);
    must(nss->public_key(place->hsm, handle, spki, &err), &err);
    return handle;
}

/* NSS's own way to an object with this handle. */
static PK11SymKey *direct(struct place *place, uint64_t handle)
{
    PK11SymKey *key = PK11_SymKeyFromHandle(slot_of(place), NULL, PK11_OriginUnwrap,
                                            CKM_INVALID_MECHANISM, handle, PR_FALSE, NULL);

    assert_non_null(key);
    return key;
}

static bool readable(struct place *place, uint64_t handle)
{
    PK11SymKey *key = direct(place, handle);
    SECItem value = {.data = NULL};
    bool read = PK11_ReadRawAttribute(PK11_TypeSymKey, key, CKA_VALUE, &value) == SECSuccess ||
                PK11_ExtractKeyValue(key) == SECSuccess;

    SECITEM_FreeItem(&value, PR_FALSE);
    PK11_FreeSymKey(key);
    return read;
}

static struct key_desc describe(struct place *place, uint64_t handle)
{
    struct key_desc desc = {0};
    struct err err = {0};

    must(nss->describe(place->hsm, handle, &desc, &err), &err);
    return desc;
}

static size_t count_objects(struct place *place)
{
    uint64_t *handles = NULL;
    size_t count = 0;
    struct err err = {0};

    must(nss->handles(place->hsm, &handles, &count, &err), &err);
    free(handles);
    return count;
}

static const uint8_t kek_value[32] = {1, 2, 3, 4, 5, 6, 7, 8};
static const char temporary_label[] = "hsmferry:test";

static struct hsm_template template_of(enum key_class class, enum key_kind kind, uint32_t length,
                                       uint32_t flags)
{
    return (struct hsm_template){.class = class,
                                 .kind = kind,
                                 .length = length,
                                 .flags = flags,
                                 .label = (const uint8_t *)temporary_label,
                                 .label_len = strlen(temporary_label),
                                 .id = (const uint8_t *)"temporary",
                                 .id_len = 9};
}

/* A temporary copy of a planted key, which went through RFC 5649. */
static uint64_t copy_of(struct place *place, uint64_t key, const struct bytes *spki)
{
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, ""), copy;
    struct key_desc desc = describe(place, key);
    struct hsm_template template =
        template_of(desc.class, desc.kind, desc.length, KEY_SENSITIVE | KEY_SIGN);
    struct bytes wrapped_key = {0};
    struct key_desc kek_desc;
    struct err err = {0};

    template.spki = spki;
    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, key, &wrapped_key, &err), &err);
    must(nss->unwrap(place->hsm, HSM_AES_KWP, kek, &wrapped_key, &template, &copy, &err), &err);
    kek_desc = describe(place, kek); /* NSS was asked for it past the driver */
    must(nss->remove(place->hsm, &kek_desc, &err), &err);
    bytes_free(&wrapped_key);
    return copy;
}

static uint64_t commit(struct place *place, uint64_t copy, const void *label, size_t label_len,
                       const void *id, size_t id_len)
{
    struct err err = {0};
    uint64_t final;

    must(nss->commit(place->hsm, copy, label, label_len, id, id_len, &final, &err), &err);
    return final;
}

/* --- opening --- */

static void opens_only_what_is_there(void **state)
{
    static const char *const bad[] = {
        "", "/tmp", "sql:", "sql:relative", "dbm:/tmp", "sql:/nonexistent"};
    struct place *place = *state;
    struct hsm_where where = {.api = "nss"};
    struct hsm *hsm = NULL;
    struct err err = {0};
    char folder[] = "/tmp/hsmferry-empty.XXXXXX";

    fails(nss->open(&place->database.where, &hsm, &err), &err, ERR_CONFIG); /* a second one */
    nss->close(place->hsm);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        snprintf(where.module, sizeof where.module, "%s", bad[i]);
        fails(nss->open(&where, &hsm, &err), &err, ERR_CONFIG);
    }
    assert_non_null(mkdtemp(folder));
    snprintf(where.module, sizeof where.module, "sql:%s", folder);
    fails(nss->open(&where, &hsm, &err), &err, ERR_CONFIG);
    assert_int_equal(rmdir(folder), 0); /* NSS made nothing in it */
    where = place->database.where;
    strcpy(where.params, "readonly");
    fails(nss->open(&where, &hsm, &err), &err, ERR_CONFIG);
    assert_null(hsm);
    start(place);
}

static void tells_its_slots(void **state)
{
    struct place *place = *state;
    struct hsm_slot_list list = {0};
    struct hsm_info info;
    struct err err = {0};
    bool found = false;

    must(nss->info(place->hsm, &info, &err), &err);
    assert_string_equal(info.about.version, NSS_GetVersion());
    must(nss->slots(place->hsm, &list, &err), &err);
    for (size_t i = 0; i < list.count; i++)
        if (list.slots[i].id == DATABASE_SLOT) {
            found = true;
            assert_string_equal(list.slots[i].label, "NSS Certificate DB");
            assert_null(hsm_slot_obstacle(&list.slots[i]));
            assert_true(list.slots[i].flags & HSM_TOKEN_LOGIN_REQUIRED);
        }
    assert_true(found);
    free(list.slots);
}

static void tries_a_pin_once(void **state)
{
    struct place *place = *state;
    struct err err = {0};

    fails(log_in(place->hsm, DATABASE_PIN, &err), &err, ERR_FAILED); /* once for each open() */
    nss->close(place->hsm);
    must(nss->open(&place->database.where, &place->hsm, &err), &err);
    fails(nss->list(place->hsm, &(struct key_list){0}, &err), &err, ERR_FAILED);
    fails(log_in(place->hsm, "wrong", &err), &err, ERR_DENIED);
    assert_string_equal(err.hsm_name, "SEC_ERROR_BAD_PASSWORD");
    assert_null(strstr(err.what, "wrong PIN wrong"));
    fails(log_in(place->hsm, "", &err), &err, ERR_DENIED);
    must(log_in(place->hsm, DATABASE_PIN, &err), &err);
}

static void needs_no_pin_where_none_is_set(void **state)
{
    struct place *place = *state, open = {0};
    struct err err = {0};
    uint64_t key;

    nss->close(place->hsm);
    assert_true(database_make(&open.database, NULL));
    must(nss->open(&open.database.where, &open.hsm, &err), &err);
    must(log_in(open.hsm, "", &err), &err);
    key = plant(&open, CKK_AES, kek_value, 16, true, true, "1");
    assert_int_equal(describe(&open, key).bits, 128);
    nss->close(open.hsm);
    database_remove(&open.database);
    start(place);
}

/* --- keys that may not be seen --- */

/* NSS leaves an unwrapped key readable; the driver does not. */
static void transport_key_is_not_readable(void **state)
{
    struct place *place = *state;
    struct hsm_template template =
        template_of(KEY_CLASS_SECRET, KEY_KIND_AES, 32, KEY_SENSITIVE | KEY_UNWRAP);
    struct hsm_pair pair = {0};
    struct bytes wrapped_key = {0};
    uint64_t public, source, destination;
    struct key_desc desc;
    struct err err = {0};

    must(nss->make_pair(place->hsm, 2048, temporary_label, &pair, &err), &err);
    must(nss->load_public(place->hsm, &pair.spki, temporary_label, &public, &err), &err);
    must(nss->make_kek(place->hsm, 256, temporary_label, &source, &err), &err);
    must(nss->wrap(place->hsm, HSM_RSA_OAEP_SHA256, public, source, &wrapped_key, &err), &err);
    must(nss->unwrap(place->hsm, HSM_RSA_OAEP_SHA256, pair.private_handle, &wrapped_key, &template,
                     &destination, &err),
         &err);
    assert_false(readable(place, source));
    assert_false(readable(place, destination));
    desc = describe(place, destination);
    assert_int_equal(desc.flags & (KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE),
                     KEY_UNWRAP | KEY_SENSITIVE);
    desc = describe(place, pair.private_handle);
    assert_int_equal(desc.flags & (KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE),
                     KEY_UNWRAP | KEY_SENSITIVE);
    desc = describe(place, public);
    assert_int_equal(desc.flags & KEY_USES, KEY_WRAP);
    desc = describe(place, source);
    assert_int_equal(desc.flags & KEY_USES, KEY_WRAP);
    assert_true(key_is_not(&desc, KEY_MODIFIABLE | KEY_COPYABLE));
    assert_false(key_is_not(&desc, KEY_LOCAL)); /* NSS would say so, though it made the key */

    template.flags = KEY_UNWRAP | KEY_EXTRACTABLE; /* the control: as NSS leaves it */
    must(nss->unwrap(place->hsm, HSM_RSA_OAEP_SHA256, pair.private_handle, &wrapped_key, &template,
                     &destination, &err),
         &err);
    assert_true(readable(place, destination));
    bytes_free(&wrapped_key);
    bytes_free(&pair.spki);
}

static void temporary_is_readable_before_it_is_guarded(void **state)
{
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, "");
    uint64_t key = plant(place, CKK_AES, kek_value, 16, false, true, "");
    struct bytes wrapped_key = {0};
    struct err err = {0};
    SECItem wrapped, value = {.data = NULL};
    PK11SymKey *by = direct(place, kek), *bare;

    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, key, &wrapped_key, &err), &err);
    wrapped = (SECItem){.data = wrapped_key.data, .len = (unsigned)wrapped_key.len};
    bare = PK11_UnwrapSymKeyWithFlagsPerm(by, CKM_AES_KEY_WRAP_KWP, NULL, &wrapped, CKM_AES_ECB,
                                          CKA_ENCRYPT, 16, CKF_ENCRYPT, PR_FALSE);
    assert_non_null(bare);
    assert_int_equal(PK11_ReadRawAttribute(PK11_TypeSymKey, bare, CKA_VALUE, &value), SECSuccess);
    assert_int_equal(value.len, 16);
    SECITEM_FreeItem(&value, PR_FALSE);
    PK11_FreeSymKey(bare);
    PK11_FreeSymKey(by);
    assert_false(readable(place, copy_of(place, key, NULL)));
    bytes_free(&wrapped_key);
}

/* NSS wraps keys that are marked as not extractable; the guard does not let it. */
static void unextractable_stays(void **state)
{
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, "");
    uint64_t key = plant(place, CKK_AES, kek_value, 32, true, false, "1");
    PK11SymKey *by = direct(place, kek), *it = direct(place, key);
    unsigned char room[HSM_BLOB_MAX];
    SECItem out = {.data = room, .len = sizeof room};
    struct bytes wrapped_key = {0};
    struct err err = {0};

    assert_int_equal(PK11_WrapSymKey(CKM_AES_KEY_WRAP_KWP, NULL, by, it, &out), SECSuccess);
    assert_int_equal(out.len, 40);
    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, key, &wrapped_key, &err), &err); /* the control */
    bytes_free(&wrapped_key);
    for (enum hsm_alg alg = HSM_AES_KWP; alg < HSM_ALGS; alg++)
        fails(guard_wrap(&(struct guard){.hsm = place->hsm}, alg, kek, key, &wrapped_key, &err),
              &err, ERR_DENIED);
    assert_null(wrapped_key.data);
    PK11_FreeSymKey(by);
    PK11_FreeSymKey(it);
}

/* NSS knows what a trusted wrapping key is, and wraps under any. */
static void key_for_trusted_keys_stays(void **state)
{
    static CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    static CK_KEY_TYPE type = CKK_AES;
    static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    const CK_ATTRIBUTE attributes[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_TOKEN, &no, sizeof no},
        {CKA_EXTRACTABLE, &yes, sizeof yes},
        {CKA_WRAP_WITH_TRUSTED, &yes, sizeof yes},
        {CKA_VALUE, (void *)kek_value, sizeof kek_value},
    };
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, ""), key;
    PK11GenericObject *object = PK11_CreateGenericObject(slot_of(place), attributes, 6, PR_FALSE);
    struct bytes wrapped_key = {0};
    struct err err = {0};

    assert_non_null(object);
    key = PK11_GetObjectHandle(PK11_TypeGeneric, object, NULL);
    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, key, &wrapped_key, &err), &err); /* the control */
    bytes_free(&wrapped_key);
    fails(guard_wrap(&(struct guard){.hsm = place->hsm}, HSM_AES_KWP, kek, key, &wrapped_key, &err),
          &err, ERR_DENIED);
    assert_non_null(strstr(err.what, "needs a trusted wrapping key"));
    assert_null(wrapped_key.data);
    PK11_DestroyGenericObject(object);
}

/* NSS pads with zeros for RFC 3394; the guard does not let it. */
static void key_wrap_does_not_lengthen(void **state)
{
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, "");
    uint64_t key = plant(place, CKK_GENERIC_SECRET, "thirteen byte", 13, false, true, "");
    PK11SymKey *by = direct(place, kek), *it = direct(place, key);
    unsigned char room[HSM_BLOB_MAX];
    SECItem out = {.data = room, .len = sizeof room};
    struct bytes wrapped_key = {0};
    struct err err = {0};

    assert_int_equal(PK11_WrapSymKey(CKM_AES_KEY_WRAP, NULL, by, it, &out), SECSuccess);
    assert_int_equal(out.len, 24);
    must(nss->wrap(place->hsm, HSM_AES_KW, kek, key, &wrapped_key, &err), &err); /* the control */
    bytes_free(&wrapped_key);
    fails(guard_wrap(&(struct guard){.hsm = place->hsm}, HSM_AES_KW, kek, key, &wrapped_key, &err),
          &err, ERR_UNSUPPORTED);
    assert_null(wrapped_key.data);
    PK11_FreeSymKey(by);
    PK11_FreeSymKey(it);
}

/* --- lengths --- */

/* Another HSM fills a secret of 13 octets up to 16 with zeros before it wraps: the length that is
 * known cuts them off. It must not cut off anything else. */
static void length_ends_a_padded_secret(void **state)
{
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, "");
    uint64_t exact = plant(place, CKK_GENERIC_SECRET, "thirteen byte", 13, false, true, "");
    uint64_t padded = plant(place, CKK_GENERIC_SECRET, "thirteen byte\0\0", 16, false, true, "");
    struct hsm_template template =
        template_of(KEY_CLASS_SECRET, KEY_KIND_GENERIC, 13, KEY_SENSITIVE | KEY_SIGN);
    const struct bytes nonce = {(uint8_t *)kek_value, sizeof kek_value};
    struct bytes wrapped_key = {0}, want = {0}, got = {0};
    struct guard guard = {.hsm = place->hsm};
    uint64_t back;
    struct err err = {0};

    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, padded, &wrapped_key, &err), &err);
    must(nss->unwrap(place->hsm, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err), &err);
    assert_int_equal(describe(place, back).length, 13);
    must(nss->prove(place->hsm, HSM_PROOF_DIGEST, exact, &nonce, &want, &err), &err);
    must(nss->prove(place->hsm, HSM_PROOF_DIGEST, back, &nonce, &got, &err), &err);
    assert_true(bytes_equal(&want, &got));
    must(nss->prove(place->hsm, HSM_PROOF_DIGEST, padded, &nonce, &got, &err), &err);
    assert_false(bytes_equal(&want, &got)); /* the digest sees zeros */
    template.length = 257;
    assert_false(nss->unwrap(place->hsm, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err));
    assert_int_equal(err.code, ERR_UNSUPPORTED);
    must(guard_begin(&guard, &err), &err);
    for (uint32_t length = 1; length <= 40; length++) {
        bool fits = length > 8 && length <= 16;
        template.length = length;
        if (fits)
            must(guard_unwrap(&guard, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err),
                 &err);
        else
            fails(guard_unwrap(&guard, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err),
                  &err, ERR_DATA);
    }
    template.length = 8; /* the control: NSS cuts it */
    must(nss->unwrap(place->hsm, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err), &err);
    guard_end(&guard);
    bytes_free(&wrapped_key);
    bytes_free(&want);
    bytes_free(&got);
}

/* --- commit --- */

/* A key put into the database replaces one of its class with the same id, whatever its kind. */
static void commit_replaces_nothing(void **state)
{
    struct place *place = *state;
    uint64_t victim = plant(place, CKK_AES, kek_value, 32, true, true, "temporary");
    uint64_t key = plant(place, CKK_GENERIC_SECRET, "other value", 11, false, true, "");
    uint64_t copy = copy_of(place, key, NULL), final = 0;
    PK11SymKey *it = direct(place, copy), *made;
    SECItem id = {.data = (unsigned char *)"temporary", .len = 9};
    struct err err = {0};

    fails(nss->commit(place->hsm, copy, kek_value, 1, id.data, id.len, &final, &err), &err,
          ERR_CONFLICT);
    final = commit(place, copy, "label", 5, "another", 7);
    assert_true(final != victim);
    assert_int_equal(describe(place, victim).kind, KEY_KIND_AES);
    assert_int_equal(describe(place, final).kind, KEY_KIND_GENERIC);
    assert_memory_equal(describe(place, final).id, "another", 7);

    /* the control: what NSS does by itself */
    assert_int_equal(PK11_WriteRawAttribute(PK11_TypeSymKey, it, CKA_ID, &id), SECSuccess);
    made = PK11_ConvertSessionSymKeyToTokenSymKey(it, NULL);
    assert_non_null(made);
    assert_int_equal(PK11_GetSymKeyHandle(made), victim);
    assert_int_equal(describe(place, victim).kind, KEY_KIND_GENERIC);
    PK11_FreeSymKey(made);
    PK11_FreeSymKey(it);
}

static void labels_arrive_byte_for_byte(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } labels[] = {
        {"plain", 5},
        {"", 0},
        {"nul\0inside", 10},
        {"\x1b[31mred\n\t", 10},
        {"\xff\xfe\x80", 3},
        {"\xc3\x28", 2},
        {" blanks ", 8},
        {"\xe2\x80\xae"
         "txt",
         6},
        {"Schl\xc3\xbcssel", 9},
        {"\0", 1},
    };
    struct place *place = *state;
    uint64_t made[2 * sizeof labels / sizeof labels[0]];
    size_t count = sizeof labels / sizeof labels[0];
    char most[KEY_LABEL_MAX];
    struct bytes spki = {0};
    uint64_t secret = plant(place, CKK_AES, kek_value, 16, false, true, "");
    uint64_t private = plant_pair(place, false, &spki);

    for (size_t i = 0; i < 2 * count; i++) {
        uint64_t copy = copy_of(place, i < count ? secret : private, i < count ? NULL : &spki);
        uint8_t id[2] = {0, (uint8_t)i};
        made[i] = commit(place, copy, labels[i % count].bytes, labels[i % count].len, id, 2);
    }
    memset(most, 'x', sizeof most);
    uint64_t longest = commit(place, copy_of(place, secret, NULL), most, sizeof most, "", 0);
    restart(place);
    for (size_t i = 0; i < 2 * count; i++) {
        struct key_desc desc = describe(place, made[i]);
        assert_int_equal(desc.label_len, labels[i % count].len);
        assert_memory_equal(desc.label, labels[i % count].bytes, labels[i % count].len);
        assert_int_equal(desc.id_len, 2);
        assert_int_equal(desc.id[1], i);
    }
    assert_int_equal(describe(place, longest).label_len, KEY_LABEL_MAX);
    bytes_free(&spki);
}

static bool tool_shows(struct place *place, const char *tool, const char *option, const char *text)
{
    const char *const arguments[] = {option, NULL};
    char out[4096];

    assert_int_equal(database_tool(&place->database, tool, arguments, out, sizeof out), 0);
    return strstr(out, text) != NULL;
}

static void committed_keys_last(void **state)
{
    struct place *place = *state;
    const struct bytes digest = {(uint8_t *)kek_value, sizeof kek_value};
    struct bytes rsa_spki = {0}, ec_spki = {0}, answer = {0};
    uint64_t secret = plant(place, CKK_GENERIC_SECRET, "thirteen byte", 13, true, true, "0");
    uint64_t rsa = plant_pair(place, true, &rsa_spki), ec = plant_pair(place, false, &ec_spki);
    uint64_t a = commit(place, copy_of(place, secret, NULL), "a-secret", 8, "idA", 3);
    uint64_t b = commit(place, copy_of(place, rsa, &rsa_spki), "an-rsa-key", 10, "idB", 3);
    uint64_t c = commit(place, copy_of(place, ec, &ec_spki), "an-ec-key", 9, "idC", 3);
    size_t temporaries = 3 * 1, before = count_objects(place);
    struct err err = {0};

    restart(place);
    assert_int_equal(count_objects(place), before - temporaries); /* those are gone */
    assert_int_equal(describe(place, a).length, 13);
    assert_int_equal(describe(place, b).bits, 2048);
    assert_string_equal(describe(place, c).curve, "P-256");
    for (size_t i = 0; i < 3; i++) {
        const uint64_t made[] = {a, b, c};
        struct key_desc desc = describe(place, made[i]);
        assert_true(key_is(&desc, KEY_TOKEN | KEY_PRIVATE | KEY_SENSITIVE));
        assert_int_equal(desc.flags & (KEY_USES | KEY_EXTRACTABLE), KEY_SIGN);
        assert_false(readable(place, made[i]));
    }
    assert_memory_equal(describe(place, b).spki_sha256, describe(place, rsa).spki_sha256, 32);
    assert_memory_equal(describe(place, c).spki_sha256, describe(place, ec).spki_sha256, 32);
    must(nss->prove(place->hsm, HSM_PROOF_RSA_SIGN, b, &digest, &answer, &err), &err);
    assert_int_equal(answer.len, 256);
    must(nss->prove(place->hsm, HSM_PROOF_ECDSA, c, &digest, &answer, &err), &err);
    assert_int_equal(answer.len, 64);
    nss->close(place->hsm);
    assert_true(tool_shows(place, "certutil", "-K", "an-rsa-key"));
    assert_true(tool_shows(place, "certutil", "-K", "an-ec-key"));
    assert_true(tool_shows(place, "symkeyutil", "-L", "a-secret"));
    assert_false(tool_shows(place, "certutil", "-K", temporary_label));
    start(place);
    bytes_free(&rsa_spki);
    bytes_free(&ec_spki);
    bytes_free(&answer);
}

static void uncommitted_keys_do_not_last(void **state)
{
    struct place *place = *state;
    struct hsm_pair pair = {0};
    struct err err = {0};
    uint64_t aes, *handles = NULL;
    size_t count = 1;

    must(nss->make_pair(place->hsm, 2048, temporary_label, &pair, &err), &err);
    must(nss->make_kek(place->hsm, 256, temporary_label, &aes, &err), &err);
    copy_of(place, plant(place, CKK_AES, kek_value, 16, false, true, ""), NULL);
    assert_int_equal(count_objects(place), 5);
    must(nss->destroy(place->hsm, aes, &err), &err);
    must(nss->destroy(place->hsm, aes, &err), &err); /* gone already is no error */
    assert_int_equal(count_objects(place), 4);
    restart(place);
    must(nss->handles(place->hsm, &handles, &count, &err), &err);
    assert_int_equal(count, 0);
    free(handles);
    bytes_free(&pair.spki);
}

/* NSS keeps all keys of a database private and sensitive, but tells it only when asked for that one
 * attribute. */
static void keys_are_hidden_before_the_login(void **state)
{
    struct place *place = *state;
    uint64_t secret = plant(place, CKK_AES, kek_value, 16, false, true, "");
    uint64_t final = commit(place, copy_of(place, secret, NULL), "hidden", 6, "1", 1);
    CK_ATTRIBUTE both[] = {{.type = CKA_PRIVATE}, {.type = CKA_CLASS}};
    PLArenaPool *arena = PORT_NewArena(DER_DEFAULT_CHUNKSIZE);
    struct key_desc desc;
    PK11SlotInfo *slot;
    PK11SymKey *key;
    struct err err = {0};

    restart(place);
    desc = describe(place, final);
    assert_true(key_is(&desc, KEY_PRIVATE));
    key = direct(place, final);
    assert_int_equal(PK11_ReadRawAttributes(arena, PK11_TypeSymKey, key, both, 2), SECSuccess);
    assert_int_equal(*(CK_BBOOL *)both[0].pValue, CK_FALSE);
    PORT_FreeArena(arena, PR_FALSE);
    PK11_FreeSymKey(key);
    nss->close(place->hsm);
    must(nss->open(&place->database.where, &place->hsm, &err), &err);
    slot = PK11_GetInternalKeySlot();
    assert_null(PK11_FindGenericObjects(slot, CKO_SECRET_KEY));
    PK11_FreeSlot(slot);
    must(log_in(place->hsm, DATABASE_PIN, &err), &err);
    assert_int_equal(count_objects(place), 1);
}

/* --- handles that are known --- */

/* In a child: cmocka's assertions do not end one. */
static void need(bool true_there, const char *words)
{
    if (true_there)
        return;
    print_error("it is not so: %s\n", words);
    _exit(1);
}

/* From now on it is as if the objects that NSS makes after last had been there at the login. */
static void know_the_next(struct place *place, uint64_t last, struct handles *kept)
{
    enum { NEXT = 256 };
    struct nss *n = nss_of(place->hsm);
    uint64_t *before = calloc(n->known.before_count + NEXT, sizeof *before);

    need(before, "there is memory");
    memcpy(before, n->known.before, n->known.before_count * sizeof *before);
    for (uint64_t i = 0; i < NEXT; i++)
        before[n->known.before_count + i] = last + 1 + i;
    *kept = n->known;
    n->known.before = before;
    n->known.before_count += NEXT;
    qsort(before, n->known.before_count, sizeof *before, key_compare_handles);
}

static void forget_the_next(struct place *place, const struct handles *kept)
{
    struct nss *n = nss_of(place->hsm);

    free(n->known.before);
    n->known.before = kept->before;
    n->known.before_count = kept->before_count;
}

static bool by_make_kek(struct place *place, uint64_t *handle, struct err *err)
{
    return nss->make_kek(place->hsm, 256, "x", handle, err);
}

static bool by_make_pair(struct place *place, uint64_t *handle, struct err *err)
{
    struct hsm_pair pair = {0};
    bool ok = nss->make_pair(place->hsm, 2048, "x", &pair, err);

    *handle = pair.private_handle;
    bytes_free(&pair.spki);
    return ok;
}

static bool by_make_key(struct place *place, uint64_t *handle, struct err *err)
{
    const struct key_sample sample = {.kind = KEY_KIND_AES, .length = 16};
    uint64_t other;

    return nss->make_key(place->hsm, &sample, "x", handle, &other, err);
}

/* What the others start from, made once: NSS must give them its next handle. */
static struct hsm_pair known_pair;
static struct bytes known_blob; /* an AES key under it */
static uint64_t known_temporary;
static uint8_t known_id; /* another one for each object */

static void prepare_known(struct place *place)
{
    const struct key_sample sample = {.kind = KEY_KIND_AES, .length = 16};
    uint64_t public, aes, other;
    struct err err = {0};

    need(nss->make_pair(place->hsm, 2048, "x", &known_pair, &err) &&
             nss->load_public(place->hsm, &known_pair.spki, "x", &public, &err) &&
             nss->make_kek(place->hsm, 256, "x", &aes, &err) &&
             nss->wrap(place->hsm, HSM_RSA_OAEP_SHA256, public, aes, &known_blob, &err) &&
             nss->make_key(place->hsm, &sample, "x", &known_temporary, &other, &err),
         "the keys are made");
}

static bool by_load_public(struct place *place, uint64_t *handle, struct err *err)
{
    return nss->load_public(place->hsm, &known_pair.spki, "x", handle, err);
}

static bool by_unwrap(struct place *place, uint64_t *handle, struct err *err)
{
    struct hsm_template template =
        template_of(KEY_CLASS_SECRET, KEY_KIND_AES, 32, KEY_SENSITIVE | KEY_UNWRAP);

    return nss->unwrap(place->hsm, HSM_RSA_OAEP_SHA256, known_pair.private_handle, &known_blob,
                       &template, handle, err);
}

static bool by_commit(struct place *place, uint64_t *handle, struct err *err)
{
    known_id++;
    return nss->commit(place->hsm, known_temporary, &known_id, 1, &known_id, 1, handle, err);
}

static bool by_make_public(struct place *place, uint64_t *handle, struct err *err)
{
    struct hsm_template template = template_of(KEY_CLASS_PUBLIC, KEY_KIND_RSA, 0, KEY_ENCRYPT);

    known_id++;
    template.id = &known_id;
    template.id_len = 1;
    template.spki = &known_pair.spki;
    return nss->make_public(place->hsm, &template, handle, err);
}

/* How many of the objects that were made since are there still. */
static unsigned count_next(struct place *place, uint64_t last)
{
    struct nss_object object;
    unsigned there = 0;

    for (uint64_t h = last + 1; h <= last + 256; h++) {
        there += nss_object_open(nss_of(place->hsm), h, &object, NULL);
        nss_object_close(&object);
    }
    return there;
}

static bool is_refused(bool ok, const struct err *err)
{
    return !ok && err->code == ERR_HSM && strcmp(err->now, "That object was not destroyed") == 0 &&
           strstr(err->what, "with the handle of an object that existed");
}

struct maker {
    bool (*make)(struct place *place, uint64_t *handle, struct err *err);
    bool lasting; /* token objects, whose handles NSS counts apart from those of a session */
};

static void refuse(struct place *place, const struct maker *maker)
{
    bool (*make)(struct place * place, uint64_t * handle, struct err * err) = maker->make;
    struct handles kept;
    struct err err = {0};
    uint64_t handle, last;

    need((maker->lasting ? make : by_make_kek)(place, &last, &err) &&
             nss->destroy(place->hsm, last, &err),
         "an object is made, and destroyed");
    know_the_next(place, last, &kept);
    need(count_next(place, last) == 0, "none of the next handles is given out yet");
    need(is_refused(make(place, &handle, &err), &err), "a known handle is refused");
    need(count_next(place, last) > 0, "the object with that handle is left alone");
    for (uint64_t h = last + 1; h <= last + 256; h++)
        need(!nss->destroy(place->hsm, h, &err) && err.code == ERR_DENIED, "nor destroyed later");
    need(count_next(place, last) > 0, "it is still there");
    forget_the_next(place, &kept);
    need(make(place, &handle, &err), "control: one that is not known is believed");
    need(nss->destroy(place->hsm, handle, &err), "control: and destroyed");
}

/* In a process that ends with it: NSS does not shut down while somebody has its structures, and
 * those of an object that was refused are not freed, since that would destroy the object. */
static void known_handles_are_refused(void **state)
{
    static const struct maker makers[] = {
        {by_make_kek, false}, {by_make_pair, false}, {by_make_key, false},  {by_load_public, false},
        {by_unwrap, false},   {by_commit, true},     {by_make_public, true}};
    struct place place = {0};
    int status;
    pid_t child;

    (void)state;
    assert_true(database_make(&place.database, DATABASE_PIN));
    child = fork();
    if (child == 0) {
        struct err err = {0};
        need(nss->open(&place.database.where, &place.hsm, &err) &&
                 log_in(place.hsm, DATABASE_PIN, &err),
             "the database opens");
        prepare_known(&place);
        for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
            refuse(&place, &makers[i]);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    database_remove(&place.database);
    assert_int_equal(status, 0);
}

/* --- hostile input --- */

static void unknown_handles_are_no_input(void **state)
{
    static const uint64_t bad[] = {0, 1, 77, 0x80000001, 0xc0000001, UINT32_MAX, UINT64_MAX};
    struct place *place = *state;
    struct hsm_template template = template_of(KEY_CLASS_SECRET, KEY_KIND_AES, 16, 0);
    struct bytes bytes = {(uint8_t *)kek_value, 24}, out = {0};
    struct key_desc desc;
    struct err err = {0};
    uint64_t h;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fails(nss->describe(place->hsm, bad[i], &desc, &err), &err, ERR_NO_INPUT);
        fails(nss->public_key(place->hsm, bad[i], &out, &err), &err, ERR_NO_INPUT);
        fails(nss->commit(place->hsm, bad[i], kek_value, 1, kek_value, 1, &h, &err), &err,
              ERR_NO_INPUT);
        fails(nss->destroy(place->hsm, bad[i], &err), &err, ERR_DENIED);
        for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
            if (wrap_alg(alg)->family == WRAP_RSA_AES || wrap_is_agreed(alg))
                continue; /* the agent's, in two calls; those wrap nothing by themselves */
            fails(nss->wrap(place->hsm, alg, bad[i], bad[i], &out, &err), &err, ERR_NO_INPUT);
            fails(nss->unwrap(place->hsm, alg, bad[i], &bytes, &template, &h, &err), &err,
                  ERR_NO_INPUT);
        }
        for (enum hsm_proof proof = 0; proof < HSM_PROOFS; proof++)
            fails(nss->prove(place->hsm, proof, bad[i], &bytes, &out, &err), &err, ERR_NO_INPUT);
    }
}

/* NSS keeps the uses that it is asked for in a small array; all of them at once must not reach it.
 */
static void any_flags_may_be_asked_for(void **state)
{
    struct place *place = *state;
    uint64_t kek = plant(place, CKK_AES, kek_value, sizeof kek_value, false, false, ""), back;
    struct bytes spki = {0}, wrapped_key = {0};
    uint64_t key = plant_pair(place, true, &spki);
    struct hsm_template template =
        template_of(KEY_CLASS_PRIVATE, KEY_KIND_RSA, 0, (UINT32_C(1) << KEY_FLAGS) - 1);
    struct err err = {0};

    must(nss->wrap(place->hsm, HSM_AES_KWP, kek, key, &wrapped_key, &err), &err);
    template.spki = &spki;
    must(nss->unwrap(place->hsm, HSM_AES_KWP, kek, &wrapped_key, &template, &back, &err), &err);
    assert_int_equal(describe(place, back).flags & KEY_USES,
                     KEY_DECRYPT | KEY_SIGN | KEY_SIGN_RECOVER | KEY_UNWRAP | KEY_DERIVE);
    bytes_free(&spki);
    bytes_free(&wrapped_key);
}

static void offers_what_it_showed(void **state)
{
    struct place *place = *state;
    struct hsm_capabilities caps = {0};
    struct err err = {0};

    must(nss->capabilities(place->hsm, &hsm_wanted_all, &caps, &err), &err);
    for (enum hsm_alg alg = 0; alg < HSM_ALGS; alg++) {
        print_message("%s: %s | %s | %s\n", hsm_alg_name(alg), caps.alg[alg].wrap_call,
                      caps.alg[alg].unwrap_call, caps.alg[alg].reason);
        if (wrap_alg(alg)->family != WRAP_RSA_AES && !wrap_is_post_quantum(alg))
            assert_true(caps.alg[alg].wrap && caps.alg[alg].unwrap);
    }
    assert_int_equal(caps.alg[HSM_AES_KWP].mechanism, CKM_AES_KEY_WRAP_KWP);
    assert_int_equal(caps.exact_length, HSM_YES);
    assert_int_equal(caps.takes_length, HSM_YES);
    assert_int_equal(caps.proofs, ((1 << HSM_PROOF_BYTES) - 1) & /* no HSM answers that one */
                                      ~(1 << HSM_PROOF_EDDSA | 1 << HSM_PROOF_XDH |
                                        1 << HSM_PROOF_ML_DSA | 1 << HSM_PROOF_ML_KEM));
    assert_int_equal(count_objects(place), 0);
}

#define TRAP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRAP(opens_only_what_is_there),
        TRAP(tells_its_slots),
        TRAP(tries_a_pin_once),
        TRAP(needs_no_pin_where_none_is_set),
        TRAP(transport_key_is_not_readable),
        TRAP(temporary_is_readable_before_it_is_guarded),
        TRAP(unextractable_stays),
        TRAP(key_for_trusted_keys_stays),
        TRAP(key_wrap_does_not_lengthen),
        TRAP(length_ends_a_padded_secret),
        TRAP(commit_replaces_nothing),
        TRAP(labels_arrive_byte_for_byte),
        TRAP(committed_keys_last),
        TRAP(keys_are_hidden_before_the_login),
        TRAP(uncommitted_keys_do_not_last),
        cmocka_unit_test(known_handles_are_refused),
        TRAP(unknown_handles_are_no_input),
        TRAP(any_flags_may_be_asked_for),
        TRAP(offers_what_it_showed),
    };

    return database_tools() ? cmocka_run_group_tests(tests, NULL, NULL) : 77;
}
