/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/service.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/call_kinds.h"
#include "agent/drivers.h"
#include "agent/guard.h"
#include "agent/guard_agreement.h"
#include "agent/pages.h"
#include "agent/two_calls.h"
#include "base/file.h"
#include "base/p11_kit.h"
#include "base/secret.h"
#include "base/text.h"
#include "hsm/token_lock.h"
#include "hsm/variables.h"
#include "link/wire.h"
#include "link/wire_agreement.h"
#include "link/wire_evidence.h"

/* The HSM, and the memory that the current reply borrows until it is sent. One for each session of
 * the login. */
struct service {
    const struct hsm_driver *driver;
    struct hsm *hsm; /* NULL until opened */
    struct guard guard;
    bool entered; /* nothing was asked of the token since the login: its inventory is that of now */

    /* Of the first session only. All threads read them: */
    pthread_mutex_t lock;
    struct service *further[HSM_SESSIONS_MAX - 1];
    unsigned further_count;

    int lock_fd; /* for a ceremony on another host; 0: none. Open until the process ends */

    struct pages pages; /* of the list that is sent in pages */
    struct service_limits limits;

    struct err err;
    struct bytes blob;
    struct hsm_info info;
    struct hsm_slot_list slots;
    struct key_desc key;
    struct hsm_capabilities caps;
    union {
        Pb__Error error;
        Pb__Nothing done;
        Pb__Info info;
        Pb__Slots slots;
        Pb__Key key;
        Pb__Offers offers;
        Pb__Pair pair;
        Pb__Made made;
        Pb__Cipher cipher;
    } msg;
    struct evidence_cipher cipher;
    Pb__Slot slot_msgs[HSM_SLOTS_MAX], *slot_refs[HSM_SLOTS_MAX];
    struct wire_offers offers;
    struct wire_constraints constraints;
    struct wire_files files;
};

void service_sent(struct service *s)
{
    bytes_free(&s->blob);
    free(s->slots.slots);
    s->slots = (struct hsm_slot_list){0};
}

/* --- replies --- */

static bool reply_done(struct service *s, Pb__Reply *reply)
{
    pb__nothing__init(&s->msg.done);
    reply->result_case = PB__REPLY__RESULT_DONE;
    reply->done = &s->msg.done;
    return true;
}

static bool reply_blob(struct service *s, Pb__Reply *reply)
{
    reply->result_case = PB__REPLY__RESULT_BLOB;
    reply->blob = (ProtobufCBinaryData){.len = s->blob.len, .data = s->blob.data};
    return true;
}

static bool reply_handle(uint64_t handle, Pb__Reply *reply)
{
    reply->result_case = PB__REPLY__RESULT_HANDLE;
    reply->handle = handle;
    return true;
}

/* --- calls: check the request, call the driver, reply --- */
/* A compromised console could name a module that it has written itself. */
static bool is_named(const struct service *s, const struct hsm_where *where, struct err *err)
{
    if (!s->limits.module || strcmp(s->limits.module, where->module) == 0)
        return true;
    err_set(err, ERR_DENIED, "this agent was started for another module");
    return err_now(err, "It was not loaded, and nothing was changed");
}

static bool serve_open(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    struct hsm_where where;

    if (s->hsm)
        return err_set(err, ERR_DATA, "an HSM is already open");
    if (!wire_get_where(req->open, &where, err) ||
        !p11_kit_resolve(where.module, sizeof where.module, NULL, err) ||
        !is_named(s, &where, err) || !drivers_find(where.api, &s->driver, err))
        return false;
    where.box = s->limits.box;
    where.variables = (const char *const *)environ;
    if (!variables_loader(where.variables, err) || !s->driver->open(&where, &s->hsm, err))
        return false;
    s->guard.hsm = s->hsm;
    return reply_done(s, reply);
}

