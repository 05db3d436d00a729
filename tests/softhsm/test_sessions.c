/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sessions of one login, through an agent: they work at the same time, and end together. A
 * call that waits for a file shows what other calls can do meanwhile; no time is measured.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "link/remote.h"
#include "tests/softhsm/tokens.h"

enum { LIMIT_MS = 60000, THREADS = 4 };

static struct tokens tokens;
static struct err err;
static char folder[128]; /* of the shim */
static const char label[] = "hsmferry:sessions";

static void must(bool ok)
{
    if (!ok)
        fail_msg("%s", err.what);
}

static void text_of(char out[512], const char *name, const char *value)
{
    snprintf(out, 512, "%s=%s", name, value);
}

/* The old token, behind a module that does this. */
static struct hsm *enter(const char *fault)
{
    const char *build = getenv("abs_top_builddir");
    static char agent[512], conf[512], module[512], count[512], faults[512];
    const char *const argv[] = {agent, NULL};
    const char *const environment[] = {conf, module, count, faults, NULL};
    struct remote_setup setup = {
        .where = {.api = "pkcs11", .environment_trusted = true},
        .argv = argv,
        .environment = environment,
        .limit_ms = LIMIT_MS,
        .abandon_fd = -1,
    };
    struct secret pin = {0};
    struct hsm *hsm = NULL;
    static unsigned folders;

    snprintf(folder, sizeof folder, "%s/calls-%u", tokens.dir, folders++);
    assert_int_equal(mkdir(folder, 0700), 0);
    snprintf(agent, sizeof agent, "%s/hsmferry-agent", build ? build : ".");
    snprintf(setup.where.module, sizeof setup.where.module, "%s/tests/faults/shim.so",
             build ? build : ".");
    snprintf(setup.where.dialect, sizeof setup.where.dialect, "%s", tokens_dialect());
    text_of(conf, "SOFTHSM2_CONF", getenv("SOFTHSM2_CONF"));
    text_of(module, "SHIM_MODULE", tokens.module);
    text_of(count, "SHIM_COUNT", folder);
    text_of(faults, "SHIM_FAULT", fault);
    must(remote_open(&setup, &hsm, &err));
    must(secret_new(&pin, SECRET_PIN_MAX, &err) &&
         secret_set(&pin, TOKENS_PIN, strlen(TOKENS_PIN), &err));
    must(hsm->driver->login(hsm, tokens.slot[TOKENS_OLD], &pin, &err));
    secret_free(&pin);
    return hsm;
}

static unsigned sessions(struct hsm *hsm, unsigned wanted)
{
    unsigned have = 0;

    must(hsm->driver->sessions(hsm, wanted, &have, &err));
    return have;
}

static size_t objects(struct hsm *hsm)
{
    uint64_t *handles;
    size_t count;

    must(hsm->driver->handles(hsm, &handles, &count, &err));
    free(handles);
    return count;
}

/* --- threads that make a key --- */

struct caller {
    struct hsm *hsm;
    pthread_t thread;
    bool ok;
    uint64_t handle;
    struct err err;
};

static void *make(void *arg)
{
    struct caller *c = arg;

    c->ok = c->hsm->driver->make_kek(c->hsm, 256, label, &c->handle, &c->err);
    return NULL;
}

static void start(struct caller *c, struct hsm *hsm)
{
    *c = (struct caller){.hsm = hsm};
    assert_int_equal(pthread_create(&c->thread, NULL, make, c), 0);
}

