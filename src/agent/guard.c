/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/guard.h"

#include "hsm/layers.h"
#include "hsm/leave.h"

struct guard *guard_lock(struct guard *g)
{
    struct guard *login = g->first ? g->first : g;

    pthread_mutex_lock(&login->lock);
    return login;
}

void guard_unlock(struct guard *login)
{
    pthread_mutex_unlock(&login->lock);
}

bool guard_begin(struct guard *g, struct err *err)
{
    return !g->hsm->driver->handles || handles_begin(&g->known, g->hsm, err);
}

void guard_end(struct guard *g)
{
    handles_free(&g->known);
    agreed_free(&g->agreed);
    *g = (struct guard){0};
}

/* --- wrapping and unwrapping --- */

static size_t modulus_of(const struct key_desc *rsa)
{
    return (rsa->bits + 7) / 8;
}

/* Is everything known that determines a wrapped key's length? Not if the HSM does not report the
 * modulus. */
static bool has_lengths(enum hsm_alg alg, const struct key_desc *transport)
{
    return wrap_alg(alg)->family == WRAP_AES || transport->bits > 0;
}

/* Is it a key for this algorithm, with this use? If the use is not reported, the HSM decides: the
 * console checks the required uses of its transport keys. */
static bool check_transport(enum hsm_alg alg, const struct key_desc *key, enum key_class half,
                            uint32_t use, struct err *err)
{
    bool fits = wrap_is_by_rsa(alg) ? key->class == half && key->kind == KEY_KIND_RSA
                                    : key->class == KEY_CLASS_SECRET && key->kind == KEY_KIND_AES;

    if (!fits || wrap_is_agreed(alg)) /* a derived key wraps by the inner algorithm */
        return err_set(err, ERR_UNSUPPORTED, "this is not a key for %s", hsm_alg_name(alg));
    if (key_is_not(key, use))
        return err_set(err, ERR_DENIED, "this key may not %s", key_flag_name(use));
    return true;
}

/* Some HSMs pad a secret that is too short for the algorithm, so that another key arrives. The
 * length of a private key's encoding is never reported. */
static bool check_length(enum hsm_alg alg, const struct key_desc *key,
                         const struct key_desc *wrapping, struct err *err)
{
    if (key->class != KEY_CLASS_SECRET || key->length == 0 || !has_lengths(alg, wrapping) ||
        wrap_ciphertext_len(alg, key->length, modulus_of(wrapping)) > 0)
        return true;
    return err_set(err, ERR_UNSUPPORTED, "%s cannot wrap a secret of %u bytes under this key",
                   hsm_alg_name(alg), key->length);
}

static bool check_leave(const struct key_desc *key, const struct key_desc *wrapping,
                        struct err *err)
{
    struct err why = {0};

    return leave_check(key, wrapping, &why) ||
           err_set(err, why.code, "the key may not leave its HSM: %s", why.what);
}

bool guard_describe(struct guard *g, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct guard *login;

    guard_forget_seen(g);
    if (!g->hsm->driver->describe(g->hsm, handle, key, err))
        return false;
    login = guard_lock(g);
    login->seen = *key;
    guard_unlock(login);
    return true;
}

void guard_forget_seen(struct guard *g)
{
    struct guard *login = guard_lock(g);

    login->seen.handle = 0;
    guard_unlock(login);
}

/* The key that is to be wrapped. */
static bool look_at_key(struct guard *g, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool seen = login->seen.handle == handle;

    *key = login->seen;
    login->seen.handle = 0;
    guard_unlock(login);
    return seen || g->hsm->driver->describe(g->hsm, handle, key, err);
}

/* Is it a temporary object of this session, which no other program can change? login is locked. */
static bool is_only_ours(const struct guard *login, const struct key_desc *key)
{
    bool live;

    return handles_made(&login->known, key->handle, &live) && live && key_is_not(key, KEY_TOKEN);
}

static bool look_at_transport(struct guard *g, enum hsm_alg alg, uint64_t handle,
                              struct key_desc *key, struct err *err)
{
    struct guard *login = guard_lock(g);
    struct key_desc *kept = &login->transport[wrap_alg(alg)->family];
    bool known = kept->handle == handle;

    if (known)
        *key = *kept;
    guard_unlock(login);
    if (known)
        return true;
    if (!g->hsm->driver->describe(g->hsm, handle, key, err))
        return false;
    guard_lock(g);
    if (is_only_ours(login, key))
        *kept = *key;
    guard_unlock(login);
    return true;
}

