/* SPDX-License-Identifier: Apache-2.0 */
#include "link/agent_client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "link/frame.h"
#include "link/process.h"
#include "link/vendor_output.h"
#include "link/wire.h"

enum {
    LAST_READS = 16,
    CLOSE_WAIT_MS = 2000, /* for an orderly end, and again after SIGTERM */
    DYING_WAIT_MS = 1000, /* between the end of the channel and the end of the process */
    SOON_MS = 20,
};

/* A request that was sent; {0}: a free place. */
struct asked {
    uint64_t id;
    Pb__Request__CallCase call;
    int64_t deadline;
    Pb__Reply *reply; /* received while another reply was awaited; NULL: not yet */
};

struct agent_client {
    int limit_ms;

    pthread_mutex_t hearing; /* protects output */
    struct vendor_output output;

    pthread_mutex_t sending; /* protects these: */
    struct frame_io out;
    const int *keep_fd; /* to be lent with the next frame; NULL: there is none, or it was lent */

    /* Protects all that follows, but not the io of the one thread that reads; taken after sending,
     * and before hearing. */
    pthread_mutex_t lock;
    pthread_cond_t arrived; /* a reply; or nobody reads any more */
    bool reading;           /* a thread receives, for itself and for all others */
    struct frame_io in;
    struct process process;
    bool elsewhere; /* the agent is not this process, but beyond it, such as on another host */
    uint64_t last_id;
    struct asked asked[AGENT_CLIENT_ASKED_MAX]; /* the calls in progress or abandoned */
    struct err gone;                            /* once the agent is gone: why */
    bool given_up;                              /* a call was abandoned */
};

/* --- its output and its end --- */

/* Reads once only, so that a library that prints without end cannot block us. */
static bool hear(void *ctx)
{
    struct agent_client *p = ctx;
    char buf[4096];
    ssize_t n;
    bool more;

    pthread_mutex_lock(&p->hearing);
    n = read(p->process.log, buf, sizeof buf);
    more = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n > 0)
        vendor_output_feed(&p->output, buf, (size_t)n);
    pthread_mutex_unlock(&p->hearing);
    return more;
}

/* Has the agent ended, or does it end within ms milliseconds? Its output must be read meanwhile;
 * otherwise it would block on a full pipe. */
static bool wait_end(struct agent_client *p, int ms)
{
    int64_t deadline = frame_deadline(ms);
    struct pollfd log = {.fd = p->process.log, .events = POLLIN};

    while (!process_ended(&p->process)) {
        if (frame_deadline(0) >= deadline)
            return false;
        if (poll(&log, 1, SOON_MS / 2) > 0 && !hear(p))
            log.fd = -1;
    }
    for (int i = 0; i < LAST_READS && log.fd >= 0; i++)
        if (!hear(p))
            log.fd = -1;
    return true;
}

/* Calls that write to the token itself. SoftHSM, for one, rewrites it at each login. */
static bool is_delicate(Pb__Request__CallCase call)
{
    return call == PB__REQUEST__CALL_LOGIN || call == PB__REQUEST__CALL_COMMIT ||
           call == PB__REQUEST__CALL_MAKE_PUBLIC || call == PB__REQUEST__CALL_DESTROY;
}

bool agent_client_at_work(struct agent_client *p)
{
    bool delicate = false;

    for (size_t i = 0; i < AGENT_CLIENT_ASKED_MAX; i++)
        delicate |= p->asked[i].id && !p->asked[i].reply && is_delicate(p->asked[i].call);
    if (p->elsewhere && p->gone.code != ERR_NONE)
        return delicate;
    return p->given_up && delicate && !process_ended(&p->process);
}

/* Records and returns that the agent is gone, and why. Waits up to wait_ms milliseconds for a dying
 * one, to report how it ended. */
static bool gone(struct agent_client *p, const char *call, const char *what, int wait_ms,
                 struct err *err)
{
    char how[PROCESS_HOW_SIZE];

