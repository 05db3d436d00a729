/* SPDX-License-Identifier: Apache-2.0 */
/* Each function of the contract is one request to the agent. */
#include "link/remote.h"

#include <stdlib.h>
#include <string.h>

#include "link/agent_client.h"
#include "link/remote_list.h"
#include "link/session_pool.h"
#include "link/wire.h"
#include "link/wire_agreement.h"
#include "link/wire_evidence.h"

static const struct agent_client_answer done = {PB__REPLY__RESULT_DONE, NULL};

static bool ask(struct hsm *hsm, Pb__Request__CallCase call, void *args,
                const struct agent_client_answer *answer, void *out, struct err *err)
{
    struct remote *r = (struct remote *)hsm;
    const unsigned session = session_pool_take(&r->pool);
    bool ok = remote_await_open(r, err) &&
              agent_client_ask(r->client, session, call, args, answer, out, err);

    session_pool_give(&r->pool, session);
    return ok;
}

/* protobuf-c's members are not const, although packing does not change them. */
static char *lend_text(const char *text)
{
    return (char *)text;
}

static ProtobufCBinaryData lend_bytes(const void *data, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)data};
}

/* --- the answers --- */

static bool get_info(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_info(reply->info, out, err);
}

static bool get_slots(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_slots(reply->slots, out, err);
}

static bool get_key(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_key(reply->key, out, err);
}

static bool get_blob(const Pb__Reply *reply, void *out, struct err *err)
{
    struct bytes blob = {0};

    if (!wire_get_bytes(&reply->blob, 1, HSM_BLOB_MAX, "the blob", &blob, err))
        return false;
    *(struct bytes *)out = blob;
    return true;
}

static bool get_capabilities(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_capabilities(reply->offers, out, err);
}

static bool get_cipher(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_cipher(reply->cipher, out, err);
}

static bool get_pair(const Pb__Reply *reply, void *out, struct err *err)
{
    return wire_get_pair(reply->pair, out, err);
}

static bool get_handle(const Pb__Reply *reply, void *out, struct err *err)
{
    if (!wire_get_handle(reply->handle, "the new object's handle", err))
        return false;
    *(uint64_t *)out = reply->handle;
    return true;
}

/* The two handles of a test key. */
struct made {
    uint64_t handle, public_handle;
};

static bool get_made(const Pb__Reply *reply, void *out, struct err *err)
{
    if (!wire_get_handle(reply->made->handle, "the new key's handle", err))
        return false;
    *(struct made *)out = (struct made){reply->made->handle, reply->made->public_handle};
    return true;
}

static const struct agent_client_answer blob_answer = {PB__REPLY__RESULT_BLOB, get_blob};
static const struct agent_client_answer handle_answer = {PB__REPLY__RESULT_HANDLE, get_handle};

/* --- the rest of the contract --- */

static bool remote_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_INFO, get_info};
    Pb__Nothing nothing = PB__NOTHING__INIT;
    return ask(hsm, PB__REQUEST__CALL_INFO, &nothing, &answer, info, err);
}

static bool remote_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_SLOTS, get_slots};
    Pb__Nothing nothing = PB__NOTHING__INIT;
    return ask(hsm, PB__REQUEST__CALL_SLOTS, &nothing, &answer, list, err);
}

static bool remote_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    Pb__Login login = PB__LOGIN__INIT;
    login.slot = slot;
    login.pin = lend_bytes(pin->data, pin->len);
    return ask(hsm, PB__REQUEST__CALL_LOGIN, &login, &done, NULL, err);
}

/* A refusal is no failure: the HSM has as many sessions as it opened. */
static bool remote_sessions(struct hsm *hsm, unsigned wanted, unsigned *have, struct err *err)
{
    struct remote *r = (struct remote *)hsm;
    struct err why = {0};
    bool ok = true;

    while (ok && r->pool.sessions < wanted && r->pool.sessions < HSM_SESSIONS_MAX) {
        Pb__Nothing nothing = PB__NOTHING__INIT;
        ok = agent_client_ask(r->client, 0, PB__REQUEST__CALL_ANOTHER, &nothing, &done, NULL, &why);
        r->pool.sessions += ok;
    }
    if (!ok && why.code == ERR_GONE) {
        *err = why;
        return false;
    }
    *have = r->pool.sessions;
    return true;
}

