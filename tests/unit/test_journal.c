/* SPDX-License-Identifier: Apache-2.0 */
/* record/fields.h, record/journal.h: every byte of an event goes to the disk and comes back; what
 * was altered there is refused, what was torn off is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "journal/event_fields.h"
#include "journal/event_line.h"
#include "journal/history.h"
#include "journal/journal.h"
#include "report/report.h"

enum { FILE_MAX = 1 << 16, PATH_SIZE = 512 };
static const int64_t BEGAN = INT64_C(1795437667512); /* 2026-11-23T12:41:07.512Z */

/* --- fields --- */

/* Each kind of event that is part of the record, and its member of the union. */
#define RECORDED(X)                                                                                \
    X(EVENT_BEGIN, begin)                                                                          \
    X(EVENT_OFFICER, officer)                                                                      \
    X(EVENT_REACH, reach)                                                                          \
    X(EVENT_SIGNER, signer)                                                                        \
    X(EVENT_POLICY, note)                                                                          \
    X(EVENT_SIDE, side_state)                                                                      \
    X(EVENT_HSM, hsm)                                                                              \
    X(EVENT_LOADED, loaded)                                                                        \
    X(EVENT_CAPABILITY, capability)                                                                \
    X(EVENT_CHOICE, choice)                                                                        \
    X(EVENT_REJECTED, note)                                                                        \
    X(EVENT_CANARY, canary)                                                                        \
    X(EVENT_SCRIPT, script)                                                                        \
    X(EVENT_PLANNED, planned)                                                                      \
    X(EVENT_WARNING, note)                                                                         \
    X(EVENT_GATE, gate)                                                                            \
    X(EVENT_PACE, pace)                                                                            \
    X(EVENT_SESSIONS, sessions)                                                                    \
    X(EVENT_STEP, step)                                                                            \
    X(EVENT_FINGERPRINT, fingerprint)                                                              \
    X(EVENT_KCV, kcv)                                                                              \
    X(EVENT_PROOF, proof)                                                                          \
    X(EVENT_KEY_DONE, key_done)                                                                    \
    X(EVENT_INVENTORY, inventory)                                                                  \
    X(EVENT_VENDOR_OUTPUT, note)                                                                   \
    X(EVENT_EXCEPTION, exception)                                                                  \
    X(EVENT_ERROR, error)                                                                          \
    X(EVENT_PIN, pin)                                                                              \
    X(EVENT_FILE, file)                                                                            \
    X(EVENT_END, end)

#ifdef __clang__
#define CLEAR_PADDING(member)
#else
#define CLEAR_PADDING(member) __builtin_clear_padding(&event->member)
#endif

/* Sets every byte that this kind of event has of its own, and none of the gaps between its members.
 * Returns where its member is; 0: it is no part of the record. The compiler finds a kind that was
 * forgotten here. */
static size_t fill(struct event *event, enum event_kind kind, size_t *size)
{
    memset(event, 0xff, sizeof *event);
    switch (kind) {
#define CASE(name, member)                                                                         \
    case name:                                                                                     \
        CLEAR_PADDING(member);                                                                     \
        *size = sizeof event->member;                                                              \
        return offsetof(struct event, member);
        RECORDED(CASE)
#undef CASE
    case EVENT_CALL:
    case EVENT_COMPARED:
    case EVENT_DONE:
    case EVENT_ROWS:
    case EVENT_KINDS:
        break;
    }
    return 0;
}

/* Every byte of every event has one row of the table, and no row reaches further. */
static void test_every_byte_has_a_row(void **state)
{
    (void)state;
#ifdef __clang__
    skip(); /* it cannot tell which bytes are gaps */
#endif
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++) {
        uint8_t rows[sizeof(struct event)] = {0};
        struct event event;
        size_t count = 0, size = 0, at = fill(&event, kind, &size);
        const struct event_field *fields = event_fields_of(kind, &count);

        assert_true((fields != NULL) == (at != 0));
        for (size_t i = 0; i < count; i++)
            for (size_t byte = 0; byte < fields[i].size; byte++)
                rows[fields[i].at + byte]++;
        for (size_t byte = 0; byte < sizeof event; byte++) {
            bool own = byte >= at && byte < at + size && ((uint8_t *)&event)[byte] != 0;
            if (rows[byte] != own)
                fail_msg("byte %zu of %s has %u rows", byte - at, event_kind_name(kind),
                         rows[byte]);
        }
    }
}

