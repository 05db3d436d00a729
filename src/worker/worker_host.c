/* SPDX-License-Identifier: Apache-2.0 */
/* The services of its host that a ceremony calls, on the worker's thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/pin.h"
#include "base/text.h"
#include "ceremony/key_service.h"
#include "hsm/token_lock.h"
#include "link/remote.h"
#include "protocol/officer.h"
#include "worker/pin_program.h"
#include "worker/trace.h"
#include "worker/worker_state.h"

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t utc_ms(void *ctx)
{
    (void)ctx;
    return clock_us(CLOCK_REALTIME) / 1000;
}

static int64_t mono_us(void *ctx)
{
    (void)ctx;
    return clock_us(CLOCK_MONOTONIC);
}

/* Several threads call HSMs while the worker's own one waits for them. */
static bool emit(struct worker *w, struct event *event, struct err *err)
{
    bool ok;

    pthread_mutex_lock(&w->emitting);
    ok = ceremony_emit(w->ceremony, event, err);
    pthread_mutex_unlock(&w->emitting);
    return ok;
}

static bool emit_call(void *ctx, struct event *event, struct err *err)
{
    return emit(ctx, event, err);
}

/* The agents hold the lock too: an agent that outlives this process in a call locks the token until
 * that call has ended. So the lock is released when both have ended, and is not taken a second
 * time. An agent that the ceremony file names may be on another host: there, each of them takes the
 * lock itself, and this process does not. */
static bool host_lock_token(void *ctx, enum side side, struct hsm *hsm, const struct hsm_slot *slot,
                            struct err *err)
{
    struct worker *w = ctx;
    struct side_of_worker *of = &w->side[side];

    if (!w->setup.locks || (side == SIDE_DESTINATION && w->setup.ceremony.sealing) ||
        (of->locked && hsm_same_token(&of->lock.slot, slot)))
        return true;
    if (of->lock_fd >= 0)
        close(of->lock_fd);
    of->lock_fd = -1;
    of->lock = (struct hsm_lock){
        *slot, side == SIDE_SOURCE && !w->setup.removal, /* that one changes both */
        w->ceremony_number};
    of->locked = w->setup.side[side].named
                     ? hsm->driver->lock(hsm, &of->lock, err)
                     : token_lock_take(w->setup.locks, slot, of->lock.shared, &of->lock_fd, err);
    return of->locked;
}

static void emit_vendor_output(void *ctx, const char *line)
{
    const struct side_of_worker *side = ctx;
    struct event event = {.kind = EVENT_VENDOR_OUTPUT, .side = side->side};
    struct err ignored;

    strncat(event.note.text, line, sizeof event.note.text - 1);
    emit(side->worker, &event, &ignored);
}

static bool open_at(struct worker *w, enum side side, const struct hsm_where *where, bool ahead,
                    struct hsm **hsm, struct err *err)
{
    const struct remote_setup remote = {
        .where = *where,
        .argv = w->setup.side[side].argv,
        .environment = w->setup.side[side].environment,
        .starter = w->setup.starter,
        .program = side,
        .ahead = ahead,
        .list_sessions = w->setup.side[side].list_sessions,
        .limit_ms = w->setup.side[side].limit_ms,
        .keep_fd = &w->side[side].lock_fd,
        .abandon_fd = w->side[side].abandon_fd,
        .vendor_output = emit_vendor_output,
        .listed = side == SIDE_RELAY ? NULL : worker_emit_rows,
        .ctx = &w->side[side],
    };
    struct hsm *inner;
    eventfd_t given_up;

    eventfd_read(w->side[side].abandon_fd, &given_up); /* left from an earlier agent */
    if (!remote_open(&remote, &inner, err))
        return false;
    if (w->side[side].locked && w->setup.side[side].named &&
        !inner->driver->lock(inner, &w->side[side].lock, err)) {
        inner->driver->close(inner);
        return false;
    }
    *hsm = inner;
    if (!w->setup.calls || side == SIDE_RELAY || trace_new(inner, side, emit_call, w, hsm, err))
        return true;
    inner->driver->close(inner);
    return false;
}

static bool host_open(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct worker *w = ctx;
    const struct hsm_where *where =
        side == SIDE_RELAY ? &w->setup.signer->where : &w->setup.ceremony.where[side];

    if (side == SIDE_DESTINATION && w->setup.ceremony.sealing)
        return key_service_open(w->setup.ceremony.sealing, hsm, err);
    return open_at(w, side, where, true, hsm, err);
}

