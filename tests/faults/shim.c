/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/faults/shim.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

CK_FUNCTION_LIST *shim_real;

static struct fault faults[SHIM_FAULTS_MAX];
static size_t fault_count;
static bool removed;
static struct timespec delay;

/* --- settings --- */

/* The file beside this module; in a program, beside that. */
static FILE *open_settings(void)
{
    char path[4096];
    Dl_info where;

    if (!dladdr((const void *)&faults, &where) || !where.dli_fname)
        return NULL;
    snprintf(path, sizeof path, "%s.conf", where.dli_fname);
    return fopen(path, "re");
}

const char *shim_setting(const char *name)
{
    static char lines[16][1024];
    static int count = -1; /* not read yet */
    size_t len = strlen(name);
    FILE *file = count < 0 ? open_settings() : NULL;

    if (count < 0)
        for (count = 0; file && count < 16 && fgets(lines[count], sizeof lines[0], file); count++)
            lines[count][strcspn(lines[count], "\n")] = '\0';
    if (file)
        fclose(file);
    for (int i = 0; i < count; i++)
        if (strncmp(lines[i], name, len) == 0 && lines[i][len] == '=')
            return lines[i] + len + 1;
    return count > 0 ? NULL : getenv(name);
}

/* --- what can go wrong before a call, which may keep it from being made, and after it --- */

CK_ULONG shim_number(const struct fault *f, CK_ULONG otherwise)
{
    return f->argument[0] ? strtoul(f->argument, NULL, 0) : otherwise;
}

static bool fail(struct call *call, const struct fault *f)
{
    call->rv = shim_number(f, CKR_DEVICE_ERROR);
    return false;
}

static void fail_late(struct call *call, const struct fault *f)
{
    fail(call, f);
}

static bool close_session(struct call *call, const struct fault *f)
{
    (void)f;
    shim_real->C_CloseSession(call->session);
    return true;
}

static bool remove_device(struct call *call, const struct fault *f)
{
    (void)f;
    removed = true;
    call->rv = CKR_DEVICE_REMOVED;
    return false;
}

static char *path_of(const char *file, char path[4096])
{
    snprintf(path, 4096, "%s/%s", shim_setting("SHIM_COUNT"), file);
    return path;
}

/* The file, kept open: most of a sweep's calls of the system would open it, and a confined agent
 * could not. */
static int file_of(const char *name, int *fd)
{
    char path[4096];

    if (*fd < 0)
        *fd = open(path_of(name, path), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    return *fd;
}

static int away = -1;

/* For every process: that file has something in it. */
static bool take_away(struct call *call, const struct fault *f)
{
    if (write(away, ".", 1) != 1)
        abort();
    return remove_device(call, f);
}

static bool is_away(void)
{
    char path[4096];
    struct stat st;

    return removed || (stat(path_of("away", path), &st) == 0 && st.st_size > 0);
}

static bool wait_there(struct call *call, const struct fault *f)
{
    char folder[4096], let_go[4096];

    (void)call;
    (void)f;
    path_of("", folder);
    path_of("let-go", let_go);
    while (access(folder, F_OK) == 0 && access(let_go, F_OK) != 0)
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return true;
}

static bool hang(struct call *call, const struct fault *f)
{
    wait_there(call, f);
    raise(SIGKILL);
    return call->rv == CKR_OK;
}

static bool be_slow(struct call *call, const struct fault *f)
{
    const CK_ULONG ms = shim_number(f, 1000);
    const struct timespec t = {.tv_sec = (time_t)(ms / 1000),
                               .tv_nsec = (long)(ms % 1000) * 1000000};

    (void)call;
    nanosleep(&t, NULL);
    return true;
}

static bool print(struct call *call, const struct fault *f)
{
    (void)call;
    puts(f->argument);
    fprintf(stderr, "%s\n", f->argument);
    return true;
}

static bool die(struct call *call, const struct fault *f)
{
    const int sig = (int)shim_number(f, SIGKILL);

    (void)call;
    signal(sig, SIG_DFL); /* also where a sanitizer would catch it */
    raise(sig);
    return true;
}

/* As a crash within a call of SoftHSM may leave it: eight bytes, without class or label. */
static bool leave_half(struct call *call, const struct fault *f)
{
    static const char *const ends[] = {"object", "lock"};
    char path[4096];
    int fd;

    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(path, sizeof path, "%s/half.%s", shim_setting("SHIM_TOKEN"), ends[i]);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || (i == 0 && write(fd, "\0\0\0\0\0\0\0", 8) != 8))
            abort();
        close(fd);
    }
    return die(call, f);
}