static bool serve_info(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    (void)req;
    if (!s->driver->info(s->hsm, &s->info, err))
        return false;
    text_print(s->info.about.agent_version, sizeof s->info.about.agent_version, "%s",
               PACKAGE_VERSION);
    file_sha256("/proc/self/exe", s->info.about.agent.path, sizeof s->info.about.agent.path,
                s->info.about.agent.sha256);
    text_print(s->info.about.host, sizeof s->info.about.host, "%s", s->limits.host);
    text_print(s->info.about.user, sizeof s->info.about.user, "%s", s->limits.user);
    text_print(s->info.confinement, sizeof s->info.confinement, "%s", s->limits.box->text);
    wire_put_info(&s->info, &s->msg.info, &s->files);
    reply->result_case = PB__REPLY__RESULT_INFO;
    reply->info = &s->msg.info;
    return true;
}

static bool serve_slots(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                        struct err *err)
{
    (void)req;
    if (!s->driver->slots(s->hsm, &s->slots, err))
        return false;
    if (s->slots.count > HSM_SLOTS_MAX)
        return err_set(err, ERR_HSM, "it has %zu slots, more than %d", s->slots.count,
                       HSM_SLOTS_MAX);
    pb__slots__init(&s->msg.slots);
    for (size_t i = 0; i < s->slots.count; i++) {
        wire_put_slot(&s->slots.slots[i], &s->slot_msgs[i]);
        s->slot_refs[i] = &s->slot_msgs[i];
    }
    s->msg.slots.n_slots = s->slots.count;
    s->msg.slots.slots = s->slot_refs;
    reply->result_case = PB__REPLY__RESULT_SLOTS;
    reply->slots = &s->msg.slots;
    return true;
}

static bool serve_login(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                        struct err *err)
{
    struct secret pin = {0};

    bool ok = wire_get_pin(&req->login->pin, &pin, err);
    if (req->login->pin.len > 0) /* a PIN that is entered on the device is NULL here */
        explicit_bzero(req->login->pin.data, req->login->pin.len);
    ok = ok && s->driver->login(s->hsm, req->login->slot, &pin, err) && guard_begin(&s->guard, err);
    secret_free(&pin);
    s->entered = ok;
    return ok && reply_done(s, reply);
}

/* The reply only counts the sessions: each has the next number. */
static bool serve_another(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                          struct err *err)
{
    struct service *further;

    (void)req;
    if (!s->driver->another)
        return err_set(err, ERR_UNSUPPORTED, "this API has one session");
    if (s->guard.first || s->further_count == HSM_SESSIONS_MAX - 1)
        return err_set(err, ERR_DATA, "no further session can be asked for");
    further = service_new(&s->limits);
    if (!further)
        return err_set(err, ERR_FAILED, "no memory for a session");
    if (!s->driver->another(s->hsm, &further->hsm, err)) {
        free(further);
        return false;
    }
    further->driver = s->driver;
    further->guard = (struct guard){.hsm = further->hsm, .first = &s->guard};
    pthread_mutex_lock(&s->lock);
    s->further[s->further_count++] = further;
    pthread_mutex_unlock(&s->lock);
    return reply_done(s, reply);
}

static bool serve_lock(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    const Pb__Lock *args = req->lock;
    struct hsm_slot slot;
    int fd;

    if (!args->slot)
        return err_set(err, ERR_DATA, "no token to lock");
    if (!wire_get_slot(args->slot, &slot, err) ||
        !token_lock_join(token_lock_folders, &slot, args->shared, args->ceremony, &fd, err))
        return false;
    if (s->lock_fd > 0) /* another token was chosen before */
        close(s->lock_fd);
    s->lock_fd = fd;
    return reply_done(s, reply);
}

static bool serve_list(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    const struct handles *known = s->entered ? &s->guard.known : NULL;

    s->entered = false;
    return pages_keys(&s->pages, s->hsm, req->list, known, reply, err);
}

static bool serve_handles(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                          struct err *err)
{
    if (s->entered && req->handles->from == 0)
        return pages_known_handles(&s->pages, &s->guard.known, reply, err);
    return pages_handles(&s->pages, s->hsm, req->handles->from, reply, err);
}