static struct guard_in_two in_two_of(struct guard *g)
{
    struct guard *login = guard_lock(g);
    const struct guard_in_two in_two = login->in_two;

    guard_unlock(login);
    return in_two;
}

/* The evidence key leaves under a KEK of this session only. */
static bool check_evidence(struct guard *g, enum hsm_alg alg, const struct key_desc *under,
                           uint64_t key, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = login->evidence.handle != key ||
              (wrap_alg(alg)->family == WRAP_AES && is_only_ours(login, under));

    guard_unlock(login);
    return ok || err_set(err, ERR_DENIED, "the evidence key is wrapped under the KEK only");
}

/* Not under a derived key, unless it is the one AES key for which that was derived. */
static bool may_carry(struct guard *g, enum hsm_alg alg, uint64_t under, uint64_t key,
                      struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = agreed_may_wrap(&login->agreed, alg, under, key, err);

    guard_unlock(login);
    return ok;
}

static bool may_bring(struct guard *g, enum hsm_alg alg, uint64_t under,
                      const struct hsm_template *template, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = agreed_may_unwrap(&login->agreed, alg, under, template, err);

    guard_unlock(login);
    return ok;
}

bool guard_not_agreed(struct guard *g, uint64_t handle, const char *use, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool has = agreed_has(&login->agreed, handle);

    guard_unlock(login);
    return !has || err_set(err, ERR_DENIED, "a key of the agreement may not %s", use);
}

/* The rules of wrap(). *under: the wrapping key. */
static bool may_wrap(struct guard *g, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                     struct key_desc *under, struct err *err)
{
    struct key_desc it;

    return look_at_key(g, key, &it, err) && look_at_transport(g, alg, wrapping, under, err) &&
           check_leave(&it, under, err) && check_evidence(g, alg, under, key, err) &&
           check_transport(alg, under, KEY_CLASS_PUBLIC, KEY_WRAP, err) &&
           check_length(alg, &it, under, err) && may_carry(g, alg, wrapping, key, err);
}

/* A key that is one layer of two wraps nothing alone. */
static bool is_one_layer(struct guard *g, uint64_t wrapping, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool layered = login->agreed.outer && login->agreed.key == wrapping;

    guard_unlock(login);
    return layered && !err_set(err, ERR_DENIED, "this key is one layer of two");
}

bool guard_wrap(struct guard *g, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                struct bytes *wrapped_key, struct err *err)
{
    const struct guard_in_two in_two = in_two_of(g);
    struct key_desc under;

    return !is_one_layer(g, wrapping, err) && may_wrap(g, alg, wrapping, key, &under, err) &&
           (in_two.wraps & UINT32_C(1) << alg
                ? in_two.wrap(g, alg, &under, key, wrapped_key, err)
                : g->hsm->driver->wrap(g->hsm, alg, wrapping, key, wrapped_key, err));
}

static bool are_layers(struct guard *g, const struct hsm_layers *by, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool ok = agreed_is_layered(&login->agreed, by, err);

    guard_unlock(login);
    return ok;
}

bool guard_wrap_layers(struct guard *g, const struct hsm_layers *by, uint64_t key,
                       struct bytes *wrapped_key, struct err *err)
{
    struct key_desc under;

    return are_layers(g, by, err) && may_wrap(g, by->alg, by->inner, key, &under, err) &&
           g->hsm->driver->wrap_layers(g->hsm, by, key, wrapped_key, err);
}

/* Return one uniform error for every malformed wrapped key. */
static bool fail_damaged(struct err *err)
{
    return err_set(err, ERR_DATA,
                   "the wrapped key was not accepted: it is not what the other side sent");
}

/* Can this be a wrapped key of this algorithm, for a secret of the template's length? */
static bool is_possible(enum hsm_alg alg, const struct key_desc *unwrapping,
                        const struct bytes *wrapped_key, const struct hsm_template *template)
{
    size_t modulus = modulus_of(unwrapping);

    if (wrapped_key->len == 0 || wrapped_key->len > HSM_BLOB_MAX)
        return false;
    if (!has_lengths(alg, unwrapping))
        return true;
    if (template->class == KEY_CLASS_SECRET && template->length > 0)
        return wrapped_key->len == wrap_ciphertext_len(alg, template->length, modulus);
    return wrap_may_be_ciphertext(alg, wrapped_key->len, modulus);
}