static void die_late(struct call *call, const struct fault *f)
{
    die(call, f);
}

static int killer = -1;

/* Makes the process that kills the console which started this agent, once a byte comes: a fenced
 * agent sends no signals. */
static void make_killer(void)
{
    const pid_t console = getppid();
    int ends[2];
    char byte;

    if (killer >= 0 || pipe2(ends, O_CLOEXEC) != 0)
        return;
    if (fork() == 0) {
        dup2(ends[0], 0);
        close_range(1, ~0U, 0);
        if (read(0, &byte, 1) == 1)
            kill(console, SIGKILL);
        _exit(0);
    }
    close(ends[0]);
    killer = ends[1];
}

/* The console that started this agent. */
static bool kill_console(struct call *call, const struct fault *f)
{
    const pid_t console = getppid();

    (void)call, (void)f;
    if (write(killer, "", 1) != 1)
        abort();
    while (getppid() == console)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return true;
}

static void kill_console_late(struct call *call, const struct fault *f)
{
    kill_console(call, f);
}

/* Both at once, as in a power cut. */
static bool cut(struct call *call, const struct fault *f)
{
    kill_console(call, f);
    raise(SIGKILL);
    return true;
}

static void cut_late(struct call *call, const struct fault *f)
{
    cut(call, f);
}

/* An object on the token that nobody asked for, under this label. */
static void plant(struct call *call, const struct fault *f)
{
    CK_OBJECT_CLASS class = CKO_DATA;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE t[] = {{CKA_CLASS, &class, sizeof class},
                        {CKA_TOKEN, &yes, sizeof yes},
                        {CKA_LABEL, (void *)f->argument, strlen(f->argument)}};
    CK_OBJECT_HANDLE made;

    shim_real->C_CreateObject(call->session, t, sizeof t / sizeof t[0], &made);
}

static const struct shim_kind kinds[] = {
    {"fail", fail, NULL},            /* ARGUMENT: the return code; 0x30 */
    {"late", NULL, fail_late},       /* it is done, and then an error */
    {"close", close_session, NULL},  /* the session is no more */
    {"remove", remove_device, NULL}, /* nor is the device, for this process */
    {"away", take_away, NULL},       /* nor for any other */
    {"hang", hang, NULL},            /* it ends with the file "let-go", or its folder, only */
    {"wait", wait_there, NULL},      /* ... and then the call is made */
    {"slow", be_slow, NULL},         /* ARGUMENT: milliseconds; 1000 */
    {"print", print, NULL},          /* ARGUMENT: what, to standard output and error */
    {"die", die, NULL},              /* ARGUMENT: the signal; 9 */
    {"half", leave_half, NULL},      /* half an object stays, and it dies */
    {"diedone", NULL, die_late},     /* it is done, and then */
    {"widow", kill_console, NULL},   /* the console is killed, the agent lives on */
    {"widowed", NULL, kill_console_late},
    {"cut", cut, NULL}, /* both are killed */
    {"cutdone", NULL, cut_late},
    {"plant", NULL, plant}, /* ARGUMENT: a label */
};

/* For tests of what must not even be loaded: SHIM_LOADED is a file that is then made. */
static void __attribute__((constructor)) note_loading(void)
{
    const char *file = getenv("SHIM_LOADED");

    if (file)
        close(open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* --- which, and when --- */

static const struct shim_kind *kind_of(const struct fault *f)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, f->kind) == 0)
            return &kinds[i];
    for (size_t i = 0; shim_lies[i].name; i++)
        if (strcmp(shim_lies[i].name, f->kind) == 0)
            return &shim_lies[i];
    abort();
}

/* While it still can: those that count the calls of its own name, for a fault that wants to know.
 */
static void open_files(struct fault *f)
{
    char name[SHIM_WIDTH + 8];

    snprintf(name, sizeof name, "%s.%td", f->function, f - faults);
    if (f->at != 0 && strcmp(f->function, "any") != 0)
        file_of(name, &f->file);
    if (kind_of(f)->before == take_away)
        file_of("away", &away);
    if (kind_of(f)->before == kill_console || kind_of(f)->before == cut ||
        kind_of(f)->after == kill_console_late || kind_of(f)->after == cut_late)
        make_killer();
}