/* Writes into one field a value made of this byte, such as the engine could. */
static void fill_field(const struct event_field *field, uint8_t byte, struct event *event)
{
    uint8_t *raw = (uint8_t *)event + field->at;
    uint32_t word = field->words ? byte % field->words : 0;

    memset(raw, byte, field->size);
    if (field->type == FIELD_TEXT)
        raw[field->size - 1] = '\0';
    else if (field->type == FIELD_YES)
        raw[0] = byte & 1;
    else if (field->type == FIELD_WORD)
        memcpy(raw, &word, sizeof word);
}

static struct event full_event(enum event_kind kind, uint8_t byte)
{
    struct event event = {.seq = byte + 1U, .kind = kind, .side = byte % SIDES, .key = byte};
    size_t count;
    const struct event_field *fields = event_fields_of(kind, &count);

    event.utc_ms = BEGAN + byte;
    event.mono_ms = byte % 2 ? -(int64_t)byte : byte;
    for (size_t i = 0; fields && i < count; i++)
        fill_field(&fields[i], byte, &event);
    return event;
}

/* Filled with each byte there is, each event comes back as it was. */
static void test_round_trip(void **state)
{
    char line[EVENT_LINE_MAX];
    size_t count;

    (void)state;
    for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++)
        for (unsigned byte = 0; byte < 256; byte++) {
            struct event event = full_event(kind, (uint8_t)byte), again;
            size_t len = event_line_write(&event, NULL, line);
            assert_true((len != 0) == (event_fields_of(kind, &count) != NULL));
            if (len == 0)
                continue;
            assert_null(memchr(line, '\n', len));
            assert_true(event_line_read(line, len, RECORD_FORMAT, NULL, &again));
            assert_memory_equal(&event, &again, sizeof event);
        }
}

/* A value without a word is not written; one that is written otherwise is not read. */
static void test_one_form_only(void **state)
{
    static const char good[] = "7\t2026-11-23T12:41:07.512Z\t+5\tgate\trelay\tkey=1\tgate=review\t"
                               "state=open\ttries-left=2\tquestion=type \\\\ \\x09";
    static const struct {
        const char *from, *to;
    } bad[] = {
        {"7\t", "07\t"},
        {"+5", "5"},
        {"2026", "2O26"},
        {"07.512Z", "67.512Z"},
        {"gate\trelay", "gates\trelay"},
        {"gate\trelay", "call\trelay"},
        {"relay", "rely"},
        {"key=1", "key=1x"},
        {"key=1\t", "key=1\tkey=1\t"},
        {"key=1", "key=4294967297"},
        {"gate=review", "gate=nowhere"},
        {"gate=review\tstate=open", "state=open\tgate=review"},
        {"state=open\t", "state=open\tstate=open\t"},
        {"tries-left=2", "tries-left=-2"},
        {"tries-left=2", "tries-left="},
        {"tries-left=2", "tries=2"},
        {"tries-left=2\t", "tries-left=2\t\t"},
        {"type ", "type \x01"},
        {"\\\\", "\\"},
        {"\\x09", "\\x0"},
        {"\\x09", "\\x41"},
        {"\\x09", "\\x09\t"},
        {"key=1\t", ""}, /* control: this one is good */
    };
    struct event event = full_event(EVENT_STEP, 0);
    char line[EVENT_LINE_MAX];

    (void)state;
    event.step.id = STEPS;
    assert_int_equal(event_line_write(&event, NULL, line), 0);
    assert_true(event_line_read(good, strlen(good), RECORD_FORMAT, NULL, &event));
    assert_string_equal(event.gate.question, "type \\ \t");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *place = strstr(good, bad[i].from);
        snprintf(line, sizeof line, "%.*s%s%s", (int)(place - good), good, bad[i].to,
                 place + strlen(bad[i].from));
        assert_int_equal(event_line_read(line, strlen(line), RECORD_FORMAT, NULL, &event),
                         bad[i].to[0] == '\0');
    }
    assert_false(event_line_read("", 0, RECORD_FORMAT, NULL, &event));
    assert_false(event_line_read(good, 12, RECORD_FORMAT, NULL, &event));
}