bool guard_unwrap(struct guard *g, enum hsm_alg alg, uint64_t unwrapping,
                  const struct bytes *wrapped_key, const struct hsm_template *template,
                  uint64_t *handle, struct err *err)
{
    const struct hsm_driver *driver = g->hsm->driver;
    const struct guard_in_two in_two = in_two_of(g);
    struct err why = {0};
    struct key_desc by;

    if (is_one_layer(g, unwrapping, err) || !look_at_transport(g, alg, unwrapping, &by, err) ||
        !check_transport(alg, &by, KEY_CLASS_PRIVATE, KEY_UNWRAP, err))
        return false;
    if (!is_possible(alg, &by, wrapped_key, template))
        return fail_damaged(err);
    if (!may_bring(g, alg, unwrapping, template, err))
        return false;
    if (in_two.unwraps & UINT32_C(1) << alg
            ? in_two.unwrap(g, alg, &by, wrapped_key, template, handle, &why)
            : driver->unwrap(g->hsm, alg, unwrapping, wrapped_key, template, handle, &why))
        return guard_made(g, *handle, err);
    if (why.code == ERR_DATA)
        return fail_damaged(err);
    if (err)
        *err = why;
    return false;
}

bool guard_unwrap_layers(struct guard *g, const struct hsm_layers *by,
                         const struct bytes *wrapped_key, const struct hsm_template *template,
                         uint64_t *handle, struct err *err)
{
    struct err why = {0};
    struct key_desc with;

    if (!are_layers(g, by, err) || !look_at_transport(g, by->alg, by->inner, &with, err) ||
        !check_transport(by->alg, &with, KEY_CLASS_PRIVATE, KEY_UNWRAP, err))
        return false;
    if (wrapped_key->len != layers_len(by->alg, template->length))
        return fail_damaged(err);
    if (!may_bring(g, by->alg, by->inner, template, err))
        return false;
    if (g->hsm->driver->unwrap_layers(g->hsm, by, wrapped_key, template, handle, &why))
        return guard_made(g, *handle, err);
    if (why.code == ERR_DATA)
        return fail_damaged(err);
    if (err)
        *err = why;
    return false;
}

/* --- the evidence key --- */

bool guard_not_evidence(struct guard *g, uint64_t handle, const char *use, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool is = login->evidence.handle == handle;

    guard_unlock(login);
    return !is || err_set(err, ERR_DENIED, "the evidence key may not %s", use);
}

/* Is it a key for this use only, as the HSM reports it? use: KEY_ENCRYPT or KEY_DECRYPT. It leaves
 * the source once. */
static bool check_evidence_key(const struct key_desc *key, uint32_t use, struct err *err)
{
    if (key->class != KEY_CLASS_SECRET || key->kind != KEY_KIND_AES ||
        (key->bits && key->bits != EVIDENCE_BITS))
        return err_set(err, ERR_DENIED, "this is not an evidence key");
    if (key_is_not(key, use) || (key->flags & key->flags_known & KEY_USES & ~use))
        return err_set(err, ERR_DENIED, "the evidence key may do something else than %s",
                       key_flag_name(use));
    return (!key_is_not(key, KEY_SENSITIVE) &&
            (use == KEY_ENCRYPT || !key_is(key, KEY_EXTRACTABLE))) ||
           err_set(err, ERR_DENIED, "the evidence key could leave its HSM");
}

/* The first one counts until it is destroyed: a second would leave it without its guard. */
static bool take_evidence_key(struct guard *g, uint64_t handle, uint32_t use, struct err *err)
{
    struct key_desc key;
    struct guard *login;
    bool ours, first;

    if (!g->hsm->driver->describe(g->hsm, handle, &key, err) || !check_evidence_key(&key, use, err))
        return false;
    login = guard_lock(g);
    ours = is_only_ours(login, &key);
    first = !login->evidence.handle;
    if (ours && first) {
        login->evidence.handle = handle;
        login->evidence.use = use;
    }
    guard_unlock(login);
    if (!first)
        return err_set(err, ERR_DENIED, "this session has an evidence key already");
    return ours ||
           err_set(err, ERR_DENIED, "the evidence key is not a temporary object of this session");
}

/* Is it the session's evidence key for this use? */
static bool is_evidence(struct guard *g, uint64_t handle, uint32_t use)
{
    struct guard *login = guard_lock(g);
    bool is = login->evidence.handle == handle && login->evidence.use == use;

    guard_unlock(login);
    return is;
}

