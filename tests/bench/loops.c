/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that moving keys, and listing them, can cost: bare loops over two tokens of one PKCS#11
 * module, "old" and "new".
 *
 *   loops MODULE PIN-FILE fill TOKEN KIND N   puts N keys of KIND (aes, generic, rsa, ec) onto a
 * token loops MODULE PIN-FILE kek TOKEN           the AES key "kek", the same on each token, to
 * wrap keys loops MODULE PIN-FILE bare KIND           C_WrapKey, C_UnwrapKey into a token object
 *   loops MODULE PIN-FILE staged KIND         ... into a session object, C_CopyObject onto the
 * token loops MODULE PIN-FILE pairs KIND          as bare; then the public object:
 * C_GetAttributeValue, C_CreateObject loops MODULE PIN-FILE list                one
 * C_GetAttributeValue for each object of both tokens
 *
 * A loop moves every key of KIND on "old", and prints their number and the seconds that it took.
 */
#include "tests/bench/bare.h"
#include "tests/bench/to_nss.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MECHANISM_KWP = 0x210A, BLOB_MAX = 4096, KEYS_MAX = 20000, ONE_MAX = 1024 };

/* A key to be moved, as it was found before the clock runs. */
struct key {
    CK_OBJECT_HANDLE handle, public_handle;
    CK_BYTE label[BARE_LABEL_MAX], id[BARE_LABEL_MAX];
    CK_ULONG label_len, id_len;
};

struct loop {
    const struct kind *kind;
    struct bare from, to;
    CK_OBJECT_HANDLE from_kek, to_kek;
    struct key *keys;
    CK_ULONG count;
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* No secret: the tokens exist for the bench only. */
static const CK_BYTE kek_value[32] = {1};

static CK_OBJECT_HANDLE put_kek(const struct bare *token, CK_BBOOL on_token)
{
    static const CK_BYTE id[] = {0x4b};
    const CK_OBJECT_CLASS class = CKO_SECRET_KEY;
    const CK_KEY_TYPE type = CKK_AES;
    struct template t = {.count = 0};
    CK_OBJECT_HANDLE kek;

    template_add_number(&t, CKA_CLASS, &class);
    template_add_number(&t, CKA_KEY_TYPE, &type);
    template_add_bool(&t, CKA_TOKEN, on_token);
    template_add_bool(&t, CKA_WRAP, CK_TRUE);
    template_add_bool(&t, CKA_UNWRAP, CK_TRUE);
    template_add(&t, CKA_LABEL, "kek", 3);
    template_add(&t, CKA_ID, id, sizeof id);
    template_add(&t, CKA_VALUE, kek_value, sizeof kek_value);
    bare_must(token->p11->C_CreateObject(token->session, t.attributes, t.count, &kek),
              "C_CreateObject");
    return kek;
}

/* All objects with these attributes: the number found. */
static CK_ULONG find(const struct bare *token, struct template *t, CK_OBJECT_HANDLE *found)
{
    CK_ULONG n = 0, more = 1;

    bare_must(token->p11->C_FindObjectsInit(token->session, t->attributes, t->count),
              "C_FindObjectsInit");
    for (; more > 0; n += more)
        bare_must(token->p11->C_FindObjects(token->session, found + n, KEYS_MAX - n, &more),
                  "C_FindObjects");
    bare_must(token->p11->C_FindObjectsFinal(token->session), "C_FindObjectsFinal");
    return n;
}

static void read_name(const struct bare *token, struct key *key)
{
    CK_ATTRIBUTE name[] = {{CKA_LABEL, key->label, sizeof key->label},
                           {CKA_ID, key->id, sizeof key->id}};

    bare_must(token->p11->C_GetAttributeValue(token->session, key->handle, name, 2),
              "C_GetAttributeValue");
    key->label_len = name[0].ulValueLen;
    key->id_len = name[1].ulValueLen;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct key *)a)->id, ((const struct key *)b)->id, BARE_LABEL_MAX);
}

/* All of a class but the key "kek", in the order of their ids: their number. */
static CK_ULONG find_keys(const struct loop *loop, CK_OBJECT_CLASS class, struct key **keys)
{
    static CK_OBJECT_HANDLE found[KEYS_MAX];
    struct template t = {.count = 0};
    CK_ULONG n, kept = 0;

    template_add_number(&t, CKA_CLASS, &class);
    template_add_number(&t, CKA_KEY_TYPE, &loop->kind->type);
    template_add_bool(&t, CKA_TOKEN, CK_TRUE);
    n = find(&loop->from, &t, found);
    *keys = calloc(n + 1, sizeof **keys);
    bare_must(*keys == NULL ? CKR_HOST_MEMORY : CKR_OK, "calloc");
    for (CK_ULONG i = 0; i < n; i++) {
        struct key *key = &(*keys)[kept];
        memset(key, 0, sizeof *key);
        key->handle = found[i];
        read_name(&loop->from, key);
        kept += memcmp(key->label, "kek", sizeof "kek") != 0;
    }
    bare_must(kept == 0 ? CKR_OBJECT_HANDLE_INVALID : CKR_OK, "keys to move");
    qsort(*keys, kept, sizeof **keys, by_id);
    return kept;
}

