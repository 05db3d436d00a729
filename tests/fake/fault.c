/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fake/fault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const kinds[] = {"fail", "slow", "forget", "lie",
                                    "die",  "late", "hang",   "print"};

static bool is_kind(const char *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], kind) == 0)
            return true;
    return false;
}

bool fault_add(struct faults *f, const char *kind, const char *value, struct err *err)
{
    struct fault fault = {0};

    if (!is_kind(kind))
        return false;
    if (f->count == FAULTS_MAX)
        return err_set(err, ERR_CONFIG, "more than %d faults", FAULTS_MAX);
    if (sscanf(value, "%15[a-z_]:%u:%63[^\n]", fault.call, &fault.at, fault.arg) < 2)
        return err_set(err, ERR_CONFIG, "\"%s=%s\" is no fault", kind, value);
    memcpy(fault.kind, kind, strlen(kind) + 1);
    f->list[f->count++] = fault;
    return true;
}

/* How often call was made; with add, one more. */
static unsigned count_call(struct faults *f, const char *call)
{
    size_t i = 0;

    while (i < FAULT_CALLS_MAX - 1 && f->calls[i].call[0] && strcmp(f->calls[i].call, call) != 0)
        i++;
    snprintf(f->calls[i].call, sizeof f->calls[i].call, "%s", call);
    return ++f->calls[i].made;
}

unsigned fault_made(const struct faults *f, const char *call)
{
    for (size_t i = 0; i < FAULT_CALLS_MAX; i++)
        if (strcmp(f->calls[i].call, call) == 0)
            return f->calls[i].made;
    return 0;
}

static const struct fault *find(const struct faults *f, const char *kind, const char *call)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct fault *fault = &f->list[i];
        if (strcmp(fault->kind, kind) == 0 && strcmp(fault->call, call) == 0 &&
            (fault->at == 0 || fault->at == fault_made(f, call)))
            return fault;
    }
    return NULL;
}

static void wait_ms(long ms)
{
    const struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

static void kill_me(const struct fault *fault)
{
    int sig = fault->arg[0] ? atoi(fault->arg) : SIGSEGV;

    signal(sig, SIG_DFL); /* also where a sanitizer would catch it */
    raise(sig);
}

static bool fail(const struct fault *fault, struct err *err)
{
    static const struct {
        unsigned long number;
        enum err_code code;
        const char *name;
    } failures[] = {
        {0x30, ERR_HSM, "CKR_DEVICE_ERROR"},
        {0x31, ERR_FAILED, "CKR_DEVICE_MEMORY"},
        {0x32, ERR_GONE, "CKR_DEVICE_REMOVED"},
        {0x54, ERR_UNSUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"},
        {0x6a, ERR_DENIED, "CKR_KEY_UNEXTRACTABLE"},
        {0x82, ERR_NO_INPUT, "CKR_OBJECT_HANDLE_INVALID"},
        {0xb3, ERR_GONE, "CKR_SESSION_HANDLE_INVALID"},
        {0x101, ERR_DENIED, "CKR_USER_NOT_LOGGED_IN"},
        {0x110, ERR_DATA, "CKR_WRAPPED_KEY_INVALID"},
    };
    unsigned long number = fault->arg[0] ? strtoul(fault->arg, NULL, 0) : 0x30;

    for (size_t i = 0; i < sizeof failures / sizeof failures[0]; i++)
        if (failures[i].number == number)
            return err_set_hsm(err, failures[i].code, number, failures[i].name, "%s failed",
                               fault->call);
    return err_set_hsm(err, ERR_HSM, number, NULL, "%s failed", fault->call);
}

/* Until the console has ended: nobody else would end us. */
static void hang(void)
{
    const pid_t console = getppid();

    while (getppid() == console)
        wait_ms(20);
    raise(SIGKILL);
}

bool fault_begin(struct faults *f, const char *call, struct err *err)
{
    const struct fault *fault;

    count_call(f, call);
    if ((fault = find(f, "print", call))) {
        puts(fault->arg);
        fprintf(stderr, "%s\n", fault->arg);
    }
    if ((fault = find(f, "slow", call)))
        wait_ms(atol(fault->arg));
    if ((fault = find(f, "die", call)))
        kill_me(fault);
    while (find(f, "hang", call))
        hang();
    fault = find(f, "fail", call);
    return !fault || fail(fault, err);
}

void fault_end(const struct faults *f, const char *call)
{
    const struct fault *fault = find(f, "late", call);
    if (fault)
        kill_me(fault);
}

bool fault_forgets(const struct faults *f, const char *call)
{
    return find(f, "forget", call) != NULL;
}

bool fault_lies(const struct faults *f, const char *call, const char *how)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct fault *fault = &f->list[i];
        if (strcmp(fault->kind, "lie") == 0 && strcmp(fault->call, call) == 0 &&
            strcmp(fault->arg, how) == 0 && (fault->at == 0 || fault->at == fault_made(f, call)))
            return true;
    }
    return false;
}