/* What a format did not have yet is in none of its journals. */
static void test_formats(void **state)
{
    static const char begin[] = "1\t2026-11-23T12:41:07.512Z\t+0\tbegin\trelay\ttitle=t";
    static const char *const later[] = {"\tfile-sha256=ab", "\tconfinement=x"};
    struct event event = full_event(EVENT_LOADED, 1);
    char line[EVENT_LINE_MAX];
    size_t len = event_line_write(&event, NULL, line);

    (void)state;
    assert_true(event_line_read(line, len, 2, NULL, &event));
    assert_false(event_line_read(line, len, 1, NULL, &event));
    assert_true(event_line_read(begin, strlen(begin), 1, NULL, &event));
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        len = (size_t)snprintf(line, sizeof line, "%s%s", begin, later[i]);
        assert_true(event_line_read(line, len, 2, NULL, &event));
        assert_false(event_line_read(line, len, 1, NULL, &event));
    }
}

/* What was said is not said again; the reader knows what it was, and takes no other line. */
static void test_said_once(void **state)
{
    static const char *const lines[] = {
        "2\t2026-11-23T12:41:07.514Z\t+3\tbegin\trelay\ttitle=t",
        "4\t12:41:07.516Z\tstep\tsource\tkey=1\tstep=wrap-key\tstate=ok\tcall=c\tbytes=40",
        "6\t12:41:07.518Z\tstep\tsource\tkey=2\tstep=wrap-key\tstate=ok\tbytes=48",
        "8\t12:41:07.518Z\t+6\tstep\tsource\tkey=3\tstep=wrap-key\tstate=begun",
        "10\t12:41:07.519Z\tstep\tsource\tkey=3\tstep=wrap-key\tstate=ok\tcall=\tbytes=\ttext=t",
        "12\t2026-11-24T00:00:00.000Z\tstep\tsource\tkey=4\tstep=wrap-key\tstate=ok",
        "14\t2026-11-24T00:00:00.001Z\t+40732489\tend\trelay\toutcome=complete",
    };
    static const char *const wrong[] = {
        "12\t2026-11-24T00:00:00.000Z\tstep\tsource\tkey=4\tstep=wrap-key\tstate=ok\ttext=t",
        "12\t2026-11-24T00:00:00.000Z\tstep\tsource\tkey=4\tstep=wrap-key\tstate=ok\tcall=",
        "12\t2026-11-24T00:00:00.000Z\t+40732488\tstep\tsource\tkey=4\tstep=wrap-key\tstate=ok",
        "12\t2026-11-24T00:00:00.000Z\tstep\tsource\tkey=4\tstate=ok",
        "12\t00:00:00.000Z\tend\trelay\toutcome=complete",
    };
    struct event_said said = {0};
    struct event event, full;
    struct err err;
    char line[EVENT_LINE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        for (size_t w = 0; i == 5 && w < sizeof wrong / sizeof wrong[0]; w++)
            if (event_line_read(wrong[w], strlen(wrong[w]), 3, &said, &event))
                fail_msg("%s", wrong[w]);
        assert_true(event_line_read(lines[i], strlen(lines[i]), 3, &said, &event));
        assert_int_equal(event_line_write(&event, &said, line), strlen(lines[i]));
        size_t len = event_line_write(&event, NULL, line); /* the whole event is there */
        assert_true(event_line_read(line, len, 2, NULL, &full));
        assert_memory_equal(&event, &full, sizeof event);
        if (i == 2)
            assert_string_equal(event.step.call, "c");
        if (i == 4)
            assert_true(event.step.call[0] == 0 && event.step.bytes == 0);
        assert_true(event_said_note(&said, &event, &err));
    }
    event_said_free(&said);
}

