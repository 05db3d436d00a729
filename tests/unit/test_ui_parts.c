/* SPDX-License-Identifier: Apache-2.0 */
/* The console's small parts: the typed line, the list of modules, the canvas. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ui/model/complete.h"
#include "ui/model/field.h"
#include "ui/model/keys.h"
#include "ui/model/modules.h"
#include "ui/screen/draw.h"
#include "ui/screen/palette.h"

static void type(struct field *f, const char *text)
{
    for (; *text; text++)
        field_press(f, (unsigned char)*text);
}

static void test_field(void **state)
{
    struct field f;

    (void)state;
    field_set(&f, "");
    type(&f, "one two");
    assert_string_equal(f.text, "one two");
    field_press(&f, PRESS_CTRL('w'));
    assert_string_equal(f.text, "one ");
    field_press(&f, 0x6f22); /* a wide character is one character */
    field_press(&f, PRESS_BACKSPACE);
    assert_string_equal(f.text, "one ");
    field_press(&f, PRESS_CTRL('u'));
    assert_int_equal(f.len, 0);
    field_press(&f, PRESS_BACKSPACE);
    assert_int_equal(f.len, 0);
}

static void test_field_takes_nothing_that_could_hide(void **state)
{
    static const int not_text[] = {PRESS_ESC, 0x202e, 0x200b, 0xd800, PRESS_F5, PRESS_UP, 0x7f, 0};
    struct field f;

    (void)state;
    field_set(&f, "");
    for (unsigned i = 0; i < sizeof not_text / sizeof not_text[0]; i++)
        assert_int_equal(field_press(&f, not_text[i]), FIELD_IGNORED);
    assert_int_equal(f.len, 0);
}

static void test_field_is_bounded(void **state)
{
    struct field f;

    (void)state;
    field_set(&f, "");
    for (unsigned i = 0; i < 2 * FIELD_MAX; i++)
        field_press(&f, 'x');
    assert_int_equal(f.len, FIELD_MAX - 1);
    assert_int_equal(f.text[f.len], '\0');
}

static void test_pin_field(void **state)
{
    struct secret pin = {0};
    struct err err;

    (void)state;
    assert_true(secret_new(&pin, SECRET_PIN_MAX, &err));
    for (unsigned i = 0; i < 2 * SECRET_PIN_MAX; i++)
        field_press_secret(&pin, 0xe9); /* two bytes each */
    assert_int_equal(pin.len, SECRET_PIN_MAX - 1);
    field_press_secret(&pin, PRESS_CTRL('u'));
    assert_int_equal(pin.len, 0);
    for (unsigned i = 0; i < SECRET_PIN_MAX; i++)
        assert_int_equal(pin.data[i], 0);
    secret_free(&pin);
}

/* --- modules -------------------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *folder, const char *name)
{
    char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void test_modules(void **state)
{
    static struct modules modules;
    char folder[] = "/tmp/hsmferry-modules.XXXXXX", text[256];
    const char *const folders[] = {"/nowhere", folder, NULL};

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "one.so", "");
    write_file(folder, "two.so", "");
    snprintf(text, sizeof text, "# a comment\nmodule:   %s/one.so  \ncritical: no\n", folder);
    write_file(folder, "a.module", text);
    write_file(folder, "again.module", text); /* the same module is listed once */
    write_file(folder, "gone.module", "module: /nowhere/module.so\n");
    write_file(folder, "relative.module", "module: ../../etc/passwd\n");
    write_file(folder, "empty.module", "module:\n");
    snprintf(text, sizeof text, "module: %s/two.so\n", folder);
    write_file(folder, "other.conf", text); /* not a module's configuration */
    modules_find(&modules, folders);
    assert_int_equal(modules.count, 1);
    snprintf(text, sizeof text, "%s/one.so", folder);
    assert_string_equal(modules.found[0].path, text);
    assert_string_equal(modules.found[0].name, "a.module");

    static const char *const files[] = {"one.so",       "two.so",      "a.module",
                                        "again.module", "gone.module", "relative.module",
                                        "empty.module", "other.conf"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove_file(folder, files[i]);
    rmdir(folder);
}

/* --- paths, colours ------------------------------------------------------------------------------
 */

static void test_paths_are_completed(void **state)
{
    char folder[] = "/tmp/hsmferry-paths-XXXXXX", text[FIELD_MAX], said[512];
    struct field f;

    (void)state;
    assert_non_null(mkdtemp(folder));
    write_file(folder, "libalpha.so", "");
    write_file(folder, "libalpha.so.0", "");
    write_file(folder, "other\033[2J", "");
    snprintf(text, sizeof text, "sql:%s/li", folder);
    field_set(&f, text);
    complete_path(&f, said, sizeof said);
    snprintf(text, sizeof text, "sql:%s/libalpha.so", folder);
    assert_string_equal(f.text, text); /* as far as all agree, and which there are */
    assert_non_null(strstr(said, "libalpha.so.0"));
    snprintf(text, sizeof text, "%s/oth", folder);
    field_set(&f, text);
    complete_path(&f, said, sizeof said);
    assert_string_equal(f.text, text); /* a name that cannot be typed is not put in */
    assert_null(strchr(said, 033));
    snprintf(text, sizeof text, "%.*s", (int)strlen(folder) - 1, folder);
    field_set(&f, text);
    complete_path(&f, said, sizeof said);
    snprintf(text, sizeof text, "%s/", folder);
    assert_string_equal(f.text, text); /* a folder gets its slash */
    field_set(&f, "/nowhere/at/all");
    complete_path(&f, said, sizeof said);
    assert_string_equal(f.text, "/nowhere/at/all");
    assert_non_null(strstr(said, "cannot be listed"));
    remove_file(folder, "libalpha.so");
    remove_file(folder, "libalpha.so.0");
    remove_file(folder, "other\033[2J");
    rmdir(folder);
}