static bool remote_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_KEY, get_key};
    Pb__Object object = PB__OBJECT__INIT;
    object.handle = handle;
    return ask(hsm, PB__REQUEST__CALL_DESCRIBE, &object, &answer, key, err);
}

static bool remote_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    Pb__Object object = PB__OBJECT__INIT;
    object.handle = handle;
    return ask(hsm, PB__REQUEST__CALL_PUBLIC_KEY, &object, &blob_answer, spki, err);
}

static bool remote_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    Pb__Object object = PB__OBJECT__INIT;
    object.handle = handle;
    return ask(hsm, PB__REQUEST__CALL_CERTIFICATE, &object, &blob_answer, der, err);
}

static bool remote_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                                struct hsm_capabilities *caps, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_OFFERS, get_capabilities};
    Pb__Wanted msg;
    wire_put_wanted(wanted, &msg);
    return ask(hsm, PB__REQUEST__CALL_OFFERS, &msg, &answer, caps, err);
}

static bool ask_pair(struct hsm *hsm, Pb__Request__CallCase call, uint32_t bits, const char *label,
                     struct hsm_pair *pair, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_PAIR, get_pair};
    Pb__MakePair make = PB__MAKE_PAIR__INIT;
    make.bits = bits;
    make.label = lend_text(label);
    return ask(hsm, call, &make, &answer, pair, err);
}

static bool remote_make_pair(struct hsm *hsm, uint32_t bits, const char *label,
                             struct hsm_pair *pair, struct err *err)
{
    return ask_pair(hsm, PB__REQUEST__CALL_MAKE_PAIR, bits, label, pair, err);
}

static bool remote_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label,
                                   struct hsm_pair *pair, struct err *err)
{
    return ask_pair(hsm, PB__REQUEST__CALL_MAKE_TOKEN_PAIR, bits, label, pair, err);
}

static bool remote_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                               uint64_t *handle, struct err *err)
{
    Pb__LoadPublic load = PB__LOAD_PUBLIC__INIT;
    load.spki = lend_bytes(spki->data, spki->len);
    load.label = lend_text(label);
    return ask(hsm, PB__REQUEST__CALL_LOAD_PUBLIC, &load, &handle_answer, handle, err);
}

static bool remote_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                                       struct hsm_pair *pair, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_PAIR, get_pair};
    Pb__MakeAgreementPair make = PB__MAKE_AGREEMENT_PAIR__INIT;
    make.alg = (uint32_t)alg;
    make.label = lend_text(label);
    return ask(hsm, PB__REQUEST__CALL_MAKE_AGREEMENT_PAIR, &make, &answer, pair, err);
}

static bool remote_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with,
                               struct hsm_pair *pair, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_PAIR, get_pair};
    Pb__Encapsulation msg;
    wire_put_encapsulation(with, &msg);
    return ask(hsm, PB__REQUEST__CALL_ENCAPSULATE, &msg, &answer, pair, err);
}

static bool remote_meet(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                        struct err *err)
{
    Pb__Meeting msg;
    wire_put_meeting(with, &msg);
    return ask(hsm, PB__REQUEST__CALL_MEET, &msg, &blob_answer, known, err);
}

static bool remote_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle,
                         struct err *err)
{
    Pb__Agreement msg;
    Pb__Template key;
    struct wire_constraints constraints;
    wire_put_agreement(on, &msg, &key, &constraints);
    return ask(hsm, PB__REQUEST__CALL_AGREE, &msg, &handle_answer, handle, err);
}

static bool remote_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                            struct err *err)
{
    Pb__MakeAes make = PB__MAKE_AES__INIT;
    make.bits = bits;
    make.label = lend_text(label);
    return ask(hsm, PB__REQUEST__CALL_MAKE_AES, &make, &handle_answer, handle, err);
}

static bool remote_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle,
                                     struct err *err)
{
    Pb__MakeEvidenceKey make = PB__MAKE_EVIDENCE_KEY__INIT;
    make.label = lend_text(label);
    return ask(hsm, PB__REQUEST__CALL_MAKE_EVIDENCE_KEY, &make, &handle_answer, handle, err);
}

