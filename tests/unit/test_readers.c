/* SPDX-License-Identifier: Apache-2.0 */
/* agent/readers.h: a list that several sessions read is the list that one session reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/readers.h"

enum { OBJECTS = 300, SLOW_NS = 2 * 1000 * READERS_SLOW_MICROS };

/* An HSM whose object n has the handle n + 1. */
struct slow {
    struct hsm base; /* first */
    struct slow *login;
    pthread_mutex_t lock;
    unsigned sessions, allowed; /* further ones: open, and that may be */
    unsigned opened, at_work, most_at_work, ends;
    uint64_t fails; /* at this handle; 0: never */
};

static const struct hsm_driver slow_driver;

static bool slow_some(struct hsm *hsm, const uint64_t *handles, size_t count, bool last,
                      struct key_list *list, struct err *err)
{
    struct slow *login = ((struct slow *)hsm)->login;
    bool ok = true;

    pthread_mutex_lock(&login->lock);
    login->ends += last;
    if (++login->at_work > login->most_at_work)
        login->most_at_work = login->at_work;
    pthread_mutex_unlock(&login->lock);
    for (size_t i = 0; ok && i < count; i++) {
        nanosleep(&(struct timespec){.tv_nsec = SLOW_NS}, NULL);
        if (handles[i] == login->fails)
            ok = err_set(err, ERR_HSM, "object %d fails", (int)handles[i]);
        else
            assert_true(key_list_add(list, &(struct key_desc){.handle = handles[i]}));
    }
    pthread_mutex_lock(&login->lock);
    login->at_work--;
    pthread_mutex_unlock(&login->lock);
    return ok;
}

static bool slow_another(struct hsm *hsm, struct hsm **out, struct err *err)
{
    struct slow *login = ((struct slow *)hsm)->login, *made;

    if (login->sessions == login->allowed)
        return err_set(err, ERR_HSM, "no session is left");
    made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->base.driver = &slow_driver;
    made->login = login;
    login->sessions++;
    login->opened++;
    *out = &made->base;
    return true;
}

static void slow_close(struct hsm *hsm)
{
    ((struct slow *)hsm)->login->sessions--;
    free(hsm);
}

static const struct hsm_driver slow_driver = {
    .name = "slow", .list_some = slow_some, .another = slow_another, .close = slow_close};

static struct slow make(unsigned allowed)
{
    return (struct slow){
        .base.driver = &slow_driver, .lock = PTHREAD_MUTEX_INITIALIZER, .allowed = allowed};
}

static bool read_all(struct slow *hsm, unsigned most, size_t objects, struct key_list *list,
                     struct err *err)
{
    struct readers readers = {0};
    uint64_t handles[OBJECTS];
    bool ok = true;

    hsm->login = hsm;
    for (size_t i = 0; i < objects; i++)
        handles[i] = i + 1;
    *list = (struct key_list){0};
    for (size_t at = 0, count; ok && at < objects; at += count)
        ok =
            readers_read(&readers, &hsm->base, most, handles + at, objects - at, &count, list, err);
    readers_end(&readers);
    assert_int_equal(hsm->sessions, 0);
    return ok;
}

static void check(unsigned allowed, unsigned most, size_t objects, unsigned opened)
{
    struct slow hsm = make(allowed);
    struct key_list list;
    struct err err = {0};

    assert_true(read_all(&hsm, most, objects, &list, &err));
    assert_int_equal(list.count, objects);
    for (size_t i = 0; i < objects; i++)
        assert_int_equal(list.keys[i].handle, i + 1);
    assert_int_equal(hsm.opened, opened);
    assert_int_equal(hsm.most_at_work, opened + 1);
    assert_int_equal(hsm.ends, 1);
    key_list_free(&list);
}

static void as_many_sessions_as_may_read_a_slow_list(void **state)
{
    (void)state;
    check(100, 16, OBJECTS, READERS_MAX - 1);
    check(100, 3, OBJECTS, 2);
    check(2, 16, OBJECTS, 2); /* the token has no more */
}

static void one_session_reads_alone(void **state)
{
    (void)state;
    check(100, 1, OBJECTS, 0); /* the ceremony file allows one */
    check(100, 0, OBJECTS, 0);
    check(0, 16, OBJECTS, 0);
    check(100, 16, READERS_AT_ONCE, 0); /* nothing is left for others */
}

static void one_failure_fails_the_list(void **state)
{
    static const uint64_t handles[] = {1, READERS_AT_ONCE + 1, 2 * READERS_AT_ONCE + 1, OBJECTS};

    (void)state;
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        struct slow hsm = make(100);
        struct key_list list;
        struct err err = {0};
        char what[32];
        hsm.fails = handles[i];
        assert_false(read_all(&hsm, 16, OBJECTS, &list, &err));
        snprintf(what, sizeof what, "object %d fails", (int)handles[i]);
        assert_string_equal(err.what, what);
        key_list_free(&list);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_sessions_as_may_read_a_slow_list),
        cmocka_unit_test(one_session_reads_alone),
        cmocka_unit_test(one_failure_fails_the_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
