/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a console asks of an agent (agent/service.h), which has opened a fake HSM and logged in:
 * each part of an input is a request. Every answer must be one that the console takes. Then the
 * whole input as it would lie on the pipe (agent/serve.h).
 */
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "agent/serve.h"
#include "agent/service.h"
#include "link/wire.h"
#include "tests/fake/fake.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

enum { REQUESTS_MAX = 16 };

static char api[] = "fake";
static char params[] =
    "pin=1234;quick=yes;keys=aes32:kek:+modifiable,aes16:%FFa,generic13:s:id=01,ec256:e:id=02,"
    "cert:c:id=02";

static bool is_taken(const Pb__Reply *reply, struct err *reported, struct err *err)
{
    struct hsm_info info;
    struct hsm_slot slot;
    struct key_desc key;
    struct hsm_capabilities caps;
    struct hsm_pair pair = {0};
    struct bytes blob = {0};
    bool ok = true;

    switch (reply->result_case) {
    case PB__REPLY__RESULT_ERROR:
        return wire_get_err(reply->error, reported, err);
    case PB__REPLY__RESULT_INFO:
        return wire_get_info(reply->info, &info, err);
    case PB__REPLY__RESULT_SLOTS:
        for (size_t i = 0; ok && i < reply->slots->n_slots; i++)
            ok = wire_get_slot(reply->slots->slots[i], &slot, err);
        return ok;
    case PB__REPLY__RESULT_KEYS:
        for (size_t i = 0; ok && i < reply->keys->n_keys; i++)
            ok = wire_get_key(reply->keys->keys[i], &key, err);
        return ok;
    case PB__REPLY__RESULT_KEY:
        return wire_get_key(reply->key, &key, err);
    case PB__REPLY__RESULT_OFFERS:
        return wire_get_capabilities(reply->offers, &caps, err);
    case PB__REPLY__RESULT_PAIR:
        ok = wire_get_pair(reply->pair, &pair, err);
        bytes_free(&pair.spki);
        return ok;
    case PB__REPLY__RESULT_BLOB:
        ok = wire_get_bytes(&reply->blob, 1, HSM_BLOB_MAX, "blob", &blob, err);
        bytes_free(&blob);
        return ok;
    case PB__REPLY__RESULT_HANDLE:
        return wire_get_handle(reply->handle, "handle", err);
    case PB__REPLY__RESULT__NOT_SET:
        return false;
    default:
        return true;
    }
}

static void check_reply(const Pb__Reply *reply, uint64_t id)
{
    struct err reported = {0}, err = {0};
    struct bytes frame = {0};

    if (!wire_pack(&reply->base, &frame, &err))
        fuzz_must(false, "an answer fits into a frame");
    Pb__Reply *got = pb__reply__unpack(NULL, frame.len, frame.data);
    fuzz_must(got && got->id == id, "an answer names its request");
    fuzz_must(is_taken(got, &reported, &err), "the console takes what an agent answers");
    if (reported.code != ERR_NONE)
        fuzz_must_report(&reported);
    pb__reply__free_unpacked(got, NULL);
    bytes_free(&frame);
}

static void answer(struct service *service, Pb__Request *req)
{
    Pb__Reply reply;

    service_answer(service, req, &reply);
    if (req->call_case == PB__REQUEST__CALL_LOGIN)
        for (size_t i = 0; i < req->login->pin.len; i++)
            fuzz_must(req->login->pin.data[i] == 0, "an agent wipes the PIN that it was given");
    check_reply(&reply, req->id);
    service_sent(service);
}

static void fill_open(Pb__Request *req, Pb__Where *where)
{
    pb__request__init(req);
    pb__where__init(where);
    where->api = api;
    where->params = params;
    req->id = 1;
    req->call_case = PB__REQUEST__CALL_OPEN;
    req->open = where;
}

static void fill_login(Pb__Request *req, Pb__Login *login, uint8_t pin[4])
{
    pb__request__init(req);
    pb__login__init(login);
    memcpy(pin, "1234", 4);
    login->slot = FAKE_SLOT;
    login->pin = (ProtobufCBinaryData){4, pin};
    req->id = 2;
    req->call_case = PB__REQUEST__CALL_LOGIN;
    req->login = login;
}

static struct box box;
static const struct service_limits limits = {.box = &box};

/* Whoever opens a second HSM is refused before a driver sees its words, so no input of a fuzzer
 * names a file or a fault of the fake. */
static void check_requests(struct fuzz_input in)
{
    struct service *service = service_new(&limits);
    Pb__Request req;
    Pb__Where where;
    Pb__Login login;
    uint8_t pin[4];

    fuzz_must(service != NULL, "this host has memory for an agent");
    fill_open(&req, &where);
    answer(service, &req);
    if (fuzz_take_octet(&in) % 8) {
        fill_login(&req, &login, pin);
        answer(service, &req);
    }
    for (int i = 0; in.len > 0 && i < REQUESTS_MAX; i++) {
        struct fuzz_input part = fuzz_take_part(&in);
        Pb__Request *got = pb__request__unpack(NULL, part.len, part.data);
        if (!got)
            continue;
        answer(service, got);
        pb__request__free_unpacked(got, NULL);
    }
    service_end(service);
}

static void write_frame(int fd, const ProtobufCMessage *msg)
{
    struct bytes frame = {0};
    uint8_t head[4] = {0};

    fuzz_must(wire_pack(msg, &frame, NULL), "a message fits into a frame");
    head[2] = (uint8_t)(frame.len >> 8);
    head[3] = (uint8_t)frame.len;
    fuzz_must(write(fd, head, 4) == 4 && write(fd, frame.data, frame.len) == (ssize_t)frame.len,
              "this host has room for a frame");
    bytes_free(&frame);
}

static void check_pipe(const uint8_t *data, size_t len)
{
    int in = fuzz_memory("", 0), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    Pb__Request req;
    Pb__Where where;
    Pb__Hello hello;

    wire_put_hello(&hello);
    write_frame(in, &hello.base);
    fill_open(&req, &where);
    write_frame(in, &req.base);
    fuzz_must(write(in, data, len) == (ssize_t)len && lseek(in, 0, SEEK_SET) == 0,
              "this host has room for an input");
    serve(in, out, &limits);
    close(in);
    close(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_requests((struct fuzz_input){data, len});
    check_pipe(data, len);
    return 0;
}