static bool serve_describe(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                           struct err *err)
{
    if (!wire_get_handle(req->describe->handle, "handle", err) ||
        !guard_describe(&s->guard, req->describe->handle, &s->key, err))
        return false;
    wire_put_key(&s->key, &s->msg.key, &s->constraints);
    reply->result_case = PB__REPLY__RESULT_KEY;
    reply->key = &s->msg.key;
    return true;
}

static bool serve_public_key(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                             struct err *err)
{
    return wire_get_handle(req->public_key->handle, "handle", err) &&
           s->driver->public_key(s->hsm, req->public_key->handle, &s->blob, err) &&
           reply_blob(s, reply);
}

static bool serve_certificate(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                              struct err *err)
{
    return wire_get_handle(req->certificate->handle, "handle", err) &&
           s->driver->certificate(s->hsm, req->certificate->handle, &s->blob, err) &&
           reply_blob(s, reply);
}

static bool serve_capabilities(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                               struct err *err)
{
    struct hsm_wanted wanted;

    if (!wire_get_wanted(req->offers, &wanted, err) ||
        !s->driver->capabilities(s->hsm, &wanted, &s->caps, err))
        return false;
    two_calls_offer(&s->guard, &s->caps);
    wire_put_capabilities(&s->caps, &s->offers, &s->msg.offers);
    reply->result_case = PB__REPLY__RESULT_OFFERS;
    reply->offers = &s->msg.offers;
    return true;
}

static bool reply_pair(struct service *s, const struct hsm_pair *pair, Pb__Reply *reply)
{
    s->blob = pair->spki; /* ownership was passed on */
    pb__pair__init(&s->msg.pair);
    s->msg.pair.private_handle = pair->private_handle;
    s->msg.pair.public_handle = pair->public_handle;
    s->msg.pair.kem_private = pair->kem_private;
    s->msg.pair.kem_public = pair->kem_public;
    s->msg.pair.spki = (ProtobufCBinaryData){.len = s->blob.len, .data = s->blob.data};
    reply->result_case = PB__REPLY__RESULT_PAIR;
    reply->pair = &s->msg.pair;
    return true;
}

/* An RSA pair, by make_pair() or make_token_pair(). */
static bool reply_rsa_pair(struct service *s, const Pb__MakePair *args,
                           bool (*make)(struct hsm *, uint32_t, const char *, struct hsm_pair *,
                                        struct err *),
                           Pb__Reply *reply, struct err *err)
{
    struct hsm_pair pair = {0};

    return wire_get_label(args->label, err) && make(s->hsm, args->bits, args->label, &pair, err) &&
           reply_pair(s, &pair, reply) &&
           guard_made_two(&s->guard, pair.private_handle, pair.public_handle, err);
}

static bool serve_make_pair(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                            struct err *err)
{
    return reply_rsa_pair(s, req->make_pair, s->driver->make_pair, reply, err);
}

static bool serve_make_token_pair(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                                  struct err *err)
{
    return reply_rsa_pair(s, req->make_token_pair, s->driver->make_token_pair, reply, err);
}

static bool serve_load_public(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                              struct err *err)
{
    const Pb__LoadPublic *args = req->load_public;
    uint64_t handle;

    return wire_get_label(args->label, err) &&
           wire_get_bytes(&args->spki, 1, HSM_BLOB_MAX, "public key", &s->blob, err) &&
           s->driver->load_public(s->hsm, &s->blob, args->label, &handle, err) &&
           guard_made(&s->guard, handle, err) && reply_handle(handle, reply);
}

static bool serve_make_kek(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                           struct err *err)
{
    uint64_t handle;

    return wire_get_label(req->make_aes->label, err) &&
           guard_make_kek(&s->guard, req->make_aes->bits, req->make_aes->label, &handle, err) &&
           reply_handle(handle, reply);
}

