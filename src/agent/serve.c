/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/serve.h"

#include <stdio.h>
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

static int serve_one(struct pipes *pipes, struct service *service, bool *end)
{
    struct bytes frame = {0};
    Pb__Reply reply;

    int code = receive(pipes, &frame, end);
    if (code != EX_OK || *end)
        return code;
    Pb__Request *req = pb__request__unpack(NULL, frame.len, frame.data);
    bytes_free(&frame); /* it may hold the PIN */
    if (!req)
        return complain("the received message is not a request", EX_DATAERR);
    if (req->id <= pipes->last_id) {
        pb__request__free_unpacked(req, NULL);
        return complain("a request has an id that was used before", EX_DATAERR);
    }
    pipes->last_id = req->id;
    service_answer(service, req, &reply);
    pb__request__free_unpacked(req, NULL);
    code = send_message(pipes, &reply.base);
    service_sent(service);
    return code;
}

static struct frame_io io_of(int fd)
{
    return (struct frame_io){.fd = fd, .abandon_fd = -1, .aside_fd = -1, .keeps = true};
}

int serve(int in_fd, int out_fd, const struct service_limits *limits)
{
    struct pipes pipes = {io_of(in_fd), io_of(out_fd), 0};
    bool end = false;
    struct service *service = service_new(limits);
    if (!service)
        return complain("no memory", EX_OSERR);

    int code = shake_hands(&pipes, &end);
    while (code == EX_OK && !end)
        code = serve_one(&pipes, service, &end);
    service_end(service);
    return code;
}
