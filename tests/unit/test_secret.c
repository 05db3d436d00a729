/* SPDX-License-Identifier: Apache-2.0 */
/* base/secret.h and base/bytes.h: what is kept, what is guarded, what faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/secret.h"

/* AddressSanitizer shall answer a request for too much memory as malloc() does. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* Runs act in a child. Returns its exit status, or minus the signal that killed it. */
static int in_child(int (*act)(const struct secret *s), const struct secret *s)
{
    int status;
    pid_t child = fork();

    assert_int_not_equal(child, -1);
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not a sanitizer's report */
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        _exit(act(s));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void poke(const volatile uint8_t *at)
{
    *(volatile uint8_t *)(uintptr_t)at = 1;
}

static int write_first_and_last(const struct secret *s)
{
    poke(s->data);
    poke(s->data + s->cap - 1);
    return 0;
}

static int write_above(const struct secret *s)
{
    poke(s->data + s->cap);
    return 0;
}

static int write_below(const struct secret *s)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    poke(s->data + s->cap - (s->cap + page - 1) / page * page - 1);
    return 0;
}

static void test_guard_pages(void **state)
{
    static const size_t caps[] = {1, SECRET_PIN_MAX, 4096, 4097, 100000};

    (void)state;
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        struct secret s = {0};
        assert_true(secret_new(&s, caps[i], NULL));
        assert_int_equal(in_child(write_first_and_last, &s), 0); /* control */
        assert_int_equal(in_child(write_above, &s), -SIGSEGV);
        assert_int_equal(in_child(write_below, &s), -SIGSEGV);
        secret_free(&s);
    }
}

static char ordinary[] = "1234";

/* 0: the child sees zeros where the secret was, and ordinary memory as it was. */
static int see_nothing(const struct secret *s)
{
    for (size_t i = 0; i < s->cap; i++)
        if (s->data[i] != 0)
            return 1;
    return strcmp(ordinary, "1234") == 0 ? 0 : 2;
}

static void test_a_child_does_not_inherit(void **state)
{
    struct secret s = {0};
    struct secret control = {.data = (uint8_t *)ordinary, .len = 4, .cap = 4};

    (void)state;
    assert_true(secret_new(&s, 8, NULL));
    assert_true(secret_set(&s, "1234", 4, NULL));
    assert_int_equal(in_child(see_nothing, &s), 0);
    assert_int_equal(in_child(see_nothing, &control), 1);
    assert_memory_equal(s.data, "1234", 4);
    secret_free(&s);
}

/* The kernel's flags of the mapping that holds at ("rd wr mr ... "), from /proc/self/smaps. */
static void vm_flags(const void *at, char *flags, size_t size)
{
    FILE *f = fopen("/proc/self/smaps", "re");
    unsigned long first, last;
    bool inside = false;
    char line[512];

    assert_non_null(f);
    flags[0] = '\0';
    while (fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &first, &last) == 2)
            inside = first <= (uintptr_t)at && (uintptr_t)at < last;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, size, "%.*s", (int)strcspn(line + 8, "\n"), line + 8);
    }
    fclose(f);
}

static void test_kernel_flags(void **state)
{
    struct secret s = {0};
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *control = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char flags[256];

    (void)state;
    assert_ptr_not_equal(control, MAP_FAILED);
    assert_true(secret_new(&s, 32, NULL));
    vm_flags(control, flags, sizeof flags);
    assert_non_null(strstr(flags, " rd"));
    assert_null(strstr(flags, " dd"));
    assert_null(strstr(flags, " wf"));
    assert_null(strstr(flags, " lo"));
    vm_flags(s.data, flags, sizeof flags);
    assert_non_null(strstr(flags, " dd")); /* not in core dumps */
    assert_non_null(strstr(flags, " wf")); /* wiped on fork */

    /* Locked, where anything can be: a limit may forbid it, and sanitizers make mlock() do nothing.
     */
    bool locked = strstr(flags, " lo") != NULL;
    mlock(control, page);
    vm_flags(control, flags, sizeof flags);
    assert_int_equal(locked, strstr(flags, " lo") != NULL);
    munmap(control, page);
    secret_free(&s);
}

/* Where memory may not be locked, a secret is still made. */
static int without_lock(const struct secret *s)
{
    struct secret own = {0};

    (void)s;
    /* CAP_IPC_LOCK would go past the limit: only an ordinary user shows what it does. */
    if (setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0}) != 0 ||
        (geteuid() == 0 && setuid(65534) != 0))
        return 1;
    return secret_new(&own, 32, NULL) && secret_set(&own, "1234", 4, NULL) ? 0 : 2;
}

static void test_lock_may_be_forbidden(void **state)
{
    (void)state;
    assert_int_equal(in_child(without_lock, NULL), 0);
}

static void test_free_unmaps(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct secret s = {0};

    (void)state;
    assert_true(secret_new(&s, page, NULL)); /* a whole page: data is where the page begins */
    uint8_t *was = s.data;
    for (int i = -1; i <= 1; i++)
        assert_int_equal(msync(was + i * (long)page, page, MS_ASYNC), 0); /* control */
    secret_free(&s);
    for (int i = -1; i <= 1; i++)
        assert_int_equal(msync(was + i * (long)page, page, MS_ASYNC), -1);
    assert_null(s.data);
    assert_int_equal(s.len, 0);
    assert_int_equal(s.cap, 0);
    secret_free(&s);
    secret_free(NULL);
}