static bool serve_make_agreement_pair(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                                      struct err *err)
{
    const Pb__MakeAgreementPair *args = req->make_agreement_pair;
    struct hsm_pair pair = {0};
    enum hsm_alg alg;

    return wire_get_alg(args->alg, &alg, err) && wire_get_label(args->label, err) &&
           guard_make_agreement_pair(&s->guard, alg, args->label, &pair, err) &&
           reply_pair(s, &pair, reply);
}

static bool serve_encapsulate(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                              struct err *err)
{
    struct hsm_encapsulation with;
    struct hsm_pair pair = {0};
    struct bytes peer;

    return wire_get_encapsulation(req->encapsulate, &with, &peer, err) &&
           guard_encapsulate(&s->guard, &with, &pair, err) && reply_pair(s, &pair, reply);
}

static bool serve_meet(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    struct hsm_meeting with;
    struct bytes peer, sent;

    return wire_get_meeting(req->meet, &with, &peer, &sent, err) &&
           guard_meet(&s->guard, &with, &s->blob, err) && reply_blob(s, reply);
}

static bool serve_agree(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                        struct err *err)
{
    struct hsm_agreement on;
    struct wire_agreed room;
    uint64_t handle;

    return wire_get_agreement(req->agree, &on, &room, err) &&
           guard_agree(&s->guard, &on, &handle, err) && reply_handle(handle, reply);
}

static bool serve_make_evidence_key(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                                    struct err *err)
{
    const char *label = req->make_evidence_key->label;
    uint64_t handle;

    return wire_get_label(label, err) && guard_make_evidence_key(&s->guard, label, &handle, err) &&
           reply_handle(handle, reply);
}

static bool serve_seal(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    struct evidence_subject of;

    if (!wire_get_evidence(req->seal, false, &of, &s->cipher, err) ||
        !guard_seal(&s->guard, &of, &s->cipher, err))
        return false;
    wire_put_cipher(&s->cipher, &s->msg.cipher);
    reply->result_case = PB__REPLY__RESULT_CIPHER;
    reply->cipher = &s->msg.cipher;
    return true;
}

static bool serve_unseal(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                         struct err *err)
{
    struct evidence_subject of;

    return wire_get_evidence(req->unseal, true, &of, &s->cipher, err) &&
           guard_unseal(&s->guard, &of, &s->cipher, &s->blob, err) &&
           (of.open ? reply_blob(s, reply) : reply_done(s, reply));
}

static bool serve_make_key(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                           struct err *err)
{
    const Pb__MakeKey *args = req->make_key;
    struct key_sample sample;
    Pb__Made *made = &s->msg.made;

    pb__made__init(made);
    if (!wire_get_label(args->label, err) || !wire_get_sample(args, &sample, err) ||
        !s->driver->make_key(s->hsm, &sample, args->label, &made->handle, &made->public_handle,
                             err) ||
        !guard_made_two(&s->guard, made->handle, made->public_handle, err))
        return false;
    reply->result_case = PB__REPLY__RESULT_MADE;
    reply->made = made;
    return true;
}

static bool serve_wrap(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    const Pb__Wrap *args = req->wrap;
    struct hsm_layers by;

    return wire_get_layers(args->alg, args->wrapping, args->outer, &args->info, &by, err) &&
           wire_get_handle(args->key, "key's handle", err) &&
           (by.outer ? guard_wrap_layers(&s->guard, &by, args->key, &s->blob, err)
                     : guard_wrap(&s->guard, by.alg, by.inner, args->key, &s->blob, err)) &&
           reply_blob(s, reply);
}

static bool serve_unwrap(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                         struct err *err)
{
    const Pb__Unwrap *args = req->unwrap;
    struct hsm_layers by;
    struct hsm_template template;
    struct key_constraints constraints;
    struct bytes spki;
    uint64_t handle;

    return wire_get_layers(args->alg, args->unwrapping, args->outer, &args->info, &by, err) &&
           wire_get_bytes(&args->blob, 0, HSM_BLOB_MAX, "blob", &s->blob, err) &&
           wire_get_template(args->template_, &template, &spki, &constraints, err) &&
           (by.outer
                ? guard_unwrap_layers(&s->guard, &by, &s->blob, &template, &handle, err)
                : guard_unwrap(&s->guard, by.alg, by.inner, &s->blob, &template, &handle, err)) &&
           reply_handle(handle, reply);
}