bool guard_make_evidence_key(struct guard *g, const char *label, uint64_t *handle, struct err *err)
{
    uint64_t made;

    if (!g->hsm->driver->make_evidence_key(g->hsm, label, &made, err) || !guard_made(g, made, err))
        return false;
    if (!take_evidence_key(g, made, KEY_ENCRYPT, err)) {
        guard_destroy(g, made, NULL);
        return false;
    }
    *handle = made;
    return true;
}

static bool check_subject(const struct evidence_subject *of, struct err *err)
{
    if (!evidence_seals(of->proof))
        return err_set(err, ERR_UNSUPPORTED, "answers to %s are not sealed",
                       hsm_proof_name(of->proof));
    return of->key != of->evidence_key ||
           err_set(err, ERR_DENIED, "the evidence key may not answer");
}

bool guard_seal(struct guard *g, const struct evidence_subject *of, struct evidence_cipher *cipher,
                struct err *err)
{
    if (!is_evidence(g, of->evidence_key, KEY_ENCRYPT))
        return err_set(err, ERR_DENIED, "this session did not generate this evidence key");
    return check_subject(of, err) && g->hsm->driver->seal(g->hsm, of, cipher, err);
}

bool guard_unseal(struct guard *g, const struct evidence_subject *of,
                  const struct evidence_cipher *cipher, struct bytes *answer, struct err *err)
{
    return check_subject(of, err) &&
           (is_evidence(g, of->evidence_key, KEY_DECRYPT) ||
            take_evidence_key(g, of->evidence_key, KEY_DECRYPT, err)) &&
           g->hsm->driver->unseal(g->hsm, of, cipher, answer, err);
}

bool guard_prove(struct guard *g, enum hsm_proof proof, uint64_t handle,
                 const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    return guard_not_evidence(g, handle, "answer", err) &&
           guard_not_agreed(g, handle, "answer", err) &&
           g->hsm->driver->prove(g->hsm, proof, handle, challenge, answer, err);
}

/* --- which objects are the session's --- */

bool guard_made(struct guard *g, uint64_t handle, struct err *err)
{
    struct guard *login = guard_lock(g);
    struct err why = {0};
    bool ok = handles_add(&login->known, handle, &why);

    guard_unlock(login);
    if (ok)
        return true;
    if (why.code == ERR_HSM) {
        err_now(&why, "That object was not destroyed");
        err_next(&why, "Do not use this HSM: it confuses objects, and one may be your key");
    }
    if (err)
        *err = why;
    return false;
}

bool guard_made_two(struct guard *g, uint64_t handle, uint64_t other, struct err *err)
{
    return guard_made(g, handle, err) && (other == 0 || guard_made(g, other, err));
}

/* The number of an object is free as soon as it is destroyed, and another session may create one
 * that gets it. So the object is gone for us before the HSM destroys it, and there again if the HSM
 * does not. login is locked. */
static void gone(struct guard *login, uint64_t handle)
{
    handles_gone(&login->known, handle);
    if (login->seen.handle == handle)
        login->seen.handle = 0;
    for (size_t i = 0; i < WRAP_FAMILIES; i++)
        if (login->transport[i].handle == handle)
            login->transport[i].handle = 0;
    if (login->evidence.handle == handle)
        login->evidence.handle = 0;
    agreed_gone(&login->agreed, handle);
}

bool guard_destroy(struct guard *g, uint64_t handle, struct err *err)
{
    struct guard *login = guard_lock(g);
    bool live, ours = handles_made(&login->known, handle, &live);

    if (live)
        gone(login, handle);
    guard_unlock(login);
    if (!ours) {
        err_set(err, ERR_DENIED, "object %llu was not created by this session",
                (unsigned long long)handle);
        return err_now(err, "It was not destroyed");
    }
    if (!live || g->hsm->driver->destroy(g->hsm, handle, err))
        return true;
    guard_lock(g);
    handles_add(&login->known, handle, NULL);
    guard_unlock(login);
    return false;
}

bool guard_remove(struct guard *g, const struct key_desc *is, struct err *err)
{
    struct guard *login;

    if (!g->hsm->driver->remove(g->hsm, is, err))
        return false;
    login = guard_lock(g);
    gone(login, is->handle);
    guard_unlock(login);
    return true;
}

bool guard_tighten(struct guard *g, const struct key_desc *is, const struct tightening *to,
                   struct err *err)
{
    struct key_desc now;

    if (!g->hsm->driver->describe(g->hsm, is->handle, &now, err))
        return false;
    if (!tightening_check(to, &now, err))
        return err_now(err, "No attribute was changed");
    guard_forget_seen(g);
    return g->hsm->driver->tighten(g->hsm, is, to, err);
}
