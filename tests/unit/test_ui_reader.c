/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal sends, byte by byte: keys come out, and nothing of a sequence does. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ui/model/keys.h"
#include "ui/screen/reader.h"

enum { PRESSES_MAX = 32 };

struct heard {
    int press[PRESSES_MAX];
    size_t count;
    int64_t now_ms;
    struct reader reader;
};

static void hear(struct heard *h, int press)
{
    if (press == PRESS_NONE)
        return;
    assert_true(h->count < PRESSES_MAX);
    h->press[h->count++] = press;
}

/* One character, gap_ms after the last one; between the two nothing could be read. */
static void send(struct heard *h, uint32_t c, int64_t gap_ms)
{
    h->now_ms += gap_ms;
    if (gap_ms > 0)
        hear(h, reader_idle(&h->reader, h->now_ms));
    hear(h, reader_take(&h->reader, false, c, h->now_ms));
}

static void send_all(struct heard *h, const char *text, int64_t gap_ms)
{
    for (; *text; text++)
        send(h, (unsigned char)*text, gap_ms);
}

static void wait_long(struct heard *h)
{
    h->now_ms += 5000;
    hear(h, reader_idle(&h->reader, h->now_ms));
}

static void expect(const struct heard *h, const int *presses, size_t count)
{
    assert_int_equal(h->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(h->press[i], presses[i]);
}

static void test_plain_keys(void **state)
{
    struct heard h = {0};

    (void)state;
    send_all(&h, "aZ\n\r\t\b\x7f", 0);
    send(&h, 0xe9, 0); /* a letter beyond ASCII */
    send(&h, 0x9b, 0); /* a C1 control */
    send(&h, 0x1f511, 0);
    expect(&h,
           (const int[]){'a', 'Z', PRESS_ENTER, PRESS_ENTER, PRESS_TAB, PRESS_BACKSPACE,
                         PRESS_BACKSPACE, 0xe9, 0x1f511},
           9);
    assert_int_equal(reader_wait(&h.reader, h.now_ms), -1);
}

static void test_known_keys_end_a_sequence(void **state)
{
    struct heard h = {0};

    (void)state;
    send_all(&h, "\033[1;", 0);
    hear(&h, reader_take(&h.reader, true, PRESS_UP, 0));
    hear(&h, reader_take(&h.reader, true, PRESS_NONE, 0));
    send(&h, 'q', 0);
    expect(&h, (const int[]){PRESS_UP, 'q'}, 2);
}

static void test_escape(void **state)
{
    struct heard h = {0};

    (void)state;
    send(&h, 033, 0);
    assert_int_equal(reader_wait(&h.reader, h.now_ms), 100);
    assert_int_equal(reader_idle(&h.reader, h.now_ms + 99), PRESS_NONE);
    hear(&h, reader_idle(&h.reader, h.now_ms + 100));
    assert_int_equal(reader_wait(&h.reader, h.now_ms), -1);
    send_all(&h, "\0331\0339\0330", 0);
    send_all(&h, "\033\033", 0);
    wait_long(&h);
    send(&h, 'x', 0);
    send_all(&h, "\033\033\033\0335", 0); /* an Esc held down, then Alt and a digit */
    expect(&h,
           (const int[]){PRESS_ESC, PRESS_F1, PRESS_F9, PRESS_F10, PRESS_ESC, 'x', PRESS_ESC,
                         PRESS_ESC, PRESS_ESC},
           9);
}

/* Who has a slow line says so: all waits grow. None is ever shorter than for those who do not. */
static void test_patience(void **state)
{
    static const struct {
        int esc_ms;
        const char *begun;
        int64_t waits_ms;
    } rows[] = {
        {0, "\033", 100},       {25, "\033", 100},           {500, "\033", 500},
        {500, "\033\033", 500}, {500, "\033[", 5000},        {500, "\033O", 5000},
        {500, "\033]", 10000},  {INT_MAX, "\033[", INT_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct heard h = {.reader.esc_ms = rows[i].esc_ms};
        send_all(&h, rows[i].begun, 0);
        assert_int_equal(reader_wait(&h.reader, 0), rows[i].waits_ms);
        assert_int_equal(h.reader.esc_ms, rows[i].esc_ms);
        if (rows[i].waits_ms < INT_MAX)
            assert_int_equal(reader_idle(&h.reader, rows[i].waits_ms - 1), PRESS_NONE);
        assert_int_equal(h.count, 0);
    }
}

/* What terminals send that some description of theirs does not know; and a key afterwards. */
static void test_unknown_sequences_are_swallowed(void **state)
{
    static const char *const sequences[] = {
        "\033[H",
        "\033OH",
        "\033[1~",
        "\033[7~",
        "\033[F",
        "\033OF",
        "\033[4~",
        "\033[1;5A",
        "\033[15;2~",
        "\033[1;5P",
        "\033[11~",
        "\033[[A",
        "\033Ow",
        "\033OM",
        "\033[I",
        "\033[O",
        "\033[Z",
        "\033[24~",
        "\033[<0;9;4M",
        "\033[<0;9;4m",
        "\033[M !!",
        "\033[M\033[A",
        "\033\033[1;5A",
        "\033\033OH",
        "\033\033[25~",
        "\033y",
        "\033Y",
        "\033\r",
        "\033\t",
        "\033]0;yes\a",
        "\033]0;yes\033\\",
        "\033Pstart\r\033\\",
        "\033_y\033\\",
        "\033^y\033\033\\",
        "\033Xy\033y\033\\",
        "\033[?1;2c",
        "\033[>41;379;0c",
        "\033[12;34R",
        "\033[\030",
        "\033[1\032",
        "\033]y\030",
        "\033[ q",
        "\033[999999999999999999999y",
    };

    (void)state;
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        for (int64_t gap = 0; gap <= 90; gap += 45) {
            struct heard h = {0};
            send_all(&h, sequences[i], gap);
            send(&h, '!', 0);
            expect(&h, (const int[]){'!'}, 1);
        }
}

static void test_cut_off_sequences_are_dropped(void **state)
{
    static const char *const begun[] = {"\033[",   "\033[1;5", "\033O",      "\033[M ",
                                        "\033]0;", "\033Pabc", "\033]x\033", "\033[200~"};

    (void)state;
    for (size_t i = 0; i < sizeof begun / sizeof begun[0]; i++) {
        struct heard h = {0};
        send_all(&h, begun[i], 0);
        assert_true(reader_wait(&h.reader, h.now_ms) > 100);
        wait_long(&h);
        send(&h, '!', 0);
        expect(&h, (const int[]){'!'}, 1);
    }
}

/* No sequence is endless: a person who types is not locked out by a broken one. */
static void test_sequences_have_a_limit(void **state)
{
    struct heard h = {0};

    (void)state;
    send_all(&h, "\033[", 0);
    for (int i = 0; i < 64; i++)
        send(&h, '0', 0);
    send(&h, '!', 0);
    expect(&h, (const int[]){'!'}, 1);
}

static void test_paste_is_marked(void **state)
{
    struct heard h = {0};

    (void)state;
    send_all(&h, "\033[200~ya\033[A\r\n\033[201", 0);
    hear(&h, reader_take(&h.reader, true, PRESS_F10, 0));
    send_all(&h, "\033\033[201~!", 0);
    expect(&h, (const int[]){PRESS_PASTED + 'y', PRESS_PASTED + 'a', PRESS_PASTED + 'A', '!'}, 4);
}

/* Any bytes at all: what comes out is a key, and after a pause everything is as at the start. */
static void test_anything(void **state)
{
    uint32_t x = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct reader r = {0};
        for (int i = 0; i < 100; i++) {
            static const char often[] = "\033\033[[OMP]~;0120\\\a";
            x = x * 1664525 + 1013904223;
            int press =
                reader_take(&r, x >> 28 == 0,
                            (x >> 8 & 1) ? (x >> 16 & 0xff) : (uint32_t)often[(x >> 16) % 17], i);
            assert_true(press >= PRESS_NONE);
            assert_true((unsigned)r.state < READER_STATES);
        }
        reader_idle(&r, 1000000);
        assert_int_equal(r.state, READER_GROUND);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_keys),
        cmocka_unit_test(test_known_keys_end_a_sequence),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_unknown_sequences_are_swallowed),
        cmocka_unit_test(test_cut_off_sequences_are_dropped),
        cmocka_unit_test(test_sequences_have_a_limit),
        cmocka_unit_test(test_paste_is_marked),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