/* Events of each kind after one of the same form, full of every byte there is. */
static void test_round_trip_after(void **state)
{
    struct event_said said = {0};
    char line[EVENT_LINE_MAX];
    struct err err;
    size_t count;

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (enum event_kind kind = 0; kind < EVENT_KINDS; kind++) {
            struct event event = full_event(kind, (uint8_t)byte), again;
            if (!event_fields_of(kind, &count))
                continue;
            size_t len = event_line_write(&event, &said, line);
            assert_true(len > 0 && event_line_read(line, len, RECORD_FORMAT, &said, &again));
            assert_memory_equal(&event, &again, sizeof event);
            assert_true(event_said_note(&said, &event, &err));
        }
    event_said_free(&said);
}

/* --- the file --- */

/* A folder for each test. */
struct fixture {
    char folder[64];
    char path[PATH_SIZE]; /* of its journal */
    struct report *report;
    struct event_log log;
    struct err err;
    uint64_t seq;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    /* Thousands of files are written and read: not on a disk, where that can be had. */
    snprintf(f->folder, sizeof f->folder, "%s/hsmferry-journal.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];
    struct dirent *entry;

    report_free(f->report);
    event_log_free(&f->log);
    DIR *dir = opendir(f->folder);
    while (dir && (entry = readdir(dir))) {
        snprintf(path, sizeof path, "%s/%s", f->folder, entry->d_name);
        remove(path);
    }
    if (dir)
        closedir(dir);
    rmdir(f->folder);
    free(f);
    return 0;
}

static void start(struct fixture *f)
{
    assert_true(report_new(f->folder, "Move", BEGAN, &f->report, &f->err));
    snprintf(f->path, sizeof f->path, "%s", report_journal(f->report));
    f->seq = 0;
}

static bool emit(struct fixture *f, struct event event)
{
    struct event_sink *sink = report_sink(f->report);

    event.seq = f->seq += 2; /* not every event is recorded */
    event.utc_ms = BEGAN + (int64_t)f->seq;
    return sink->emit(sink, &event, &f->err);
}

static struct event step(enum step_id id, enum event_state state)
{
    return (struct event){
        .kind = EVENT_STEP, .side = step_side(id), .step = {.id = id, .state = state}};
}

static struct event ending(int exit_code)
{
    struct event event = {.kind = EVENT_END, .side = SIDE_RELAY};