static bool serve_prove(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                        struct err *err)
{
    const Pb__Prove *args = req->prove;
    struct bytes challenge = {0};
    enum hsm_proof proof;

    bool ok =
        wire_get_proof(args->proof, &proof, err) && wire_get_handle(args->handle, "handle", err) &&
        wire_get_bytes(&args->challenge, 1, HSM_CHALLENGE_MAX, "challenge", &challenge, err) &&
        guard_prove(&s->guard, proof, args->handle, &challenge, &s->blob, err);
    bytes_free(&challenge);
    return ok && reply_blob(s, reply);
}

static bool serve_commit(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                         struct err *err)
{
    const Pb__Commit *args = req->commit;
    uint64_t handle;

    return wire_get_handle(args->temporary, "temporary object's handle", err) &&
           wire_get_name(&args->label, KEY_LABEL_MAX, "label", err) &&
           wire_get_name(&args->id, KEY_ID_MAX, "id", err) &&
           guard_not_evidence(&s->guard, args->temporary, "be committed", err) &&
           guard_not_agreed(&s->guard, args->temporary, "be committed", err) &&
           s->driver->commit(s->hsm, args->temporary, args->label.data, args->label.len,
                             args->id.data, args->id.len, &handle, err) &&
           (handle == args->temporary || guard_made(&s->guard, handle, err)) &&
           reply_handle(handle, reply);
}

static bool serve_make_public(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                              struct err *err)
{
    struct hsm_template template;
    struct key_constraints constraints;
    struct bytes spki;
    uint64_t handle;

    return wire_get_template(req->make_public, &template, &spki, &constraints, err) &&
           (template.spki || err_set(err, ERR_DATA, "the public object is empty")) &&
           s->driver->make_public(s->hsm, &template, &handle, err) &&
           guard_made(&s->guard, handle, err) && reply_handle(handle, reply);
}

static bool serve_destroy(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                          struct err *err)
{
    return wire_get_handle(req->destroy->handle, "handle", err) &&
           guard_destroy(&s->guard, req->destroy->handle, err) && reply_done(s, reply);
}

static bool serve_remove(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                         struct err *err)
{
    struct key_desc is;

    return wire_get_remove(req->remove, &is, err) && guard_remove(&s->guard, &is, err) &&
           reply_done(s, reply);
}

static bool serve_tighten(struct service *s, const Pb__Request *req, Pb__Reply *reply,
                          struct err *err)
{
    struct tightening to;
    struct key_desc is;

    return wire_get_tighten(req->tighten, &is, &to, err) &&
           guard_tighten(&s->guard, &is, &to, err) && reply_done(s, reply);
}

typedef bool call_fn(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err);