static void test_offered_text_is_replaced(void **state)
{
    struct field f;

    (void)state;
    field_offer(&f, "*");
    field_press(&f, 'w');
    assert_string_equal(f.text, "w");
    field_offer(&f, "**");
    field_press(&f, PRESS_BACKSPACE); /* who edits it keeps it */
    field_press(&f, 'w');
    assert_string_equal(f.text, "*w");
    field_set(&f, "*"); /* the control: given, not offered */
    field_press(&f, 'w');
    assert_string_equal(f.text, "*w");
}

/* WCAG's relative luminance of one of the 6x6x6 colours of a terminal with 256. */
static double luminance(short color)
{
    static const double parts[] = {0.2126, 0.7152, 0.0722};
    double sum = 0;

    for (int i = 0; i < 3; i++) {
        int step = (color - 16) / (i == 0 ? 36 : i == 1 ? 6 : 1) % 6;
        double value = (step ? 55 + 40 * step : 0) / 255.0;
        sum += parts[i] * (value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static double contrast(double a, double b)
{
    return a > b ? (a + 0.05) / (b + 0.05) : (b + 0.05) / (a + 0.05);
}

static void test_colours_can_be_read(void **state)
{
    unsigned colored = 0;

    (void)state;
    for (enum style style = 0; style < STYLES; style++) {
        short color = palette_color(style, 256, GROUND_UNKNOWN);
        if (color < 0)
            continue;
        colored++;
        assert_true(color >= 16 && color < 232);
        assert_true(contrast(luminance(color), 0) >= 3.8);
        assert_true(contrast(luminance(color), 1) >= 3.8);
    }
    assert_int_equal(colored, 5);
    assert_true(contrast(luminance(226), 1) < 3.8); /* the control: bright yellow on white */
    assert_int_equal(palette_ground("15;0"), GROUND_DARK);
    assert_int_equal(palette_ground("0;default;15"), GROUND_LIGHT);
    assert_int_equal(palette_ground("0;7"), GROUND_LIGHT);
    assert_int_equal(palette_ground("7;8"), GROUND_DARK);
    assert_int_equal(palette_ground(NULL), GROUND_UNKNOWN);
    assert_int_equal(palette_ground("0;x"), GROUND_UNKNOWN);
    assert_int_equal(palette_ground("0;99"), GROUND_UNKNOWN);
    assert_int_not_equal(palette_color(STYLE_WARN, 8, GROUND_LIGHT),
                         palette_color(STYLE_WARN, 8, GROUND_DARK));
}

/* --- canvas --------------------------------------------------------------------------------- */

static void assert_line(const struct canvas *c, int y, const char *text)
{
    char line[1024];

    canvas_line(c, y, line, sizeof line);
    assert_string_equal(line, text);
}

static void test_canvas_clips(void **state)
{
    struct canvas c = {0};
    struct err err;

    (void)state;
    assert_true(canvas_resize(&c, 10, 2, &err));
    draw_text(&c, 7, 0, 100, STYLE_NORMAL, "abcdef");
    draw_text(&c, -2, 1, 100, STYLE_NORMAL, "abcdef");
    draw_text(&c, 0, 5, 100, STYLE_NORMAL, "nowhere");
    draw_frame(&c, (struct rect){-5, -5, 100, 100}, STYLE_NORMAL, "title");
    assert_line(&c, 0, "       abc");
    assert_line(&c, 1, "cdef");
    canvas_free(&c);
}

static void test_canvas_characters(void **state)
{
    struct canvas c = {0};
    struct err err;

    (void)state;
    assert_true(canvas_resize(&c, 10, 4, &err));
    draw_text(&c, 9, 0, 10, STYLE_NORMAL, "\xe6\xbc\xa2"); /* half a wide one is none */
    draw_text(&c, 0, 1, 10, STYLE_NORMAL, "e\xcc\x81z");
    draw_text(&c, 0, 2, 10, STYLE_NORMAL, "a\x1b[2Jb"); /* nothing obeys it */
    draw_text(&c, 0, 3, 4, STYLE_NORMAL, "abcdefgh");
    assert_line(&c, 0, "");
    assert_line(&c, 1, "e\xcc\x81z");
    assert_line(&c, 2, "a?[2Jb");
    assert_line(&c, 3, "abc~");
    c.ascii = true;
    canvas_clear(&c);
    draw_text(&c, 0, 0, 10, STYLE_NORMAL, "\xc3\xa9");
    assert_line(&c, 0, "\\xc3\\xa9");
    canvas_free(&c);
}

static void test_wrapping(void **state)
{
    struct canvas c = {0};
    struct err err;

    (void)state;
    assert_true(canvas_resize(&c, 10, 3, &err));
    assert_int_equal(draw_wrapped(&c, (struct rect){0, 0, 10, 3}, STYLE_NORMAL, "one two three"),
                     2);
    assert_line(&c, 0, "one two");
    assert_line(&c, 1, "three");
    canvas_clear(&c);
    draw_wrapped(&c, (struct rect){0, 0, 4, 2}, STYLE_NORMAL, "abcdefghijkl");
    assert_line(&c, 0, "abcd");
    assert_line(&c, 1, "efg~");
    canvas_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_field),
        cmocka_unit_test(test_offered_text_is_replaced),
        cmocka_unit_test(test_paths_are_completed),
        cmocka_unit_test(test_colours_can_be_read),
        cmocka_unit_test(test_field_takes_nothing_that_could_hide),
        cmocka_unit_test(test_field_is_bounded),
        cmocka_unit_test(test_pin_field),
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_canvas_clips),
        cmocka_unit_test(test_canvas_characters),
        cmocka_unit_test(test_wrapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
