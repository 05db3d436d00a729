/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/serve.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>

#include "link/frame.h"
#include "link/wire.h"

struct pipes {
    struct frame_io in, out;
    uint64_t last_id; /* of the requests received so far */
};

static int complain(const char *what, int code)
{
    fprintf(stderr, "hsmferry-agent: %s\n", what);
    return code;
}

static int send_message(struct pipes *pipes, const ProtobufCMessage *msg)
{
    struct bytes frame = {0};
    struct err err;

    if (!wire_pack(msg, &frame, &err))
        return complain(err.what, EX_DATAERR);
    enum frame_result result = frame_write(&pipes->out, -1, frame.data, frame.len);
    bytes_free(&frame);
    return result == FRAME_OK ? EX_OK
                              : complain("the console does not read its end of the pipe", EX_IOERR);
}

/* Reads one message. *end: the console has closed the channel. */
static int receive(struct pipes *pipes, struct bytes *frame, bool *end)
{
    enum frame_result result = frame_read(&pipes->in, -1, frame);

    *end = result == FRAME_END;
    if (result != FRAME_OK)
        bytes_free(frame);
    return result == FRAME_OK || *end
               ? EX_OK
               : complain("the received data is not a complete message", EX_DATAERR);
}

static int shake_hands(struct pipes *pipes, bool *end)
{
    struct bytes frame = {0};
    Pb__Hello ours;

    int code = receive(pipes, &frame, end);
    if (code != EX_OK || *end)
        return code;
    Pb__Hello *theirs = pb__hello__unpack(NULL, frame.len, frame.data);
    bool known = theirs && theirs->magic == WIRE_MAGIC;
    bool same = known && theirs->protocol == WIRE_PROTOCOL;
    if (theirs)
        pb__hello__free_unpacked(theirs, NULL);
    bytes_free(&frame);
    if (!known)
        return complain("the received message is not a greeting", EX_DATAERR);
    wire_put_hello(&ours);
    code = send_message(pipes, &ours.base);
    return code != EX_OK || same ? code : complain("the console has another version", EX_PROTOCOL);
}

/* All threads do the same: one of them reads the next request, and answers it while another one
 * reads. There is one thread for each session. */
struct server {
    struct pipes pipes;
    struct service *service;
    pthread_t thread[HSM_SESSIONS_MAX];     /* but this one: [0] is not used */
    unsigned threads;                       /* this one included */
    pthread_mutex_t reading;                /* protects pipes.in, last_id, threads and: */
    bool over;                              /* nothing more is read ... */
    int code;                               /* ... for this reason */
    pthread_mutex_t writing;                /* protects pipes.out */
    pthread_mutex_t busy[HSM_SESSIONS_MAX]; /* this session answers a request */
};

/* Reads one request. Returns NULL at the end of the channel, or after a failure. */
static Pb__Request *take_request(struct server *s)
{
    struct bytes frame = {0};
    Pb__Request *req = NULL;

    s->code = receive(&s->pipes, &frame, &s->over);
    if (s->code == EX_OK && !s->over) {
        req = pb__request__unpack(NULL, frame.len, frame.data);
        bytes_free(&frame); /* it may hold the PIN */
        if (!req)
            s->code = complain("the received message is not a request", EX_DATAERR);
        else if (req->id <= s->pipes.last_id)
            s->code = complain("a request has an id that was used before", EX_DATAERR);
        else if (!service_session(s->service, req->session))
            s->code = complain("a request names a session that does not exist", EX_DATAERR);
        else
            s->pipes.last_id = req->id;
    }
    s->over |= s->code != EX_OK;
    if (s->over && req) {
        pb__request__free_unpacked(req, NULL);
        req = NULL;
    }
    return req;
}

static int answer(struct server *s, Pb__Request *req)
{
    struct service *session = service_session(s->service, req->session);
    Pb__Reply reply;
    int code;

    service_answer(session, req, &reply);
    pthread_mutex_lock(&s->writing);
    code = send_message(&s->pipes, &reply.base);
    pthread_mutex_unlock(&s->writing);
    service_sent(session);
    pb__request__free_unpacked(req, NULL);
    return code;
}

static void stop_reading(struct server *s, int code)
{
    shutdown(s->pipes.in.fd, SHUT_RD); /* for the thread that reads */
    pthread_mutex_lock(&s->reading);
    s->over = true;
    s->code = code;
    pthread_mutex_unlock(&s->reading);
}

static void *serve_all(void *arg);

/* A thread for each session that was opened. Without it, a request would wait for another one. */
static void start_threads(struct server *s)
{
    while (s->threads < HSM_SESSIONS_MAX && service_session(s->service, s->threads) &&
           pthread_create(&s->thread[s->threads], NULL, serve_all, s) == 0)
        s->threads++;
}

static void *serve_all(void *arg)
{
    struct server *s = arg;

    for (;;) {
        Pb__Request *req = NULL;
        int code;
        pthread_mutex_lock(&s->reading);
        if (!s->over) {
            start_threads(s);
            req = take_request(s);
        }
        if (!req) {
            pthread_mutex_unlock(&s->reading);
            return NULL;
        }
        const uint32_t session = req->session;
        pthread_mutex_lock(&s->busy[session]);
        pthread_mutex_unlock(&s->reading);
        code = answer(s, req);
        pthread_mutex_unlock(&s->busy[session]);
        if (code != EX_OK)
            stop_reading(s, code);
    }
}

static struct frame_io io_of(int fd)
{
    return (struct frame_io){.fd = fd, .abandon_fd = -1, .aside_fd = -1, .keeps = true};
}

int serve(int in_fd, int out_fd, const struct service_limits *limits)
{
    struct server s = {.pipes = {io_of(in_fd), io_of(out_fd), 0}, .threads = 1};

    s.service = service_new(limits);
    if (!s.service)
        return complain("no memory", EX_OSERR);
    pthread_mutex_init(&s.reading, NULL);
    pthread_mutex_init(&s.writing, NULL);
    for (size_t i = 0; i < HSM_SESSIONS_MAX; i++)
        pthread_mutex_init(&s.busy[i], NULL);

    s.code = shake_hands(&s.pipes, &s.over);
    if (s.code == EX_OK)
        serve_all(&s);
    for (unsigned i = 1; i < s.threads; i++)
        pthread_join(s.thread[i], NULL);
    service_end(s.service);
    return s.code;
}