static bool host_open_app(void *ctx, enum side side, struct hsm **hsm, struct err *err)
{
    struct worker *w = ctx;
    struct hsm_where where = w->setup.ceremony.where[side];

    if (strcmp(where.api, "pkcs11") != 0)
        return err_set(err, ERR_NO_INPUT, "there is no other path to this HSM");
    strcpy(where.api, "libp11");
    if (open_at(w, side, &where, false, hsm, err))
        return true;
    if (err->code == ERR_NO_INPUT) /* the agent is missing; the path is not */
        err->code = ERR_CONFIG;
    return false;
}

/* The officer who enters the PIN of this side, if the ceremony file names one. */
static void name_officer(const struct worker *w, enum side side, struct event *event)
{
    const struct ceremony_setup *setup = &w->setup.ceremony;
    const char *role = side == SIDE_RELAY ? w->setup.signer->role : officer_roles[side];
    const struct officer *officer = officer_find(setup->officers, setup->officer_count, role);

    if (officer && role[0]) {
        memcpy(event->pin.officer, officer->name, sizeof event->pin.officer);
        memcpy(event->pin.role, officer->role, sizeof event->pin.role);
    }
}

static const char *const no_environment[] = {NULL};

static bool is_stopping(void *ctx)
{
    struct worker *w = ctx;

    pthread_mutex_lock(&w->lock);
    bool stops = w->stopping || w->quit;
    pthread_mutex_unlock(&w->lock);
    return stops;
}

static bool host_pin(void *ctx, enum side side, const struct hsm_slot *slot, struct secret *pin,
                     struct err *err)
{
    struct worker *w = ctx;
    struct event event = {.kind = EVENT_PIN, .side = side};
    bool ok;

    if ((w->setup.side[side].pin_file[0] || w->setup.side[side].pin_argv) &&
        (slot->flags & HSM_TOKEN_PIN_FINAL_TRY)) {
        err_set(err, ERR_DENIED, "one more wrong PIN would lock the token %s", slot->label);
        return err_next(err,
                        "Remove pin-source or pin-entry from the ceremony file and enter the PIN "
                        "here.");
    }
    memcpy(event.pin.token, slot->label, sizeof event.pin.token);
    memcpy(event.pin.serial, slot->serial, sizeof event.pin.serial);
    event.pin.flags = slot->flags;
    if (w->setup.side[side].pin_file[0]) {
        const char *file = w->setup.side[side].pin_file;
        text_safe(file, strlen(file), event.pin.file, sizeof event.pin.file);
        return ceremony_emit(w->ceremony, &event, err) && pin_read_file(file, pin, err);
    }
    if (w->setup.side[side].pin_argv) {
        const struct process_program program = {w->setup.side[side].pin_argv, no_environment,
                                                w->setup.starter, SIDES + side};
        text_print(event.pin.file, sizeof event.pin.file, "%s", program.argv[0]);
        return ceremony_emit(w->ceremony, &event, err) &&
               pin_program_read(&program, is_stopping, w, pin, err);
    }
    name_officer(w, side, &event);
    if (!ceremony_emit(w->ceremony, &event, err))
        return false;
    if (!worker_wait(w)) {
        err_set(err, ERR_DENIED, "no PIN was given for the token %s", slot->label);
        return err_next(err,
                        "Name a PIN file (pin-source) in the ceremony file, or enter the PIN.");
    }
    ok = secret_set(pin, w->answer.data, w->answer.len, err);
    secret_free(&w->answer);
    return ok;
}

/* Work that threads take piece by piece. */
struct pieces {
    atomic_size_t next;
    size_t count;
    void (*work)(void *arg, size_t i);
    void *arg;
};

static void *take_pieces(void *ctx)
{
    struct pieces *pieces = ctx;

    for (size_t i; (i = atomic_fetch_add(&pieces->next, 1)) < pieces->count;)
        pieces->work(pieces->arg, i);
    return NULL;
}

/* This thread takes its part. If no further one can be started, it takes all. */
static void host_spread(void *ctx, size_t count, unsigned threads,
                        void (*work)(void *arg, size_t i), void *arg)
{
    enum { THREADS_MAX = 2 * HSM_SESSIONS_MAX };
    struct pieces pieces = {.count = count, .work = work, .arg = arg};
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;

    (void)ctx;
    while (started + 1 < threads && started + 1 < count && started < THREADS_MAX &&
           pthread_create(&thread[started], NULL, take_pieces, &pieces) == 0)
        started++;
    take_pieces(&pieces);
    while (started > 0)
        pthread_join(thread[--started], NULL);
}

struct ceremony_host worker_host(struct worker *w)
{
    return (struct ceremony_host){w,      host_open, host_open_app, host_pin,   host_lock_token,
                                  utc_ms, mono_us,   &w->sink,      host_spread};
}
