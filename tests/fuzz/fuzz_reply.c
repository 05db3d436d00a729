/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent answers to the console (hsm/remote.h, hsm/peer.h). The first octet of an input
 * chooses the call; each part after it is a reply, which gets the number that the console waits
 * for, so that a fuzzer does not have to find it. What is taken must be within the contract.
 *
 * There is no process: process.h is met here by a socket that holds all answers from the start.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "link/process.h"
#include "link/remote.h"
#include "link/wire.h"
#include "tests/fuzz/answers.h"
#include "tests/fuzz/fuzz.h"

enum { REPLIES_MAX = 8, ROOM = 60000 };

/* What the agent will say: the input of this run. */
static struct fuzz_input said;

static void send_frame(int fd, const void *data, size_t len)
{
    const uint8_t head[] = {0, (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};

    fuzz_must(write(fd, head, sizeof head) == (ssize_t)sizeof head &&
                  write(fd, data, len) == (ssize_t)len,
              "a socket has room for a frame");
}

static void send_message(int fd, const ProtobufCMessage *msg)
{
    struct bytes frame = {0};

    if (!wire_pack(msg, &frame, NULL))
        return;
    send_frame(fd, frame.data, frame.len);
    bytes_free(&frame);
}

/* One part of the input as the answer to request number id; what is no reply goes as it is. */
static void send_part(int fd, struct fuzz_input part, uint64_t id)
{
    Pb__Reply *reply = pb__reply__unpack(NULL, part.len, part.data);

    if (reply) {
        reply->id = id;
        send_message(fd, &reply->base);
        pb__reply__free_unpacked(reply, NULL);
    } else {
        send_frame(fd, part.data, part.len);
    }
}

bool process_start(const struct process_program *program, struct process *out, struct err *err)
{
    Pb__Nothing nothing = PB__NOTHING__INIT;
    Pb__Reply opened = PB__REPLY__INIT;
    Pb__Hello hello;
    int ends[2];

    (void)program, (void)err;
    fuzz_must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "this host has sockets");
    wire_put_hello(&hello);
    send_message(ends[1], &hello.base);
    opened.id = 1;
    opened.result_case = PB__REPLY__RESULT_DONE;
    opened.done = &nothing;
    send_message(ends[1], &opened.base);
    for (uint64_t id = 2; said.len > 0 && id < 2 + REPLIES_MAX; id++)
        send_part(ends[1], fuzz_take_part(&said), id);
    shutdown(ends[1], SHUT_WR); /* what is still in the socket will be read */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *out = (struct process){.pid = ends[1], .channel = ends[0], .log = -1};
    return true;
}

bool process_ended(struct process *p)
{
    (void)p;
    return true;
}

void process_signal(struct process *p, int signal)
{
    (void)p, (void)signal;
}

const char *process_how(struct process *p, char *out)
{
    (void)p;
    text_print(out, PROCESS_HOW_SIZE, "exit 0");
    return out;
}

void process_close(struct process *p)
{
    close(p->channel);
    close(p->pid);
}

/* --- the calls --- */

static bool ask_info(struct hsm *hsm, struct err *err)
{
    struct hsm_info info;

    if (!hsm->driver->info(hsm, &info, err))
        return false;
    answers_check_info(&info);
    return true;
}

static bool ask_slots(struct hsm *hsm, struct err *err)
{
    struct hsm_slot_list list;

    if (!hsm->driver->slots(hsm, &list, err))
        return false;
    fuzz_must(list.count <= HSM_SLOTS_MAX, "there are not too many slots");
    for (size_t i = 0; i < list.count; i++)
        answers_check_slot(&list.slots[i]);
    free(list.slots);
    return true;
}

static bool ask_login(struct hsm *hsm, struct err *err)
{
    return hsm->driver->login(hsm, 1, &(const struct secret){0}, err);
}

static bool ask_list(struct hsm *hsm, struct err *err)
{
    struct key_list list;

    if (!hsm->driver->list(hsm, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        answers_check_key(&list.keys[i]);
    key_list_free(&list);
    return true;
}

static bool ask_handles(struct hsm *hsm, struct err *err)
{
    uint64_t *handles, last = 0;
    size_t count;

    if (!hsm->driver->handles(hsm, &handles, &count, err))
        return false;
    for (size_t i = 0; i < count; last = handles[i++])
        fuzz_must(handles[i] > last, "handles ascend from 1");
    free(handles);
    return true;
}

static bool ask_describe(struct hsm *hsm, struct err *err)
{
    struct key_desc key;

    if (!hsm->driver->describe(hsm, 7, &key, err))
        return false;
    answers_check_key(&key);
    return true;
}

static bool ask_public_key(struct hsm *hsm, struct err *err)
{
    struct bytes blob = {0};

    if (!hsm->driver->public_key(hsm, 7, &blob, err))
        return false;
    fuzz_must(blob.len > 0 && blob.len <= HSM_BLOB_MAX, "a blob has a length");
    bytes_free(&blob);
    return true;
}

static bool ask_capabilities(struct hsm *hsm, struct err *err)
{
    struct hsm_capabilities caps;

    if (!hsm->driver->capabilities(hsm, &hsm_wanted_all, &caps, err))
        return false;
    answers_check_capabilities(&caps);
    return true;
}

static bool ask_pair(struct hsm *hsm, struct err *err)
{
    struct hsm_pair pair = {0};

    if (!hsm->driver->make_pair(hsm, 2048, "hsmferry:1", &pair, err))
        return false;
    fuzz_must(pair.private_handle != 0 && pair.spki.len > 0 && pair.spki.len <= HSM_BLOB_MAX,
              "a pair has a handle and a public half");
    bytes_free(&pair.spki);
    return true;
}

static bool ask_aes(struct hsm *hsm, struct err *err)
{
    uint64_t handle = 0;

    if (!hsm->driver->make_kek(hsm, 256, "hsmferry:1", &handle, err))
        return false;
    fuzz_must(handle != 0, "what was made has a handle");
    return true;
}

static bool ask_key(struct hsm *hsm, struct err *err)
{
    const struct key_sample sample = {KEY_KIND_AES, 32, 256, ""};
    uint64_t handle = 0, public_handle;

    if (!hsm->driver->make_key(hsm, &sample, "hsmferry:1", &handle, &public_handle, err))
        return false;
    fuzz_must(handle != 0, "what was made has a handle");
    return true;
}

static bool (*const asks[])(struct hsm *hsm, struct err *err) = {
    ask_info,       ask_slots,        ask_login, ask_list, ask_handles, ask_describe,
    ask_public_key, ask_capabilities, ask_pair,  ask_aes,  ask_key,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const argv[] = {"/agent", NULL};
    const struct remote_setup setup = {
        .where.api = "fake", .argv = argv, .limit_ms = 10000, .abandon_fd = -1};
    struct hsm *hsm;
    struct err err = {0};

    if (len > ROOM)
        return 0;
    said = (struct fuzz_input){data, len};
    uint8_t choice = fuzz_take_octet(&said);
    if (!remote_open(&setup, &hsm, &err))
        fuzz_must(false, "an agent that answers as it must is taken");
    for (int i = 0; i < REPLIES_MAX; i++)
        if (!asks[choice % (sizeof asks / sizeof asks[0])](hsm, &err)) {
            fuzz_must_report(&err);
            if (err.code == ERR_GONE)
                break;
        }
    hsm->driver->close(hsm);
    return 0;
}