static bool remote_seal(struct hsm *hsm, const struct evidence_subject *of,
                        struct evidence_cipher *cipher, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_CIPHER, get_cipher};
    struct evidence_cipher made;
    Pb__Evidence msg;
    Pb__Cipher parts;
    wire_put_evidence(of, cipher, false, &msg, &parts);
    if (!ask(hsm, PB__REQUEST__CALL_SEAL, &msg, &answer, &made, err))
        return false;
    if (!of->open && memcmp(made.challenge, cipher->challenge, sizeof made.challenge) != 0)
        return err_set(err, ERR_DATA, "the agent sealed the answer to another challenge");
    *cipher = made;
    return true;
}

static bool remote_unseal(struct hsm *hsm, const struct evidence_subject *of,
                          const struct evidence_cipher *cipher, struct bytes *answer,
                          struct err *err)
{
    Pb__Evidence msg;
    Pb__Cipher parts;
    wire_put_evidence(of, cipher, true, &msg, &parts);
    return ask(hsm, PB__REQUEST__CALL_UNSEAL, &msg, of->open ? &blob_answer : &done, answer, err);
}

static bool remote_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                            uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    static const struct agent_client_answer answer = {PB__REPLY__RESULT_MADE, get_made};
    Pb__MakeKey make;
    struct made made;
    wire_put_sample(sample, &make);
    make.label = lend_text(label);
    if (!ask(hsm, PB__REQUEST__CALL_MAKE_KEY, &make, &answer, &made, err))
        return false;
    *handle = made.handle;
    *public_handle = made.public_handle;
    return true;
}

static bool remote_wrap_layers(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                               struct bytes *wrapped_key, struct err *err)
{
    Pb__Wrap wrap = PB__WRAP__INIT;
    wrap.alg = (uint32_t)by->alg;
    wrap.wrapping = by->inner;
    wrap.key = key;
    wrap.outer = by->outer;
    wrap.info = lend_bytes(by->info, by->info ? HSM_INFO_SIZE : 0);
    return ask(hsm, PB__REQUEST__CALL_WRAP, &wrap, &blob_answer, wrapped_key, err);
}

static bool remote_unwrap_layers(struct hsm *hsm, const struct hsm_layers *by,
                                 const struct bytes *wrapped_key,
                                 const struct hsm_template *template, uint64_t *handle,
                                 struct err *err)
{
    Pb__Template msg;
    struct wire_constraints constraints;
    Pb__Unwrap unwrap = PB__UNWRAP__INIT;
    wire_put_template(template, &msg, &constraints);
    unwrap.alg = (uint32_t)by->alg;
    unwrap.unwrapping = by->inner;
    unwrap.blob = lend_bytes(wrapped_key->data, wrapped_key->len);
    unwrap.template_ = &msg;
    unwrap.outer = by->outer;
    unwrap.info = lend_bytes(by->info, by->info ? HSM_INFO_SIZE : 0);
    return ask(hsm, PB__REQUEST__CALL_UNWRAP, &unwrap, &handle_answer, handle, err);
}

static bool remote_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                        struct bytes *wrapped_key, struct err *err)
{
    const struct hsm_layers one = {.alg = alg, .inner = wrapping};
    return remote_wrap_layers(hsm, &one, key, wrapped_key, err);
}

static bool remote_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                          const struct bytes *wrapped_key, const struct hsm_template *template,
                          uint64_t *handle, struct err *err)
{
    const struct hsm_layers one = {.alg = alg, .inner = unwrapping};
    return remote_unwrap_layers(hsm, &one, wrapped_key, template, handle, err);
}

static bool remote_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                         const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    Pb__Prove prove = PB__PROVE__INIT;
    prove.proof = (uint32_t)proof;
    prove.handle = handle;
    prove.challenge = lend_bytes(challenge->data, challenge->len);
    return ask(hsm, PB__REQUEST__CALL_PROVE, &prove, &blob_answer, answer, err);
}

static bool remote_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label,
                          size_t label_len, const uint8_t *id, size_t id_len, uint64_t *final,
                          struct err *err)
{
    Pb__Commit commit = PB__COMMIT__INIT;
    commit.temporary = temporary;
    commit.label = lend_bytes(label, label_len);
    commit.id = lend_bytes(id, id_len);
    return ask(hsm, PB__REQUEST__CALL_COMMIT, &commit, &handle_answer, final, err);
}

