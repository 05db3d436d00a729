/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each function of the contract emits an event, makes the call, and emits its result. A sink cannot
 * undo a call by refusing its result, so only the first of the two events can be refused.
 */
#include "worker/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"

struct trace {
    struct hsm base;
    struct hsm *inner;
    enum side side;
    bool (*emit)(void *ctx, struct event *event, struct err *err);
    void *ctx;
};

/* A call in progress. */
struct span {
    const struct trace *trace;
    struct hsm *inner;
    struct event event;
    int64_t start; /* microseconds */
    struct err failure;
    struct err *err; /* the caller's, which receives the failure */
};

static int64_t now_us(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static struct span span_of(struct hsm *hsm, const char *name, struct err *err)
{
    const struct trace *t = (const struct trace *)hsm;
    struct span s = {
        .trace = t,
        .inner = t->inner,
        .event = {.kind = EVENT_CALL, .side = t->side},
        .err = err,
    };
    text_print(s.event.call.name, sizeof s.event.call.name, "%s", name);
    return s;
}

/* Sets the call's argument, later its result, as text. */
static void say(struct span *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct span *s, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    text_vprint(s->event.call.words, sizeof s->event.call.words, fmt, args);
    va_end(args);
}

static bool begin(struct span *s)
{
    s->event.call.state = EVENT_BEGUN;
    s->start = now_us();
    return s->trace->emit(s->trace->ctx, &s->event, s->err);
}

static bool end(struct span *s, bool ok)
{
    s->event.call.state = ok ? EVENT_OK : EVENT_FAILED;
    s->event.call.micros = now_us() - s->start;
    if (!ok) {
        s->event.call.hsm_code = s->failure.hsm_code;
        text_print(s->event.call.hsm_name, sizeof s->event.call.hsm_name, "%s",
                   s->failure.hsm_name);
        if (s->err)
            *s->err = s->failure;
    }
    s->trace->emit(s->trace->ctx, &s->event, NULL);
    return ok;
}

/* --- the contract --- */

static bool trace_info(struct hsm *hsm, struct hsm_info *info, struct err *err)
{
    struct span s = span_of(hsm, "info", err);
    return begin(&s) && end(&s, s.inner->driver->info(s.inner, info, &s.failure));
}

static bool trace_slots(struct hsm *hsm, struct hsm_slot_list *list, struct err *err)
{
    struct span s = span_of(hsm, "slots", err);
    if (!begin(&s))
        return false;
    bool ok = s.inner->driver->slots(s.inner, list, &s.failure);
    if (ok)
        say(&s, "%zu slots", list->count);
    return end(&s, ok);
}

static bool trace_login(struct hsm *hsm, uint64_t slot, const struct secret *pin, struct err *err)
{
    struct span s = span_of(hsm, "login", err);
    say(&s, "slot %" PRIu64, slot);
    return begin(&s) && end(&s, s.inner->driver->login(s.inner, slot, pin, &s.failure));
}

static bool trace_sessions(struct hsm *hsm, unsigned wanted, unsigned *have, struct err *err)
{
    struct span s = span_of(hsm, "sessions", err);
    bool ok;

    if (!s.inner->driver->sessions) {
        *have = 1;
        return true;
    }
    say(&s, "%u wanted", wanted);
    if (!begin(&s))
        return false;
    ok = s.inner->driver->sessions(s.inner, wanted, have, &s.failure);
    if (ok)
        say(&s, "%u sessions", *have);
    return end(&s, ok);
}

static bool trace_lock(struct hsm *hsm, const struct hsm_lock *lock, struct err *err)
{
    struct hsm *inner = ((struct trace *)hsm)->inner;

    return inner->driver->lock(inner, lock, err);
}

static bool trace_list(struct hsm *hsm, struct key_list *list, struct err *err)
{
    struct span s = span_of(hsm, "list", err);
    if (!begin(&s))
        return false;
    bool ok = s.inner->driver->list(s.inner, list, &s.failure);
    if (ok)
        say(&s, "%zu objects", list->count);
    return end(&s, ok);
}

static void trace_list_ahead(struct hsm *hsm)
{
    struct hsm *inner = ((struct trace *)hsm)->inner;

    if (inner->driver->list_ahead)
        inner->driver->list_ahead(inner);
}

static bool trace_list_part(struct hsm *hsm, bool *more)
{
    struct hsm *inner = ((struct trace *)hsm)->inner;

    *more = false;
    return !inner->driver->list_part || inner->driver->list_part(inner, more);
}

static bool trace_handles(struct hsm *hsm, uint64_t **handles, size_t *count, struct err *err)
{
    struct span s = span_of(hsm, "handles", err);
    if (!begin(&s))
        return false;
    bool ok = s.inner->driver->handles(s.inner, handles, count, &s.failure);
    if (ok)
        say(&s, "%zu objects", *count);
    return end(&s, ok);
}

static bool trace_describe(struct hsm *hsm, uint64_t handle, struct key_desc *key, struct err *err)
{
    struct span s = span_of(hsm, "describe", err);
    say(&s, "object %" PRIu64, handle);
    return begin(&s) && end(&s, s.inner->driver->describe(s.inner, handle, key, &s.failure));
}

static bool trace_public_key(struct hsm *hsm, uint64_t handle, struct bytes *spki, struct err *err)
{
    struct span s = span_of(hsm, "public-key", err);
    say(&s, "object %" PRIu64, handle);
    return begin(&s) && end(&s, s.inner->driver->public_key(s.inner, handle, spki, &s.failure));
}

static bool trace_certificate(struct hsm *hsm, uint64_t handle, struct bytes *der, struct err *err)
{
    struct span s = span_of(hsm, "certificate", err);
    say(&s, "object %" PRIu64, handle);
    return begin(&s) && end(&s, s.inner->driver->certificate(s.inner, handle, der, &s.failure));
}

static bool trace_capabilities(struct hsm *hsm, const struct hsm_wanted *wanted,
                               struct hsm_capabilities *caps, struct err *err)
{
    struct span s = span_of(hsm, "offers", err);
    return begin(&s) && end(&s, s.inner->driver->capabilities(s.inner, wanted, caps, &s.failure));
}

static bool trace_make_pair(struct hsm *hsm, uint32_t bits, const char *label,
                            struct hsm_pair *pair, struct err *err)
{
    struct span s = span_of(hsm, "make-pair", err);
    say(&s, "RSA %u", bits);
    return begin(&s) && end(&s, s.inner->driver->make_pair(s.inner, bits, label, pair, &s.failure));
}

static bool trace_make_token_pair(struct hsm *hsm, uint32_t bits, const char *label,
                                  struct hsm_pair *pair, struct err *err)
{
    struct span s = span_of(hsm, "make-token-pair", err);
    say(&s, "RSA %u", bits);
    return begin(&s) &&
           end(&s, s.inner->driver->make_token_pair(s.inner, bits, label, pair, &s.failure));
}

static bool trace_load_public(struct hsm *hsm, const struct bytes *spki, const char *label,
                              uint64_t *handle, struct err *err)
{
    struct span s = span_of(hsm, "load-public", err);
    say(&s, "%zu bytes", spki->len);
    return begin(&s) &&
           end(&s, s.inner->driver->load_public(s.inner, spki, label, handle, &s.failure));
}

static bool trace_make_agreement_pair(struct hsm *hsm, enum hsm_alg alg, const char *label,
                                      struct hsm_pair *pair, struct err *err)
{
    struct span s = span_of(hsm, "make-agreement-pair", err);
    say(&s, "%s", hsm_alg_name(alg));
    return begin(&s) &&
           end(&s, s.inner->driver->make_agreement_pair(s.inner, alg, label, pair, &s.failure));
}

static bool trace_encapsulate(struct hsm *hsm, const struct hsm_encapsulation *with,
                              struct hsm_pair *pair, struct err *err)
{
    struct span s = span_of(hsm, "encapsulate", err);
    say(&s, "%s, %zu bytes", hsm_alg_name(with->alg), with->peer->len);
    return begin(&s) && end(&s, s.inner->driver->encapsulate(s.inner, with, pair, &s.failure));
}

static bool trace_meet(struct hsm *hsm, const struct hsm_meeting *with, struct bytes *known,
                       struct err *err)
{
    struct span s = span_of(hsm, "meet", err);
    say(&s, "%s, %zu bytes", hsm_alg_name(with->alg), with->peer->len);
    return begin(&s) && end(&s, s.inner->driver->meet(s.inner, with, known, &s.failure));
}

static bool trace_agree(struct hsm *hsm, const struct hsm_agreement *on, uint64_t *handle,
                        struct err *err)
{
    struct span s = span_of(hsm, "agree", err);
    say(&s, "%s, KDF %s", hsm_alg_name(on->alg), hsm_kdf_name(on->kdf));
    return begin(&s) && end(&s, s.inner->driver->agree(s.inner, on, handle, &s.failure));
}

static bool trace_make_kek(struct hsm *hsm, uint32_t bits, const char *label, uint64_t *handle,
                           struct err *err)
{
    struct span s = span_of(hsm, "make-aes", err);
    say(&s, "AES %u", bits);
    return begin(&s) &&
           end(&s, s.inner->driver->make_kek(s.inner, bits, label, handle, &s.failure));
}

static bool trace_make_evidence_key(struct hsm *hsm, const char *label, uint64_t *handle,
                                    struct err *err)
{
    struct span s = span_of(hsm, "make-evidence-key", err);
    say(&s, "AES %d", EVIDENCE_BITS);
    return begin(&s) &&
           end(&s, s.inner->driver->make_evidence_key(s.inner, label, handle, &s.failure));
}

static bool trace_seal(struct hsm *hsm, const struct evidence_subject *of,
                       struct evidence_cipher *cipher, struct err *err)
{
    struct span s = span_of(hsm, "seal", err);
    say(&s, "%s", hsm_proof_name(of->proof));
    return begin(&s) && end(&s, s.inner->driver->seal(s.inner, of, cipher, &s.failure));
}

static bool trace_unseal(struct hsm *hsm, const struct evidence_subject *of,
                         const struct evidence_cipher *cipher, struct bytes *answer,
                         struct err *err)
{
    struct span s = span_of(hsm, "unseal", err);
    say(&s, "%s", hsm_proof_name(of->proof));
    return begin(&s) && end(&s, s.inner->driver->unseal(s.inner, of, cipher, answer, &s.failure));
}

static bool trace_make_key(struct hsm *hsm, const struct key_sample *sample, const char *label,
                           uint64_t *handle, uint64_t *public_handle, struct err *err)
{
    struct span s = span_of(hsm, "make-key", err);
    say(&s, "%s%s%s, test key", key_kind_name(sample->kind), sample->curve[0] ? " " : "",
        sample->curve);
    return begin(&s) && end(&s, s.inner->driver->make_key(s.inner, sample, label, handle,
                                                          public_handle, &s.failure));
}

static bool trace_wrap(struct hsm *hsm, enum hsm_alg alg, uint64_t wrapping, uint64_t key,
                       struct bytes *wrapped_key, struct err *err)
{
    struct span s = span_of(hsm, "wrap", err);
    say(&s, "%s", hsm_alg_name(alg));
    return begin(&s) &&
           end(&s, s.inner->driver->wrap(s.inner, alg, wrapping, key, wrapped_key, &s.failure));
}

static bool trace_unwrap(struct hsm *hsm, enum hsm_alg alg, uint64_t unwrapping,
                         const struct bytes *wrapped_key, const struct hsm_template *template,
                         uint64_t *handle, struct err *err)
{
    struct span s = span_of(hsm, "unwrap", err);
    say(&s, "%s, %zu bytes", hsm_alg_name(alg), wrapped_key->len);
    return begin(&s) && end(&s, s.inner->driver->unwrap(s.inner, alg, unwrapping, wrapped_key,
                                                        template, handle, &s.failure));
}

static bool trace_wrap_layers(struct hsm *hsm, const struct hsm_layers *by, uint64_t key,
                              struct bytes *wrapped_key, struct err *err)
{
    struct span s = span_of(hsm, "wrap-layers", err);
    say(&s, "%s", hsm_alg_name(by->alg));
    return begin(&s) &&
           end(&s, s.inner->driver->wrap_layers(s.inner, by, key, wrapped_key, &s.failure));
}

static bool trace_unwrap_layers(struct hsm *hsm, const struct hsm_layers *by,
                                const struct bytes *wrapped_key,
                                const struct hsm_template *template, uint64_t *handle,
                                struct err *err)
{
    struct span s = span_of(hsm, "unwrap-layers", err);
    say(&s, "%s, %zu bytes", hsm_alg_name(by->alg), wrapped_key->len);
    return begin(&s) && end(&s, s.inner->driver->unwrap_layers(s.inner, by, wrapped_key, template,
                                                               handle, &s.failure));
}

static bool trace_prove(struct hsm *hsm, enum hsm_proof proof, uint64_t handle,
                        const struct bytes *challenge, struct bytes *answer, struct err *err)
{
    struct span s = span_of(hsm, "prove", err);
    say(&s, "%s", hsm_proof_name(proof));
    return begin(&s) &&
           end(&s, s.inner->driver->prove(s.inner, proof, handle, challenge, answer, &s.failure));
}

static bool trace_commit(struct hsm *hsm, uint64_t temporary, const uint8_t *label,
                         size_t label_len, const uint8_t *id, size_t id_len, uint64_t *final,
                         struct err *err)
{
    struct span s = span_of(hsm, "commit", err);
    text_safe(label, label_len, s.event.call.words, sizeof s.event.call.words);
    return begin(&s) && end(&s, s.inner->driver->commit(s.inner, temporary, label, label_len, id,
                                                        id_len, final, &s.failure));
}

static bool trace_make_public(struct hsm *hsm, const struct hsm_template *template, uint64_t *final,
                              struct err *err)
{
    struct span s = span_of(hsm, "make-public", err);
    text_safe(template->label, template->label_len, s.event.call.words, sizeof s.event.call.words);
    return begin(&s) && end(&s, s.inner->driver->make_public(s.inner, template, final, &s.failure));
}

static bool trace_destroy(struct hsm *hsm, uint64_t handle, struct err *err)
{
    struct span s = span_of(hsm, "destroy", err);
    say(&s, "object %" PRIu64, handle);
    return begin(&s) && end(&s, s.inner->driver->destroy(s.inner, handle, &s.failure));
}

static bool trace_remove(struct hsm *hsm, const struct key_desc *is, struct err *err)
{
    struct span s = span_of(hsm, "remove", err);
    say(&s, "object %" PRIu64, is->handle);
    return begin(&s) && end(&s, s.inner->driver->remove(s.inner, is, &s.failure));
}

static bool trace_tighten(struct hsm *hsm, const struct key_desc *is, const struct tightening *to,
                          struct err *err)
{
    struct span s = span_of(hsm, "tighten", err);
    say(&s, "object %" PRIu64, is->handle);
    return begin(&s) && end(&s, s.inner->driver->tighten(s.inner, is, to, &s.failure));
}

/* Not traced, because it makes no call to the HSM. */
static bool trace_at_work(struct hsm *hsm)
{
    struct hsm *inner = ((struct trace *)hsm)->inner;
    return inner->driver->at_work && inner->driver->at_work(inner);
}

/* Closes even if the event is refused. */
static void trace_close(struct hsm *hsm)
{
    struct span s = span_of(hsm, "close", NULL);
    begin(&s);
    s.inner->driver->close(s.inner);
    end(&s, true);
    free(hsm);
}

static const struct hsm_driver trace_driver = {
    .name = "trace",
    .close = trace_close,
    .at_work = trace_at_work,
    .info = trace_info,
    .slots = trace_slots,
    .login = trace_login,
    .sessions = trace_sessions,
    .list = trace_list,
    .list_ahead = trace_list_ahead,
    .list_part = trace_list_part,
    .lock = trace_lock,
    .handles = trace_handles,
    .describe = trace_describe,
    .public_key = trace_public_key,
    .certificate = trace_certificate,
    .capabilities = trace_capabilities,
    .make_pair = trace_make_pair,
    .make_token_pair = trace_make_token_pair,
    .load_public = trace_load_public,
    .make_agreement_pair = trace_make_agreement_pair,
    .encapsulate = trace_encapsulate,
    .meet = trace_meet,
    .agree = trace_agree,
    .make_kek = trace_make_kek,
    .make_evidence_key = trace_make_evidence_key,
    .seal = trace_seal,
    .unseal = trace_unseal,
    .make_key = trace_make_key,
    .wrap = trace_wrap,
    .unwrap = trace_unwrap,
    .wrap_layers = trace_wrap_layers,
    .unwrap_layers = trace_unwrap_layers,
    .prove = trace_prove,
    .commit = trace_commit,
    .make_public = trace_make_public,
    .destroy = trace_destroy,
    .remove = trace_remove,
    .tighten = trace_tighten,
};

bool trace_new(struct hsm *inner, enum side side,
               bool (*emit)(void *ctx, struct event *event, struct err *err), void *ctx,
               struct hsm **out, struct err *err)
{
    struct trace *t = malloc(sizeof *t);
    if (!t)
        return err_set(err, ERR_FAILED, "no memory to trace an HSM");
    *t = (struct trace){{&trace_driver}, inner, side, emit, ctx};
    *out = &t->base;
    return true;
}