static void test_set_replaces_all(void **state)
{
    struct secret s = {0};
    struct err err = {0};

    (void)state;
    assert_true(secret_new(&s, 8, &err));
    assert_int_equal(s.cap, 8);
    assert_int_equal(s.len, 0);
    assert_true(secret_set(&s, "12345678", 8, &err));
    assert_int_equal(s.len, 8);
    assert_true(secret_set(&s, "ab", 2, &err));
    assert_int_equal(s.len, 2);
    assert_memory_equal(s.data, "ab\0\0\0\0\0\0", 8);
    assert_false(secret_set(&s, "123456789", 9, &err));
    assert_int_equal(err.code, ERR_USAGE);
    assert_memory_equal(s.data, "ab", 2);
    assert_true(secret_set(&s, s.data + 1, 1, &err)); /* of its own */
    assert_memory_equal(s.data, "b\0", 2);
    assert_true(secret_set(&s, NULL, 0, &err));
    assert_int_equal(s.len, 0);
    assert_memory_equal(s.data, "\0", 1);
    secret_free(&s);
}

static void test_too_much_memory(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2, SIZE_MAX / 4};
    struct secret s = {0};
    struct err err;

    (void)state;
    assert_true(secret_new(&s, 4, NULL));
    assert_true(secret_set(&s, "1234", 4, NULL));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        err_clear(&err);
        assert_false(secret_new(&s, sizes[i], &err));
        assert_int_equal(err.code, ERR_FAILED);
        assert_memory_equal(s.data, "1234", 4);
    }
    assert_true(secret_new(&s, 2, NULL)); /* releases the old one */
    assert_int_equal(s.len, 0);
    secret_free(&s);
}

static int harden(const struct secret *s)
{
    struct rlimit core;

    (void)s;
    if (prctl(PR_SET_DUMPABLE, 1) != 0 || prctl(PR_GET_DUMPABLE) != 1) /* control */
        return 1;
    if (!secret_harden_process(NULL))
        return 2;
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 3;
    return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 4;
}

static void test_harden(void **state)
{
    (void)state;
    assert_int_equal(in_child(harden, NULL), 0);
}

static void test_pins(void **state)
{
    static const struct {
        const char *pin;
        size_t len;
        bool good;
    } cases[] = {
        {"1", 1, true},
        {"1234", 4, true},
        {"p\xc3\xa4ss word\n", 11, true},
        {"", 0, false},
        {"\0", 1, false},
        {"hunter\0"
         "2",
         8, false},
        {"\0hunter2", 8, false},
    };
    char longest[SECRET_PIN_MAX + 1];
    struct secret pin = {0};
    struct err err;

    (void)state;
    assert_true(secret_new(&pin, sizeof longest, NULL));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        err_clear(&err);
        assert_true(secret_set(&pin, cases[i].pin, cases[i].len, NULL));
        assert_int_equal(secret_check_pin(&pin, &err), cases[i].good);
        assert_int_equal(err.code, cases[i].good ? ERR_NONE : ERR_USAGE);
        assert_null(strstr(err.what, "hunter"));
    }
    memset(longest, '7', sizeof longest);
    assert_true(secret_set(&pin, longest, SECRET_PIN_MAX, NULL));
    assert_true(secret_check_pin(&pin, &err));
    assert_true(secret_set(&pin, longest, SECRET_PIN_MAX + 1, NULL));
    assert_false(secret_check_pin(&pin, &err));
    assert_null(strstr(err.what, "77"));
    secret_free(&pin);
    assert_false(secret_check_pin(&pin, &err));
}

static void test_bytes(void **state)
{
    struct bytes a = {0}, b = {0};

    (void)state;
    assert_true(bytes_equal(&a, &b));
    assert_true(bytes_set(&a, "abc", 3, NULL));
    assert_false(bytes_equal(&a, &b));
    assert_true(bytes_set(&b, "abd", 3, NULL));
    assert_false(bytes_equal(&a, &b));
    assert_true(bytes_set(&b, "abcd", 4, NULL));
    assert_false(bytes_equal(&a, &b));
    assert_true(bytes_set(&b, b.data, 3, NULL)); /* of its own */
    assert_true(bytes_equal(&a, &b));
    assert_true(bytes_make(&a, 3, NULL));
    assert_memory_equal(a.data, "\0\0\0", 3);
    assert_true(bytes_set(&a, NULL, 0, NULL));
    assert_int_equal(a.len, 0);
    assert_true(bytes_make(&a, 0, NULL));
    bytes_free(&a);
    bytes_free(&b);
    assert_null(b.data);
    assert_int_equal(b.len, 0);
    bytes_free(&b);
    bytes_free(NULL);
}

static void test_bytes_too_many(void **state)
{
    struct bytes a = {0};
    struct err err = {0};

    (void)state;
    assert_true(bytes_set(&a, "abc", 3, NULL));
    assert_false(bytes_make(&a, SIZE_MAX / 2, &err));
    assert_int_equal(err.code, ERR_FAILED);
    assert_int_equal(a.len, 3);
    assert_memory_equal(a.data, "abc", 3);
    bytes_free(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard_pages),
        cmocka_unit_test(test_a_child_does_not_inherit),
        cmocka_unit_test(test_kernel_flags),
        cmocka_unit_test(test_lock_may_be_forbidden),
        cmocka_unit_test(test_free_unmaps),
        cmocka_unit_test(test_set_replaces_all),
        cmocka_unit_test(test_too_much_memory),
        cmocka_unit_test(test_harden),
        cmocka_unit_test(test_pins),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_bytes_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