static void find_pairs(struct loop *loop)
{
    struct key *publics;
    const CK_ULONG n = find_keys(loop, CKO_PUBLIC_KEY, &publics);

    bare_must(n == loop->count ? CKR_OK : CKR_GENERAL_ERROR, "one public object for each key");
    for (CK_ULONG i = 0; i < n; i++) {
        bare_must(by_id(&publics[i], &loop->keys[i]) == 0 ? CKR_OK : CKR_GENERAL_ERROR,
                  "a public object with the id of its key");
        loop->keys[i].public_handle = publics[i].handle;
    }
    free(publics);
}

/* --- the loops -----------------------------------------------------------------------------------
 */

static CK_ULONG wrap(const struct loop *loop, const struct key *key, CK_BYTE blob[BLOB_MAX])
{
    CK_MECHANISM kwp = {MECHANISM_KWP, NULL, 0};
    CK_ULONG len = BLOB_MAX;

    bare_must(loop->from.p11->C_WrapKey(loop->from.session, &kwp, loop->from_kek, key->handle, blob,
                                        &len),
              "C_WrapKey");
    return len;
}

static CK_OBJECT_HANDLE move_as(const struct loop *loop, const struct key *key, CK_BBOOL on_token)
{
    CK_MECHANISM kwp = {MECHANISM_KWP, NULL, 0};
    CK_BYTE blob[BLOB_MAX];
    const CK_ULONG len = wrap(loop, key, blob);
    struct template t = {.count = 0};
    CK_OBJECT_HANDLE moved;

    kind_add(&t, loop->kind, on_token, CK_FALSE);
    template_add(&t, CKA_LABEL, key->label, key->label_len);
    template_add(&t, CKA_ID, key->id, key->id_len);
    bare_must(loop->to.p11->C_UnwrapKey(loop->to.session, &kwp, loop->to_kek, blob, len,
                                        t.attributes, t.count, &moved),
              "C_UnwrapKey");
    return moved;
}

static void move_bare(const struct loop *loop, const struct key *key)
{
    move_as(loop, key, CK_TRUE);
}

static void move_staged(const struct loop *loop, const struct key *key)
{
    const CK_OBJECT_HANDLE moved = move_as(loop, key, CK_FALSE);
    struct template t = {.count = 0};
    CK_OBJECT_HANDLE copy;

    template_add_bool(&t, CKA_TOKEN, CK_TRUE);
    bare_must(loop->to.p11->C_CopyObject(loop->to.session, moved, t.attributes, t.count, &copy),
              "C_CopyObject");
}

static void move_public(const struct loop *loop, const struct key *key)
{
    const CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    const CK_BBOOL rsa = loop->kind->type == CKK_RSA;
    CK_BYTE one[ONE_MAX], two[ONE_MAX];
    CK_ATTRIBUTE read[] = {{rsa ? CKA_MODULUS : CKA_EC_PARAMS, one, sizeof one},
                           {rsa ? CKA_PUBLIC_EXPONENT : CKA_EC_POINT, two, sizeof two}};
    struct template t = {.count = 0};
    CK_OBJECT_HANDLE made;

    bare_must(loop->from.p11->C_GetAttributeValue(loop->from.session, key->public_handle, read, 2),
              "C_GetAttributeValue");
    template_add_number(&t, CKA_CLASS, &class);
    template_add_number(&t, CKA_KEY_TYPE, &loop->kind->type);
    template_add_bool(&t, CKA_TOKEN, CK_TRUE);
    template_add_bool(&t, CKA_PRIVATE, CK_FALSE);
    template_add_bool(&t, CKA_VERIFY, CK_TRUE);
    template_add(&t, CKA_LABEL, key->label, key->label_len);
    template_add(&t, CKA_ID, key->id, key->id_len);
    template_add(&t, read[0].type, one, read[0].ulValueLen);
    template_add(&t, read[1].type, two, read[1].ulValueLen);
    bare_must(loop->to.p11->C_CreateObject(loop->to.session, t.attributes, t.count, &made),
              "C_CreateObject");
}

static void move_pair(const struct loop *loop, const struct key *key)
{
    move_as(loop, key, CK_TRUE);
    move_public(loop, key);
}

static void run(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind,
                void (*move)(const struct loop *loop, const struct key *key))
{
    struct loop loop = {.kind = kind};
    double begun;

    loop.from = bare_open(p11, "old", argv[2]);
    loop.to = bare_open(p11, "new", argv[2]);
    loop.from_kek = put_kek(&loop.from, CK_FALSE);
    loop.to_kek = put_kek(&loop.to, CK_FALSE);
    loop.count = find_keys(&loop, kind->class, &loop.keys);
    if (move == move_pair)
        find_pairs(&loop);
    begun = now();
    for (CK_ULONG i = 0; i < loop.count; i++)
        move(&loop, &loop.keys[i]);
    printf("%lu %.6f\n", loop.count, now() - begun);
    free(loop.keys);
}