static call_fn *const calls[] = {
    [PB__REQUEST__CALL_OPEN] = serve_open,
    [PB__REQUEST__CALL_INFO] = serve_info,
    [PB__REQUEST__CALL_SLOTS] = serve_slots,
    [PB__REQUEST__CALL_LOGIN] = serve_login,
    [PB__REQUEST__CALL_LIST] = serve_list,
    [PB__REQUEST__CALL_HANDLES] = serve_handles,
    [PB__REQUEST__CALL_DESCRIBE] = serve_describe,
    [PB__REQUEST__CALL_PUBLIC_KEY] = serve_public_key,
    [PB__REQUEST__CALL_CERTIFICATE] = serve_certificate,
    [PB__REQUEST__CALL_OFFERS] = serve_capabilities,
    [PB__REQUEST__CALL_MAKE_PAIR] = serve_make_pair,
    [PB__REQUEST__CALL_MAKE_TOKEN_PAIR] = serve_make_token_pair,
    [PB__REQUEST__CALL_LOAD_PUBLIC] = serve_load_public,
    [PB__REQUEST__CALL_MAKE_AES] = serve_make_kek,
    [PB__REQUEST__CALL_MAKE_KEY] = serve_make_key,
    [PB__REQUEST__CALL_WRAP] = serve_wrap,
    [PB__REQUEST__CALL_UNWRAP] = serve_unwrap,
    [PB__REQUEST__CALL_PROVE] = serve_prove,
    [PB__REQUEST__CALL_COMMIT] = serve_commit,
    [PB__REQUEST__CALL_MAKE_PUBLIC] = serve_make_public,
    [PB__REQUEST__CALL_DESTROY] = serve_destroy,
    [PB__REQUEST__CALL_REMOVE] = serve_remove,
    [PB__REQUEST__CALL_ANOTHER] = serve_another,
    [PB__REQUEST__CALL_LOCK] = serve_lock,
    [PB__REQUEST__CALL_MAKE_EVIDENCE_KEY] = serve_make_evidence_key,
    [PB__REQUEST__CALL_SEAL] = serve_seal,
    [PB__REQUEST__CALL_UNSEAL] = serve_unseal,
    [PB__REQUEST__CALL_MAKE_AGREEMENT_PAIR] = serve_make_agreement_pair,
    [PB__REQUEST__CALL_ENCAPSULATE] = serve_encapsulate,
    [PB__REQUEST__CALL_MEET] = serve_meet,
    [PB__REQUEST__CALL_AGREE] = serve_agree,
    [PB__REQUEST__CALL_TIGHTEN] = serve_tighten,
};

static bool dispatch(struct service *s, const Pb__Request *req, Pb__Reply *reply, struct err *err)
{
    size_t call = (size_t)req->call_case;

    if (call >= sizeof calls / sizeof calls[0] || !calls[call])
        return err_set(err, ERR_DATA, "a request without a known call");
    if (!s->hsm && call != PB__REQUEST__CALL_OPEN)
        return err_set(err, ERR_DATA, "%s before an HSM was opened",
                       wire_call_name(req->call_case));
    if (s->driver && !s->driver->wrap && !call_only_proves(req->call_case))
        return err_set(err, ERR_UNSUPPORTED, "this path to the HSM only proves: it has no %s",
                       wire_call_name(req->call_case));
    if (!call_keeps_inventory(req->call_case))
        s->entered = false;
    if (!call_precedes_wrap(req->call_case))
        guard_forget_seen(&s->guard);
    return calls[call](s, req, reply, err);
}

void service_answer(struct service *s, const Pb__Request *req, Pb__Reply *reply)
{
    pb__reply__init(reply);
    reply->id = req->id;
    s->err = (struct err){0};
    if (dispatch(s, req, reply, &s->err))
        return;
    wire_put_err(&s->err, &s->msg.error);
    reply->result_case = PB__REPLY__RESULT_ERROR;
    reply->error = &s->msg.error;
}

struct service *service_new(const struct service_limits *limits)
{
    struct service *s = calloc(1, sizeof *s);

    if (s) {
        s->limits = *limits;
        pthread_mutex_init(&s->lock, NULL);
        pthread_mutex_init(&s->guard.lock, NULL);
    }
    return s;
}

struct service *service_session(struct service *s, uint32_t number)
{
    struct service *session;

    pthread_mutex_lock(&s->lock);
    session = number == 0 ? s : number <= s->further_count ? s->further[number - 1] : NULL;
    pthread_mutex_unlock(&s->lock);
    return session;
}

void service_end(struct service *s)
{
    while (s->further_count > 0)
        service_end(s->further[--s->further_count]);
    pages_forget(&s->pages);
    if (s->hsm)
        s->driver->close(s->hsm);
    service_sent(s);
    guard_end(&s->guard);
    free(s);
}