void shim_read_delay(const char *number)
{
    const unsigned long us = number ? strtoul(number, NULL, 10) : 0;

    delay.tv_sec = (time_t)(us / 1000000);
    delay.tv_nsec = (long)(us % 1000000) * 1000;
}

static int times = -1;

void shim_read_times(const char *wanted)
{
    if (wanted)
        file_of("times", &times);
}

static long long clock_ns(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

void shim_read_faults(const char *words)
{
    int len;

    for (; words && *words && fault_count < SHIM_FAULTS_MAX;
         words += len, words += strspn(words, " ")) {
        struct fault *f = &faults[fault_count++];
        f->file = -1;
        len = 0;
        if (sscanf(words, "%7[^:]:%31[^:]:%u%n", f->kind, f->function, &f->at, &len) != 3)
            abort();
        words += len;
        len = 0;
        sscanf(words, ":%31[^ ]%n", f->argument, &len);
        open_files(f);
    }
}

/* --- counting, and the call itself --- */

/* Appends to a file and tells how large it is then; shared by all processes of one side. */
static off_t add_to(int fd, const char *text, size_t len)
{
    struct stat st = {0};

    if (fd < 0 || write(fd, text, len) != (ssize_t)len || fstat(fd, &st) != 0)
        abort();
    return st.st_size;
}

static unsigned count(const char *name)
{
    static int calls = -1;
    char line[SHIM_WIDTH + 1];

    snprintf(line, sizeof line, "%-*s\n", SHIM_WIDTH - 1, name);
    return (unsigned)(add_to(file_of("calls", &calls), line, SHIM_WIDTH) / SHIM_WIDTH);
}

static bool is_due(const struct fault *f, const char *name, unsigned any)
{
    if (strcmp(f->function, "any") != 0 && strcmp(f->function, name) != 0)
        return false;
    if (f->at == 0 || strcmp(f->function, "any") == 0)
        return f->at == 0 || f->at == any;
    return f->at == (unsigned)add_to(f->file, ".", 1);
}

/* As a network does: each call waits by itself, so that calls of several threads wait together. */
static void wait_as_network(void)
{
    if (delay.tv_sec != 0 || delay.tv_nsec != 0)
        nanosleep(&delay, NULL);
}

/* Every thread has its own n-th call. */
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;

static void mark_due(struct call *call)
{
    unsigned n;

    pthread_mutex_lock(&counting);
    n = count(call->name);
    for (size_t i = 0; i < fault_count; i++)
        call->due[i] = is_due(&faults[i], call->name, n);
    shim_catch_up();
    pthread_mutex_unlock(&counting);
}

bool shim_begin(struct call *call)
{
    bool go;

    wait_as_network();
    mark_due(call);
    go = !is_away();
    call->rv = CKR_DEVICE_REMOVED;
    for (size_t i = 0; i < fault_count; i++) {
        const struct shim_kind *kind = kind_of(&faults[i]);
        if (call->due[i] && go && kind->before)
            go = kind->before(call, &faults[i]);
    }
    if (go && times >= 0)
        call->begun_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    return go;
}

/* "PROCESS FUNCTION NANOSECONDS NANOSECONDS-OF-THE-PROCESS" of processor time. */
static void note_time(const struct call *call)
{
    const long long ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - call->begun_ns;
    char line[SHIM_WIDTH + 80];
    int len = snprintf(line, sizeof line, "%d %s %lld %lld\n", (int)getpid(), call->name, ns,
                       clock_ns(CLOCK_PROCESS_CPUTIME_ID));

    if (write(times, line, (size_t)len) != len)
        abort();
}

CK_RV shim_end(struct call *call, CK_RV rv)
{
    if (times >= 0)
        note_time(call);
    call->rv = rv;
    for (size_t i = 0; i < fault_count; i++)
        if (call->due[i] && kind_of(&faults[i])->after)
            kind_of(&faults[i])->after(call, &faults[i]);
    pthread_mutex_lock(&counting);
    shim_remember(call);
    pthread_mutex_unlock(&counting);
    return call->rv;
}