static bool remote_make_public(struct hsm *hsm, const struct hsm_template *template,
                               uint64_t *final, struct err *err)
{
    Pb__Template msg;
    struct wire_constraints constraints;
    wire_put_template(template, &msg, &constraints);
    return ask(hsm, PB__REQUEST__CALL_MAKE_PUBLIC, &msg, &handle_answer, final, err);
}

static bool remote_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    Pb__Object object = PB__OBJECT__INIT;
    object.handle = handle;
    return ask(hsm, PB__REQUEST__CALL_DESTROY, &object, &done, NULL, err);
}

/* An object whose label or id is longer than the stored part cannot be compared, so it is not
 * destroyed. */
static bool remote_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    Pb__Remove msg;

    if (is->label_len > KEY_LABEL_MAX || is->id_len > KEY_ID_MAX)
        return err_set(err, ERR_UNSUPPORTED, "an object with so long a label or id is left alone");
    wire_put_remove(is, &msg);
    return ask(hsm, PB__REQUEST__CALL_REMOVE, &msg, &done, NULL, err);
}

static bool remote_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                           struct err *err)
{
    Pb__Remove named;
    Pb__Tighten msg;
    wire_put_tighten(is, to, &named, &msg);
    return ask(hsm, PB__REQUEST__CALL_TIGHTEN, &msg, &done, NULL, err);
}

static bool remote_lock(struct hsm *hsm, const struct hsm_lock *lock, struct err *err)
{
    Pb__Slot slot;
    Pb__Lock msg = PB__LOCK__INIT;
    wire_put_slot(&lock->slot, &slot);
    msg.slot = &slot;
    msg.shared = lock->shared;
    msg.ceremony = lock->ceremony;
    return ask(hsm, PB__REQUEST__CALL_LOCK, &msg, &done, NULL, err);
}

static bool remote_at_work(struct hsm *hsm)
{
    return agent_client_at_work(((struct remote *)hsm)->client);
}

static void remote_close(struct hsm *hsm)
{
    struct remote *r = (struct remote *)hsm;

    agent_client_close(r->client);
    key_list_free(&r->listing.list);
    free(r);
}

/* There is no open(), because remote_open() needs more parameters. */
static const struct hsm_driver remote_driver = {
    .name = "remote",
    .close = remote_close,
    .at_work = remote_at_work,
    .lock = remote_lock,
    .info = remote_info,
    .slots = remote_slots,
    .login = remote_login,
    .sessions = remote_sessions,
    .list = remote_list,
    .list_ahead = remote_list_ahead,
    .list_part = remote_list_part,
    .handles = remote_handles,
    .describe = remote_describe,
    .public_key = remote_public_key,
    .certificate = remote_certificate,
    .capabilities = remote_capabilities,
    .make_pair = remote_make_pair,
    .make_token_pair = remote_make_token_pair,
    .load_public = remote_load_public,
    .make_agreement_pair = remote_make_agreement_pair,
    .encapsulate = remote_encapsulate,
    .meet = remote_meet,
    .agree = remote_agree,
    .make_kek = remote_make_kek,
    .make_evidence_key = remote_make_evidence_key,
    .seal = remote_seal,
    .unseal = remote_unseal,
    .make_key = remote_make_key,
    .wrap = remote_wrap,
    .unwrap = remote_unwrap,
    .wrap_layers = remote_wrap_layers,
    .unwrap_layers = remote_unwrap_layers,
    .prove = remote_prove,
    .commit = remote_commit,
    .make_public = remote_make_public,
    .destroy = remote_destroy,
    .remove = remote_remove,
    .tighten = remote_tighten,
};

bool remote_open(const struct remote_setup *setup, struct hsm **out, struct err *err)
{
    struct remote *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, ERR_FAILED, "no memory for an HSM");

    r->base.driver = &remote_driver;
    session_pool_begin(&r->pool);
    r->list_sessions = setup->list_sessions;
    r->listed = setup->listed;
    r->ctx = setup->ctx;
    if (!agent_client_start(setup, &r->client, err)) {
        free(r);
        return false;
    }
    Pb__Where where;
    wire_put_where(&setup->where, &where);
    if (!agent_client_send(r->client, 0, PB__REQUEST__CALL_OPEN, &where, &r->open_asked, err) ||
        (!setup->ahead && !remote_await_open(r, err))) {
        remote_close(&r->base);
        return false;
    }
    *out = &r->base;
    return true;
}