static void run_bare(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    run(p11, argv, kind, move_bare);
}

static void run_staged(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    run(p11, argv, kind, move_staged);
}

static void run_pairs(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    run(p11, argv, kind, move_pair);
}

/* AES keys of 32 bytes. */
static void run_nss(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    struct loop loop = {.kind = kind, .from = bare_open(p11, "old", argv[2])};
    char pin[BARE_PIN_SIZE];
    double begun;

    bare_read_pin(argv[2], pin);
    nss_open(argv[5], pin, kek_value, sizeof kek_value);
    loop.from_kek = put_kek(&loop.from, CK_FALSE);
    loop.count = find_keys(&loop, kind->class, &loop.keys);
    begun = now();
    for (CK_ULONG i = 0; i < loop.count; i++) {
        CK_BYTE blob[BLOB_MAX];
        nss_take(blob, wrap(&loop, &loop.keys[i], blob), 32, (const char *)loop.keys[i].label);
    }
    printf("%lu %.6f\n", loop.count, now() - begun);
    free(loop.keys);
    nss_close();
}

static CK_ULONG list_token(const struct bare *token)
{
    static const CK_ATTRIBUTE_TYPE wanted[] = {
        CKA_CLASS,   CKA_KEY_TYPE,        CKA_LABEL,     CKA_ID,
        CKA_TOKEN,   CKA_PRIVATE,         CKA_SENSITIVE, CKA_EXTRACTABLE,
        CKA_ENCRYPT, CKA_DECRYPT,         CKA_SIGN,      CKA_VERIFY,
        CKA_WRAP,    CKA_UNWRAP,          CKA_DERIVE,    CKA_VALUE_LEN,
        CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT,
        CKA_SUBJECT, CKA_ALWAYS_SENSITIVE};
    enum { WANTED = sizeof wanted / sizeof wanted[0] };
    static CK_OBJECT_HANDLE found[KEYS_MAX];
    static CK_BYTE room[WANTED][ONE_MAX];
    struct template all = {.count = 0};
    const CK_ULONG n = find(token, &all, found);

    for (CK_ULONG i = 0; i < n; i++) {
        CK_ATTRIBUTE t[WANTED];
        for (size_t k = 0; k < WANTED; k++)
            t[k] = (CK_ATTRIBUTE){wanted[k], room[k], ONE_MAX};
        token->p11->C_GetAttributeValue(token->session, found[i], t,
                                        WANTED); /* some do not exist */
    }
    return n;
}

static void run_list(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    const struct bare old = bare_open(p11, "old", argv[2]), new = bare_open(p11, "new", argv[2]);
    const double begun = now();
    const CK_ULONG n = list_token(&old) + list_token(&new);

    (void)kind;
    printf("%lu %.6f\n", n, now() - begun);
}

/* --- the tokens ----------------------------------------------------------------------------------
 */

static void run_fill(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    const struct bare token = bare_open(p11, argv[4], argv[2]);

    fill(&token, kind, (unsigned)strtoul(argv[6], NULL, 10));
}

static void run_kek(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind)
{
    const struct bare token = bare_open(p11, argv[4], argv[2]);

    (void)kind;
    put_kek(&token, CK_TRUE);
}

static const struct {
    const char *name;
    int arguments, kind; /* their number, and which of them is a kind; -1: none is */
    void (*run)(CK_FUNCTION_LIST *p11, char **argv, const struct kind *kind);
} commands[] = {
    {"fill", 7, 5, run_fill},     {"kek", 5, -1, run_kek},    {"bare", 5, 4, run_bare},
    {"staged", 5, 4, run_staged}, {"pairs", 5, 4, run_pairs}, {"list", 4, -1, run_list},
    {"nss", 6, 4, run_nss},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 3 && i < sizeof commands / sizeof commands[0]; i++) {
        const int at = commands[i].kind;
        const struct kind *kind = at >= 0 && at < argc ? kind_named(argv[at]) : NULL;
        if (strcmp(commands[i].name, argv[3]) != 0 || commands[i].arguments != argc ||
            (at >= 0 && kind == NULL))
            continue;
        CK_FUNCTION_LIST *p11 = bare_load(argv[1]);
        commands[i].run(p11, argv, kind);
        bare_must(p11->C_Finalize(NULL), "C_Finalize");
        return 0;
    }
    fputs("Usage: loops MODULE PIN-FILE fill TOKEN KIND N | kek TOKEN | bare KIND | staged KIND |"
          " pairs KIND |"
          " nss aes DATABASE | list\nKIND: aes, generic, rsa, ec\n",
          stderr);
    return 2;
}