    event.end.exit_code = exit_code;
    return event;
}

/* A ceremony with an event of each kind, up to its end. */
static void tell_all(struct fixture *f)
{
    start(f);
    for (enum event_kind kind = 0; kind < EVENT_END; kind++)
        assert_true(emit(f, full_event(kind, 'k')));
    assert_true(emit(f, step(STEP_MAKE_PAIR, EVENT_BEGUN)));
}

static size_t slurp(const char *path, char *text)
{
    int fd = open(path, O_RDONLY);
    ssize_t len = read(fd, text, FILE_MAX);

    close(fd);
    assert_in_range(len, 0, FILE_MAX - 1);
    return (size_t)len;
}

static void spill(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

static bool reads(struct fixture *f, bool *torn)
{
    event_log_free(&f->log);
    err_clear(&f->err);
    return journal_read(f->path, &f->log, torn, &f->err);
}

static void test_what_is_written(void **state)
{
    static const char first[] = "hsmferry-journal/3\n"
                                "2\t2026-11-23T12:41:07.514Z\t-107\tbegin\trelay\tkey=107\t";
    struct fixture *f = *state;
    struct event event;
    struct stat st;
    char text[FILE_MAX];
    size_t at = 0;
    bool torn;

    tell_all(f);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    text[slurp(f->path, text)] = '\0';
    assert_memory_equal(text, first, sizeof first - 1);
    assert_true(reads(f, &torn));
    assert_false(torn);
    assert_int_equal(f->log.records,
                     EVENT_END - 2 + 1); /* no calls and comparisons, but a step more */
    assert_true(event_log_next(&f->log, UINT64_C(1) << EVENT_KEY_DONE, &at, &event));
    struct event reported = full_event(EVENT_KEY_DONE, 'k');
    assert_memory_equal(&reported.key_done, &event.key_done, sizeof reported.key_done);
}

/* Report from the journal: the same bytes, whether the ceremony ended or was cut off. */
static void test_report_again(void **state)
{
    struct fixture *f = *state;
    char live[FILE_MAX], again[FILE_MAX], path[PATH_SIZE];
    bool torn;

    tell_all(f);
    snprintf(path, sizeof path, "%s/again", f->folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(report_again(f->path, fd, &torn, &f->err));
    close(fd);
    again[slurp(path, again)] = '\0';
    assert_non_null(strstr(again, "the ceremony was interrupted"));
    assert_non_null(strstr(again, "exit-code: 3"));

    assert_true(emit(f, ending(0)));
    size_t len = slurp(report_path(f->report), live);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(report_again(f->path, fd, &torn, &f->err));
    close(fd);
    assert_int_equal(slurp(path, again), len);
    assert_memory_equal(live, again, len);
    assert_non_null(memmem(live, len, "\njournal:\n  file: ", 18));
}

/* The error names this line, or lines of one sum with this one among them. */
static bool names_line(const struct fixture *f, size_t line)
{
    size_t from, to;

    if (sscanf(f->err.what, "Lines %zu to %zu of", &from, &to) != 2) {
        const char *since = strstr(f->err.what, "since line ");
        if (sscanf(f->err.what, "Line %zu of", &to) != 1)
            return false;
        from = since ? strtoul(since + strlen("since line "), NULL, 10) : to;
    }
    return from <= line && line <= to && to - from < JOURNAL_WINDOW;
}

/* Any bit that is changed: refused, and the line is named. */
static void test_altered(void **state)
{
    struct fixture *f = *state;
    char text[FILE_MAX];
    bool torn;

    tell_all(f);
    size_t len = slurp(f->path, text), line = 1;
    for (size_t i = 0; i < len; i++) {
        char was = text[i];
        text[i] = (char)(was ^ 1);
        spill(f->path, text, len);
        if (i + 1 < len) { /* the last newline: see below */
            assert_false(reads(f, &torn));
            assert_int_equal(f->err.code, ERR_DATA);
            if (line == 1 && was != '0' + RECORD_FORMAT)
                assert_non_null(strstr(f->err.what, "not a journal"));
            else /* of an older format, the second line is not as it should be */
                assert_true(names_line(f, line > 1 ? line : 2));
        }
        text[i] = was;
        line += was == '\n';
    }
    spill(f->path, text, len);
    assert_true(reads(f, &torn));
}

/* Cut off anywhere: what stands before the torn line is there, nothing more. */
static void test_torn(void **state)
{
    struct fixture *f = *state;
    char text[FILE_MAX];
    size_t lines = 0;
    bool torn;

    tell_all(f);
    size_t len = slurp(f->path, text);
    for (size_t i = 0; i < len; i++) {
        spill(f->path, text, i);
        if (i == 0) {
            assert_false(reads(f, &torn));
            assert_non_null(strstr(f->err.what, "is empty"));
            continue;
        }
        lines += text[i - 1] == '\n';
        assert_true(reads(f, &torn));
        assert_int_equal(torn, text[i - 1] != '\n');
        assert_int_equal(f->log.records, lines ? lines - 1 : 0);
    }
    memset(text + len, 0, 4096); /* as a file system may leave it after a power cut */
    spill(f->path, text, len + 4096);
    assert_true(reads(f, &torn));
    assert_true(torn);
    memset(text, 'x', sizeof text);
    memcpy(text, "hsmferry-journal/2\n", 19);
    spill(f->path, text, sizeof text);
    assert_false(reads(f, &torn));
    assert_non_null(strstr(f->err.what, "Line 2 of"));
}

/* A sum is where something must be on the disk, and on one line of each window; what comes after
 * the last one is there, too. */
static void test_windows(void **state)
{
    enum { STEPS_OF_KEYS = 100 };
    struct fixture *f = *state;
    static char text[FILE_MAX];
    size_t sums = 0, most = 0, lines = 0;
    bool torn;

    start(f);
    assert_true(emit(f, (struct event){.kind = EVENT_BEGIN, .side = SIDE_RELAY}));
    for (unsigned i = 0; i < STEPS_OF_KEYS; i++)
        assert_true(emit(f, step(STEP_UNWRAP_KEY, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_COMMIT, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_COMMIT, EVENT_OK)));
    size_t len = slurp(f->path, text);
    for (char *at = text, *end; (end = memchr(at, '\n', (size_t)(text + len - at))); at = end + 1) {
        bool sum = memmem(at, (size_t)(end - at), "\tsum=", 5) != NULL;
        lines = sum ? 0 : lines + 1;
        most = most < lines ? lines : most;
        sums += sum;
        assert_true(sum || !memmem(at, (size_t)(end - at), "commit\tstate=begun", 18));
    }
    assert_int_equal(sums, STEPS_OF_KEYS / JOURNAL_WINDOW + 1);
    assert_int_equal(most, JOURNAL_WINDOW); /* with the line of the format */
    assert_true(reads(f, &torn));
    assert_int_equal(f->log.records, STEPS_OF_KEYS + 3);
}

/* Lines left out, told twice, exchanged, or taken from another ceremony. */
static void test_rearranged(void **state)
{
    struct fixture *f = *state;
    char text[FILE_MAX], other[FILE_MAX];
    char *line[64];
    size_t len, count = 0;
    bool torn;

    tell_all(f);
    len = slurp(f->path, text);
    for (char *at = text; at < text + len; at = (char *)memchr(at, '\n', len) + 1)
        line[count++] = at;
    line[count] = text + len;
    for (size_t i = 1; i + 1 < count; i++) {
        size_t before = (size_t)(line[i] - text), one = (size_t)(line[i + 1] - line[i]);
        size_t two = (size_t)(line[i + 2] - line[i + 1]), rest = len - before - one;

        memcpy(other, text, before); /* left out */
        memcpy(other + before, line[i + 1], rest);
        spill(f->path, other, before + rest);
        assert_false(reads(f, &torn));
        memcpy(other + before, line[i], one); /* twice */
        memcpy(other + before + one, line[i], one + rest);
        spill(f->path, other, len + one);
        assert_false(reads(f, &torn));
        memcpy(other + before, line[i + 1], two); /* exchanged */
        memcpy(other + before + two, line[i], one);
        memcpy(other + before + two + one, line[i + 2], rest - two);
        spill(f->path, other, len);
        assert_false(reads(f, &torn));
        assert_int_equal(f->err.code, ERR_DATA);
    }
}

/* A chain that holds is not enough: it must begin with a beginning and end with the end. */
static void test_misplaced(void **state)
{
    struct fixture *f = *state;
    static const struct {
        enum event_kind kinds[3];
        bool good;
    } rows[] = {
        {{EVENT_BEGIN, EVENT_POLICY, EVENT_END}, true},
        {{EVENT_POLICY, EVENT_BEGIN, EVENT_END}, false},
        {{EVENT_BEGIN, EVENT_BEGIN, EVENT_END}, false},
        {{EVENT_BEGIN, EVENT_END, EVENT_POLICY}, false},
    };
    int folder = open(f->folder, O_RDONLY | O_DIRECTORY);
    bool torn;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct journal *j;
        char name[8];
        snprintf(name, sizeof name, "j%zu", i);
        snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
        assert_true(journal_new(folder, name, f->path, &j, &f->err));
        for (unsigned n = 0; n < 3; n++) {
            struct event event = full_event(rows[i].kinds[n], (uint8_t)n);
            assert_true(journal_add(j, &event, &f->err));
        }
        journal_free(j, false);
        assert_int_equal(reads(f, &torn), rows[i].good);
    }
    close(folder);
}

/* Whom else it could belong to, and what is no journal. */
static void test_not_to_be_trusted(void **state)
{
    struct fixture *f = *state;
    char link[PATH_SIZE];
    bool torn;

    tell_all(f);
    assert_int_equal(chmod(f->path, 0622), 0);
    assert_false(reads(f, &torn));
    assert_int_equal(f->err.code, ERR_DENIED);
    assert_int_equal(chmod(f->path, 0600), 0);
    assert_true(reads(f, &torn));
    snprintf(link, sizeof link, "%s/link", f->folder);
    assert_int_equal(symlink(f->path, link), 0);
    snprintf(f->path, sizeof f->path, "%s", link);
    assert_false(reads(f, &torn));
    assert_int_equal(f->err.code, ERR_DENIED);
    strcat(f->path, "x");
    assert_false(reads(f, &torn));
    assert_int_equal(f->err.code, ERR_NO_INPUT);
}

/* A process that dies: what it told is there, the step it was in too. */
static void test_killed(void **state)
{
    struct fixture *f = *state;
    struct event event;
    size_t at = 0;
    bool torn, found = false;

    start(f); /* another one of this second: the child's has a number behind */
    pid_t child = fork();
    if (child == 0) {
        report_free(f->report);
        tell_all(f);
        emit(f, step(STEP_COMMIT, EVENT_BEGUN));
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(reads(f, &torn));
    while (event_log_next(&f->log, UINT64_C(1) << EVENT_STEP, &at, &event))
        found |= event.step.id == STEP_COMMIT && event.step.state == EVENT_BEGUN;
    assert_true(found);
}

/* One that tells of nothing but looking around is taken away. */
static void test_nothing_begun(void **state)
{
    struct fixture *f = *state;

    start(f);
    assert_true(emit(f, full_event(EVENT_BEGIN, 1)));
    assert_int_equal(access(f->path, F_OK), 0);
    report_free(f->report);
    f->report = NULL;
    assert_int_equal(access(f->path, F_OK), -1);
    start(f);
    assert_true(emit(f, full_event(EVENT_BEGIN, 1)));
    assert_true(emit(f, step(STEP_MAKE_PAIR, EVENT_BEGUN)));
    report_free(f->report);
    f->report = NULL;
    assert_int_equal(access(f->path, F_OK), 0);
}

/* The beginning of a ceremony between two HSMs. */
static struct event begin_of_two(void)
{
    struct event event = full_event(EVENT_BEGIN, 1);

    memset(event.begin.service, 0, sizeof event.begin.service);
    return event;
}

static struct event canary(enum canary_state state)
{
    struct event event = full_event(EVENT_CANARY, 1);

    event.canary.state = state;
    return event;
}

/* ... and so is one of a canary that left nothing; but not while an object of it may be there. */
static void test_canary_stays_until_clean(void **state)
{
    static const struct {
        enum canary_state reported[3];
        bool stays;
    } rows[] = {
        {{CANARY_COMMITS, CANARY_PASSED, CANARY_CLEAN}, false},
        {{CANARY_COMMITS, CANARY_FAILED, CANARY_FAILED}, true},
        {{CANARY_COMMITS, CANARY_CLEAN, CANARY_COMMITS}, true},
        {{CANARY_PASSED, CANARY_FAILED, CANARY_IMPOSSIBLE}, false},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct history history;
        bool torn;
        start(f);
        assert_true(emit(f, begin_of_two()));
        for (size_t n = 0; n < 3; n++)
            assert_true(emit(f, canary(rows[i].reported[n])));
        assert_true(reads(f, &torn));
        history = history_of(&f->log);
        assert_int_equal(history.begun, rows[i].stays);
        assert_int_equal(history_is_open(&history), rows[i].stays);
        report_free(f->report);
        f->report = NULL;
        assert_int_equal(access(f->path, F_OK), rows[i].stays ? 0 : -1);
        unlink(f->path);
    }
}

/* A ceremony for a key service leaves nothing to resume, though a step was begun. */
static void test_sealing_is_never_open(void **state)
{
    struct fixture *f = *state;

    for (unsigned sealed = 0; sealed < 2; sealed++) {
        struct history history;
        bool torn;
        start(f);
        assert_true(emit(f, sealed ? full_event(EVENT_BEGIN, 1) : begin_of_two()));
        assert_true(emit(f, step(STEP_WRAP_KEK, EVENT_BEGUN)));
        assert_true(reads(f, &torn));
        history = history_of(&f->log);
        assert_true(history.begun);
        assert_int_equal(history_is_open(&history), !sealed);
        report_free(f->report);
        f->report = NULL;
        unlink(f->path);
    }
}

/* Who resumes another and has looked at both tokens has that one's open ends, also before a step.
 */
static void test_taken_over_is_open(void **state)
{
    struct fixture *f = *state;

    for (unsigned resumes = 0; resumes < 2; resumes++)
        for (unsigned looks = 0; looks < 2; looks++) {
            struct event begin = begin_of_two();
            struct event looked = full_event(EVENT_INVENTORY, 1);
            struct history history;
            bool torn;
            memset(begin.begin.resumes, 0, sizeof begin.begin.resumes);
            strcpy(begin.begin.resumes, resumes ? "0123456789abcdef" : "");
            looked.side = SIDE_DESTINATION;
            looked.inventory.after = !looks;
            start(f);
            assert_true(emit(f, begin));
            assert_true(emit(f, looked));
            assert_true(reads(f, &torn));
            history = history_of(&f->log);
            assert_int_equal(history_is_open(&history), resumes && looks);
            report_free(f->report);
            f->report = NULL;
            unlink(f->path);
        }
}

/* Once a line cannot be written no step begins, but those that clean up. What stands there stays
 * true, and there is no report that says all is well. */
static void test_disk_fault(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, tiny;
    bool torn;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    tiny = before;
    tiny.rlim_cur = 500;
    start(f);
    assert_true(emit(f, full_event(EVENT_BEGIN, 0)));
    assert_true(emit(f, step(STEP_MAKE_PAIR, EVENT_BEGUN)));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    bool announced = emit(f, full_event(EVENT_KEY_DONE, 'x')); /* a long one */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(announced);
    assert_int_equal(f->err.code, ERR_IO);
    assert_false(emit(f, step(STEP_MAKE_KEK, EVENT_BEGUN)));
    assert_true(emit(f, step(STEP_MAKE_PAIR, EVENT_FAILED)));
    assert_true(emit(f, step(STEP_DESTROY, EVENT_BEGUN)));
    assert_false(emit(f, ending(0)));
    assert_null(report_path(f->report));
    assert_true(reads(f, &torn));
    assert_true(torn);
    assert_int_equal(f->log.records, 2);
}

/* ... and one that tells how it failed is written. */
static void test_disk_fault_told(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, tiny;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    tiny = before;
    tiny.rlim_cur = 100;
    start(f);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    bool announced = emit(f, full_event(EVENT_BEGIN, 'x'));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(announced);
    assert_true(emit(f, ending(74)));
    assert_non_null(report_path(f->report));
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_has_a_row),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_one_form_only),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_said_once),
        cmocka_unit_test(test_round_trip_after),
        TEST(what_is_written),
        TEST(report_again),
        TEST(altered),
        TEST(torn),
        TEST(windows),
        TEST(rearranged),
        TEST(misplaced),
        TEST(not_to_be_trusted),
        TEST(killed),
        TEST(nothing_begun),
        TEST(canary_stays_until_clean),
        TEST(sealing_is_never_open),
        TEST(taken_over_is_open),
        TEST(disk_fault),
        TEST(disk_fault_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
