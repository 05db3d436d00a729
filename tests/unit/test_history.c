/* SPDX-License-Identifier: Apache-2.0 */
/* journal/history.h: an interrupted ceremony is found in a folder of others, whose length costs
 * nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal/history.h"
#include "journal/journal.h"

enum { MANY = 2000, READ_ONCE = 1 << 17 };

struct fixture {
    char folder[32], open[EVENT_PATH_MAX];
    struct err err;
};

static struct event step_begun(void)
{
    return (struct event){.kind = EVENT_STEP,
                          .side = SIDE_DESTINATION,
                          .step = {.id = STEP_MAKE_PAIR, .state = EVENT_BEGUN}};
}

/* Writes a journal of so many steps; exit_code < 0: it was interrupted. */
static void write_journal(struct fixture *f, const char *name, const char *resumes, unsigned steps,
                          int exit_code)
{
    struct event events[] = {
        {.kind = EVENT_BEGIN, .side = SIDE_RELAY},
        step_begun(),
        {.kind = EVENT_INVENTORY, .side = SIDE_DESTINATION},
        {.kind = EVENT_END, .side = SIDE_RELAY, .end = {.exit_code = exit_code}}};
    int folder = open(f->folder, O_RDONLY | O_DIRECTORY);
    char path[EVENT_PATH_MAX];
    struct journal *j;
    uint64_t seq = 0;

    snprintf(path, sizeof path, "%s/%s.journal", f->folder, name);
    snprintf(events[0].begin.id, sizeof events[0].begin.id, "%s", name);
    snprintf(events[0].begin.resumes, sizeof events[0].begin.resumes, "%s", resumes);
    assert_true(journal_new(folder, strrchr(path, '/') + 1, path, &j, &f->err));
    for (size_t i = 0; i < sizeof events / sizeof events[0] - (exit_code < 0); i++)
        for (unsigned n = 0; n < (events[i].kind == EVENT_STEP ? steps : 1); n++) {
            events[i].seq = ++seq;
            assert_true(journal_add(j, &events[i], &f->err));
        }
    journal_free(j, false);
    close(folder);
}

static bool finds(struct fixture *f)
{
    f->err = (struct err){0};
    return history_find(f->folder, f->open, &f->err);
}

/* How many bytes this process has read so far, from whatever. */
static uint64_t bytes_read(void)
{
    FILE *io = fopen("/proc/self/io", "r");
    uint64_t bytes;

    assert_non_null(io);
    assert_int_equal(fscanf(io, "rchar: %" SCNu64, &bytes), 1);
    fclose(io);
    return bytes;
}

/* Replaces one byte in the middle of a journal. */
static void alter(const struct fixture *f, const char *name)
{
    char path[EVENT_PATH_MAX];

    snprintf(path, sizeof path, "%s/%s.journal", f->folder, name);
    int fd = open(path, O_RDWR);
    off_t middle = lseek(fd, 0, SEEK_END) / 2;
    assert_true(middle > 0);
    assert_int_equal(pwrite(fd, "!", 1, middle), 1);
    close(fd);
}

static void test_end_is_enough(void **state)
{
    struct fixture *f = *state;

    write_journal(f, "long", "", MANY, 0);
    const uint64_t before = bytes_read();
    assert_false(finds(f));
    assert_int_equal(f->err.code, ERR_NONE);
    assert_in_range(bytes_read() - before, 1, READ_ONCE);
    write_journal(f, "open", "", MANY, -1);
    const uint64_t between = bytes_read();
    assert_true(finds(f));
    assert_in_range(bytes_read() - between, READ_ONCE + 1, UINT64_MAX); /* the control */
    assert_non_null(strstr(f->open, "/open.journal"));
}

/* Exit code 3 says that something is open; the steps say whether. */
static void test_end_that_is_open(void **state)
{
    struct fixture *f = *state;

    write_journal(f, "left", "", 1, err_exit(ERR_UNFINISHED));
    assert_true(finds(f));
    write_journal(f, "settles", "left", 1, 0);
    assert_false(finds(f));
    assert_int_equal(f->err.code, ERR_NONE);
}

/* One that is open, or that settles another, is read to its last sum. */
static void test_altered_is_refused(void **state)
{
    static const struct {
        const char *resumes;
        int exit_code;
        bool refused;
    } rows[] = {{"", -1, true}, {"other", 0, true}, {"", 3, true}, {"", 0, false}, {"", 2, false}};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[EVENT_PATH_MAX];
        write_journal(f, "j", rows[i].resumes, MANY, rows[i].exit_code);
        alter(f, "j");
        assert_false(finds(f));
        assert_int_equal(f->err.code, rows[i].refused ? ERR_DATA : ERR_NONE);
        snprintf(path, sizeof path, "%s/j.journal", f->folder);
        unlink(path);
    }
}

/* An end that is torn off, or that something follows, is no end. */
static void test_end_is_last(void **state)
{
    struct fixture *f = *state;
    char path[EVENT_PATH_MAX];

    write_journal(f, "torn", "", 1, 0);
    snprintf(path, sizeof path, "%s/torn.journal", f->folder);
    int fd = open(path, O_RDWR);
    off_t size = lseek(fd, 0, SEEK_END);
    assert_int_equal(ftruncate(fd, size - 1), 0);
    assert_true(finds(f));
    assert_int_equal(ftruncate(fd, size - 1), 0);
    assert_int_equal(pwrite(fd, "\nx\n", 3, size - 1), 3);
    close(fd);
    assert_false(finds(f));
    assert_int_equal(f->err.code, ERR_DATA);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    strcpy(f->folder, "/tmp/hsmferry-history-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[64];

    snprintf(command, sizeof command, "rm -r %s", f->folder);
    int status = system(command);
    free(f);
    return status;
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(end_is_enough),
        TEST(end_that_is_open),
        TEST(altered_is_refused),
        TEST(end_is_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