    wait_end(p, wait_ms);
    err_set(&p->gone, ERR_GONE, "%s, in %s (the agent: %s)", what, call,
            process_how(&p->process, how));
    if (agent_client_at_work(p) && p->elsewhere) {
        err_now(&p->gone, "Nothing more can be asked of this HSM; whether its agent is still in "
                          "this call, which may write to the token, is not known");
        err_next(&p->gone, "Resume once the connection is there again; the token is locked until "
                           "that agent has ended");
    } else if (agent_client_at_work(p)) {
        err_now(&p->gone,
                "Nothing more can be asked of this HSM; its agent, process %d, is left in "
                "this call, which may still write to the token",
                (int)p->process.pid);
        err_next(&p->gone,
                 "Wait until the HSM has answered it and that process has ended; then start "
                 "again");
    } else {
        err_now(&p->gone, "Nothing more can be asked of this HSM; whether it finished this call is "
                          "not known");
        err_next(&p->gone, "Check the state of the HSM, then start again");
    }
    if (err)
        *err = p->gone;
    return false;
}

static bool gone_by(struct agent_client *p, enum frame_result result, const char *call,
                    struct err *err)
{
    char what[ERR_WHAT_MAX];
    int no = errno;

    switch (result) {
    case FRAME_END:
        return gone(p, call, "the agent ended", DYING_WAIT_MS, err);
    case FRAME_TORN:
        return gone(p, call, "the agent stopped in the middle of an answer", DYING_WAIT_MS, err);
    case FRAME_LONG:
        return gone(p, call, "the agent's answer exceeds the maximum length", SOON_MS, err);
    case FRAME_LATE:
        p->given_up = true;
        text_print(what, sizeof what, "no answer from the HSM for %g s", p->limit_ms / 1000.0);
        return gone(p, call, what, 0, err);
    case FRAME_ABANDONED:
        p->given_up = true;
        return gone(p, call, "abandoned while waiting for the HSM", 0, err);
    default:
        text_print(what, sizeof what, "the channel to the agent failed: %s", strerror(no));
        return gone(p, call, what, SOON_MS, err);
    }
}

static bool nonsense(struct agent_client *p, const char *call, const char *why, struct err *err)
{
    char what[ERR_WHAT_MAX];

    text_print(what, sizeof what, "the agent's answer is invalid (%s)", why);
    return gone(p, call, what, SOON_MS, err);
}

/* --- sending and receiving messages --- */

/* Takes the lock, and records if the agent is gone; errno is kept for that. */
static bool lock_after(struct agent_client *p, enum frame_result result, const char *call,
                       struct err *err)
{
    int no = errno;

    pthread_mutex_lock(&p->lock);
    errno = no;
    return result == FRAME_OK || gone_by(p, result, call, err);
}

/* The lock is not held: another thread can receive meanwhile. */
static bool send_message(struct agent_client *p, const ProtobufCMessage *msg, int64_t deadline,
                         const char *call, struct err *err)
{
    struct bytes frame = {0};
    bool ok;

    if (!wire_pack(msg, &frame, err))
        return false;

    if (p->keep_fd && *p->keep_fd > 0) {
        p->out.lend_fd = *p->keep_fd;
        p->keep_fd = NULL;
    }
    pthread_mutex_lock(&p->hearing);
    vendor_output_refill(&p->output);
    pthread_mutex_unlock(&p->hearing);
    enum frame_result result = frame_write(&p->out, deadline, frame.data, frame.len);
    bytes_free(&frame); /* it may hold a PIN */
    ok = lock_after(p, result, call, err);
    pthread_mutex_unlock(&p->lock);
    return ok;
}

/* Releases the lock, which is held, while it waits. */
static bool receive(struct agent_client *p, int64_t deadline, const char *call,
                    struct bytes *answer, struct err *err)
{
    bool ok;

    p->reading = true;
    pthread_mutex_unlock(&p->lock);
    enum frame_result result = frame_read(&p->in, deadline, answer);
    ok = lock_after(p, result, call, err);
    p->reading = false;
    pthread_cond_broadcast(&p->arrived);
    return ok;
}

/* A program that does not become an agent, such as an ssh that does not get through, says why. */
static void add_last_words(struct agent_client *p, struct err *err)
{
    vendor_output_flush(&p->output);
    if (!err || p->gone.code == ERR_NONE || !p->output.last[0])
        return;
    err_now(err, "No HSM was opened by it");
    err_next(err, "Its last words: %s. Repair that, then start again", p->output.last);
}

