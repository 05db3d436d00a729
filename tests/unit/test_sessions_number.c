/* SPDX-License-Identifier: Apache-2.0 */
/* How many sessions the time of the first keys is worth, and the sentence that says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hsm/hsm.h"
#include "protocol/sessions.h"

static const struct {
    struct sessions_basis basis;
    uint32_t wanted;
    const char *why;
} rows[] = {
    {{0, 4, 0, 100}, 1, "0.0 ms for a key (fastest steps of the first 4 keys): further sessions"},
    {{0, 4, 3800, 100}, 1, " 3.8 ms "},
    {{0, 4, 9999, 100}, 1, "from 10 ms a key on"},
    {{0, 4, 10000, 100}, 2, "one session for each 5 ms"},
    {{0, 4, 16 * 1000, 100}, 3, "one session for each 5 ms"},  /* 1 ms a call */
    {{0, 4, 13 * 5000, 100}, 13, "one session for each 5 ms"}, /* 5 ms a call */
    {{0, 4, INT64_MAX, 100}, 16, "as many sessions as possible"},
    {{0, 4, INT64_MAX, 7}, 3, "one session for each two keys that are left"},
    {{0, 4, 13 * 5000, 0}, 1, ""},
    {{0, 4, INT64_MIN, 100}, 1, "further sessions"}, /* a report says anything */
    {{5, 0, 0, 1}, 5, "the ceremony file fixes the number"},
    {{1, 0, 0, 100}, 1, "the ceremony file fixes the number"},
    {{UINT32_MAX, 0, 0, 100}, HSM_SESSIONS_MAX, "the ceremony file fixes the number"},
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void time_is_what_decides(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        assert_int_equal(sessions_wanted(&rows[i].basis), rows[i].wanted);
}

static void the_sentence_says_what_decided(void **state)
{
    char out[SESSIONS_REASON_SIZE];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        const uint32_t have[2] = {rows[i].wanted, rows[i].wanted};
        assert_non_null(strstr(sessions_reason(&rows[i].basis, have, out), rows[i].why));
        assert_null(strstr(out, "no more than"));
    }
}

static void it_names_the_hsm_that_has_fewer(void **state)
{
    const struct sessions_basis basis = {0, 4, 60000, 100};
    const uint32_t source[2] = {1, 12}, both[2] = {3, 2};
    char out[SESSIONS_REASON_SIZE];

    (void)state;
    sessions_reason(&basis, source, out);
    assert_non_null(strstr(out, "; the source has no more than 1"));
    assert_null(strstr(out, "destination"));
    sessions_reason(&basis, both, out);
    assert_non_null(strstr(out, "; the source has no more than 3; the destination has no more "
                                "than 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_what_decides),
        cmocka_unit_test(the_sentence_says_what_decided),
        cmocka_unit_test(it_names_the_hsm_that_has_fewer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