/* How often was the module asked for this? */
static unsigned calls(const char *function)
{
    char path[256], line[64];
    unsigned count = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/calls", folder);
    file = fopen(path, "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strncmp(line, function, strlen(function)) == 0 && line[strlen(function)] == ' ';
    fclose(file);
    return count;
}

static void wait_for_calls(const char *function, unsigned count)
{
    while (calls(function) < count)
        usleep(1000);
}

static void let_go(void)
{
    char path[256];

    snprintf(path, sizeof path, "%s/let-go", folder);
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Three calls are held up, and the fourth session answers; then so do they. */
static void test_sessions_answer_at_the_same_time(void **state)
{
    struct hsm *hsm = enter("wait:C_GenerateKey:0");
    struct caller callers[THREADS - 1];

    (void)state;
    assert_int_equal(sessions(hsm, THREADS), THREADS);
    for (size_t i = 0; i < THREADS - 1; i++)
        start(&callers[i], hsm);
    wait_for_calls("C_GenerateKey", THREADS - 1);
    assert_int_equal(objects(hsm), 0); /* with fewer sessions, after LIMIT_MS: no answer */
    let_go();
    for (size_t i = 0; i < THREADS - 1; i++) {
        pthread_join(callers[i].thread, NULL);
        if (!callers[i].ok)
            fail_msg("%s", callers[i].err.what);
        for (size_t j = 0; j < i; j++)
            assert_true(callers[i].handle != callers[j].handle);
    }
    assert_int_equal(objects(hsm), THREADS - 1);
    hsm->driver->close(hsm);
}

/* The control: with one session, the second thread does not reach the module before the first
 * has its answer. */
static void test_one_session_answers_one_after_the_other(void **state)
{
    struct hsm *hsm = enter("wait:C_GenerateKey:1");
    struct caller callers[2];

    (void)state;
    assert_int_equal(sessions(hsm, 1), 1);
    start(&callers[0], hsm);
    wait_for_calls("C_GenerateKey", 1);
    start(&callers[1], hsm);
    usleep(50000); /* enough for the call that must not come; if it is late, nothing is shown */
    assert_int_equal(calls("C_GenerateKey"), 1);
    let_go();
    for (size_t i = 0; i < 2; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_true(callers[i].ok);
    }
    hsm->driver->close(hsm);
}

/* --- how many there are --- */

static void test_a_module_that_cannot_lock_has_one_session(void **state)
{
    struct hsm *hsm = enter("fail:C_Initialize:1:0xA"); /* CKR_CANT_LOCK */
    struct caller callers[THREADS];

    (void)state;
    assert_int_equal(sessions(hsm, THREADS), 1);
    assert_int_equal(calls("C_OpenSession"), 1);
    for (size_t i = 0; i < THREADS; i++)
        start(&callers[i], hsm);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_true(callers[i].ok);
    }
    hsm->driver->close(hsm);
}

static void test_a_token_has_as_many_sessions_as_it_opens(void **state)
{
    struct hsm *hsm = enter("fail:C_OpenSession:3:0xB1"); /* CKR_SESSION_COUNT */

    (void)state;
    assert_int_equal(sessions(hsm, THREADS), 2);
    assert_int_equal(calls("C_OpenSession"), 3);
    hsm->driver->close(hsm);
}

static void test_there_is_a_limit(void **state)
{
    struct hsm *hsm = enter("");

    (void)state;
    assert_int_equal(sessions(hsm, 1000), HSM_SESSIONS_MAX);
    hsm->driver->close(hsm);
}

/* --- the end --- */

/* The agent dies while all sessions are at work: each call fails, and every later one. */
static void test_all_calls_in_progress_fail_when_the_agent_dies(void **state)
{
    struct hsm *hsm = enter("wait:C_GenerateKey:1 wait:C_GenerateKey:2 wait:C_GenerateKey:3 "
                            "die:C_GenerateKey:4");
    struct caller callers[THREADS];
    uint64_t handle;

    (void)state;
    assert_int_equal(sessions(hsm, THREADS), THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        start(&callers[i], hsm);
        wait_for_calls("C_GenerateKey", i + 1);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(callers[i].thread, NULL);
        assert_false(callers[i].ok);
        assert_int_equal(callers[i].err.code, ERR_GONE);
        assert_non_null(strstr(callers[i].err.what, "killed by signal 9"));
    }
    assert_false(hsm->driver->make_kek(hsm, 256, label, &handle, &err));
    assert_int_equal(err.code, ERR_GONE);
    hsm->driver->close(hsm);
}

static int make_tokens(void **state)
{
    (void)state;
    return tokens_module() && tokens_make(&tokens) ? 0 : -1;
}

static int remove_tokens(void **state)
{
    (void)state;
    tokens_remove(&tokens);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions_answer_at_the_same_time),
        cmocka_unit_test(test_one_session_answers_one_after_the_other),
        cmocka_unit_test(test_a_module_that_cannot_lock_has_one_session),
        cmocka_unit_test(test_a_token_has_as_many_sessions_as_it_opens),
        cmocka_unit_test(test_there_is_a_limit),
        cmocka_unit_test(test_all_calls_in_progress_fail_when_the_agent_dies),
    };

    if (!tokens_module())
        return 77;
    return cmocka_run_group_tests(tests, make_tokens, remove_tokens);
}