static bool shake_hands(struct agent_client *p, const char *program, struct err *err)
{
    static const char call[] = "the handshake";
    char safe[HSM_TEXT_MAX];
    struct bytes answer = {0};
    Pb__Hello ours, *theirs = NULL;
    int64_t deadline = frame_deadline(p->limit_ms);
    bool ok = false;

    wire_put_hello(&ours);
    if (!send_message(p, &ours.base, deadline, call, err)) {
        add_last_words(p, err);
        return false;
    }
    pthread_mutex_lock(&p->lock);
    if (!receive(p, deadline, call, &answer, err)) {
        add_last_words(p, err);
        goto out;
    }
    theirs = pb__hello__unpack(NULL, answer.len, answer.data);
    if (!theirs || theirs->magic != WIRE_MAGIC) {
        nonsense(p, call, "no greeting", err);
        goto out;
    }
    p->elsewhere = theirs->host != ours.host || theirs->process != (uint64_t)p->process.pid;
    ok = theirs->protocol == WIRE_PROTOCOL;
    if (!ok) {
        text_safe(theirs->program, strnlen(theirs->program, HSM_TEXT_MAX), safe, sizeof safe);
        err_set(err, ERR_CONFIG,
                "the agent is %s with protocol %u; this console is %s with protocol %d", safe,
                theirs->protocol, ours.program, WIRE_PROTOCOL);
        err_next(err, "Install the same version of both; the agent is %s", program);
    }
out:
    pthread_mutex_unlock(&p->lock);
    if (theirs)
        pb__hello__free_unpacked(theirs, NULL);
    bytes_free(&answer);
    return ok;
}

bool agent_client_start(const struct remote_setup *setup, struct agent_client **out,
                        struct err *err)
{
    struct agent_client *p = calloc(1, sizeof *p);
    if (!p)
        return err_set(err, ERR_FAILED, "no memory for an agent");

    pthread_mutex_init(&p->hearing, NULL);
    pthread_mutex_init(&p->sending, NULL);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->arrived, NULL);
    p->limit_ms = setup->limit_ms;
    p->keep_fd = setup->keep_fd;
    p->output = (struct vendor_output){.take = setup->vendor_output, .ctx = setup->ctx};
    const struct process_program program = {setup->argv, setup->environment, setup->starter,
                                            setup->program};
    if (!process_start(&program, &p->process, err)) {
        free(p);
        return false;
    }
    p->in = (struct frame_io){
        .fd = p->process.channel,
        .abandon_fd = setup->abandon_fd,
        .aside_fd = p->process.log,
        .aside = hear,
        .ctx = p,
    };
    p->out = p->in;
    if (!shake_hands(p, setup->argv[0], err)) {
        agent_client_close(p);
        return false;
    }
    *out = p;
    return true;
}

/* --- requests and replies, matched by id --- */

/* id 0: a free place. */
static struct asked *find(struct agent_client *p, uint64_t id)
{
    for (size_t i = 0; i < AGENT_CLIENT_ASKED_MAX; i++)
        if (p->asked[i].id == id)
            return &p->asked[i];
    return NULL;
}

static void answered(struct asked *asked)
{
    if (asked->reply)
        pb__reply__free_unpacked(asked->reply, NULL);
    *asked = (struct asked){0};
}

static bool fail_gone(const struct agent_client *p, struct err *err)
{
    if (err)
        *err = p->gone;
    return false;
}

/* A place for the next request. */
static bool begin(struct agent_client *p, Pb__Request__CallCase call, struct asked **out,
                  struct err *err)
{
    struct asked *asked = find(p, 0);

    if (p->gone.code != ERR_NONE)
        return fail_gone(p, err);
    if (!asked)
        return err_set(err, ERR_FAILED, "more than %d calls at the same time",
                       AGENT_CLIENT_ASKED_MAX);
    *asked = (struct asked){++p->last_id, call, frame_deadline(p->limit_ms), NULL};
    *out = asked;
    return true;
}

bool agent_client_send(struct agent_client *p, unsigned session, Pb__Request__CallCase call,
                       void *args, uint64_t *id, struct err *err)
{
    struct asked *asked = NULL;
    Pb__Request request = PB__REQUEST__INIT;
    bool ok;

    pthread_mutex_lock(&p->sending); /* until it is sent: the ids ascend */
    pthread_mutex_lock(&p->lock);
    ok = begin(p, call, &asked, err);
    pthread_mutex_unlock(&p->lock);
    if (ok) {
        *id = request.id = asked->id;
        request.session = session;
        request.call_case = call;
        request.info = args; /* all members of the union are pointers to structures */
        ok = send_message(p, &request.base, asked->deadline, wire_call_name(call), err);
    }
    pthread_mutex_lock(&p->lock);
    if (!ok && asked && p->gone.code == ERR_NONE) /* it was not sent */
        answered(asked);
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_unlock(&p->sending);
    return ok;
}

/* Receives one reply and assigns it to the request that it answers, which another thread may have
 * sent. */
static bool take_reply(struct agent_client *p, const struct asked *waited, struct err *err)
{
    const char *name = wire_call_name(waited->call);
    struct bytes frame = {0};
    struct asked *asked;
    Pb__Reply *reply;

    if (!receive(p, waited->deadline, name, &frame, err)) {
        bytes_free(&frame);
        return false;
    }
    reply = pb__reply__unpack(NULL, frame.len, frame.data);
    bytes_free(&frame);
    if (!reply)
        return nonsense(p, name, "not a reply", err);
    asked = reply->id ? find(p, reply->id) : NULL;
    if (!asked || asked->reply) {
        pb__reply__free_unpacked(reply, NULL);
        return nonsense(p, name, "it answers no request of ours", err);
    }
    asked->reply = reply; /* ownership was passed on */
    return true;
}

/* Reads a reply. ERR_DATA in *why: the reply is invalid; a failure that the reply reports is in
 * *told. */
static bool read_reply(const Pb__Reply *reply, const struct agent_client_answer *answer, void *out,
                       struct err *reported, struct err *why)
{
    if (reply->result_case == PB__REPLY__RESULT_ERROR)
        return wire_get_err(reply->error, reported, why);
    if (reply->result_case != answer->kind)
        return err_set(why, ERR_DATA, "it answers another call");
    return !answer->get || answer->get(reply, out, why);
}

/* Waits for the reply. One thread reads for all; the others wait for it. */
static bool await(struct agent_client *p, const struct asked *asked, struct err *err)
{
    while (!asked->reply) {
        if (p->gone.code != ERR_NONE)
            return fail_gone(p, err);
        if (p->reading)
            pthread_cond_wait(&p->arrived, &p->lock);
        else if (!take_reply(p, asked, err))
            return false;
    }
    return true;
}

static bool take_answer(struct agent_client *p, struct asked *asked,
                        const struct agent_client_answer *answer, void *out, struct err *err)
{
    struct err reported = {0}, why = {0};
    const char *name = wire_call_name(asked->call);
    bool ok = read_reply(asked->reply, answer, out, &reported, &why);

    answered(asked);
    if (!ok && why.code != ERR_DATA) { /* out of memory here: the agent is not at fault */
        if (err)
            *err = why;
        return false;
    }
    if (!ok)
        return nonsense(p, name, why.what, err);
    if (reported.code != ERR_NONE && err)
        *err = reported;
    return reported.code == ERR_NONE;
}

bool agent_client_receive(struct agent_client *p, uint64_t id,
                          const struct agent_client_answer *answer, void *out, struct err *err)
{
    struct asked *asked;
    bool ok;

    pthread_mutex_lock(&p->lock);
    asked = id ? find(p, id) : NULL;
    if (!asked)
        ok = err_set(err, ERR_FAILED, "no call %llu is in progress", (unsigned long long)id);
    else
        ok = await(p, asked, err) && take_answer(p, asked, answer, out, err);
    pthread_mutex_unlock(&p->lock);
    return ok;
}

bool agent_client_ask(struct agent_client *p, unsigned session, Pb__Request__CallCase call,
                      void *args, const struct agent_client_answer *answer, void *out,
                      struct err *err)
{
    uint64_t id;

    return agent_client_send(p, session, call, args, &id, err) &&
           agent_client_receive(p, id, answer, out, err);
}

void agent_client_close(struct agent_client *p)
{
    if (!p)
        return;
    shutdown(p->process.channel, SHUT_WR);
    if (!wait_end(p, p->given_up ? 0 : CLOSE_WAIT_MS) && !agent_client_at_work(p)) {
        process_signal(&p->process, SIGTERM);
        if (!wait_end(p, CLOSE_WAIT_MS)) {
            process_signal(&p->process, SIGKILL);
            wait_end(p, CLOSE_WAIT_MS);
        }
    }
    vendor_output_flush(&p->output);
    process_close(&p->process);
    for (size_t i = 0; i < AGENT_CLIENT_ASKED_MAX; i++)
        answered(&p->asked[i]);
    free(p);
}
