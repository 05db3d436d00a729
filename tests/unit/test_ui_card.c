/* SPDX-License-Identifier: Apache-2.0 */
/* The verification card: what it shows of both keys, wherever it is opened, and what it hides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/randomart.h"
#include "ui/model/card.h"
#include "ui/model/text_page.h"
#include "ui/screen/draw.h"
#include "ui/screen/screen.h"
#include "ui_fixture.h"

/* The screen as one text. */
static char *screen_of(const struct fixture *f, int w, int h)
{
    struct canvas c = {0};
    struct err err;
    char *text = calloc((size_t)h, 1024), line[1024];

    assert_non_null(text);
    assert_true(canvas_resize(&c, w, h, &err));
    app_size(f->app, w, h);
    screen_draw(f->app, &c);
    for (int y = 0; y < h; y++) {
        canvas_line(&c, y, line, sizeof line);
        strcat(strcat(text, line), "\n");
    }
    canvas_free(&c);
    return text;
}

static bool shows(const struct fixture *f, int w, int h, const char *what)
{
    char *text = screen_of(f, w, h);
    bool found = strstr(text, what) != NULL;

    if (!found)
        print_message("%s", text);
    free(text);
    return found;
}

/* How often it is on a wide screen. */
static unsigned times(const struct fixture *f, const char *what)
{
    char *text = screen_of(f, 200, 100);
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, what)); at++)
        count++;
    free(text);
    return count;
}

static bool hides(const struct fixture *f, const char *what)
{
    return times(f, what) == 0;
}

static struct key_desc with_public(struct key_desc key, uint8_t octet)
{
    key.has_public = true;
    memset(key.spki_sha256, octet, sizeof key.spki_sha256);
    return key;
}

enum { RSA, AES, PASSWORD, KEYS };

static const int64_t kept_ms = INT64_C(1764000000000) + 61 * 60000 + 1234; /* 17:01:01.234Z */

/* What the source has of each. */
static struct key_desc source_key(unsigned i)
{
    const struct key_desc keys[KEYS] = {
        with_public(fixture_key(1, "root", KEY_CLASS_PRIVATE, KEY_KIND_RSA, 2048), 0x27),
        fixture_key(2, "cipher", KEY_CLASS_SECRET, KEY_KIND_AES, 256),
        fixture_key(3, "password", KEY_CLASS_SECRET, KEY_KIND_GENERIC, 104),
    };
    struct key_desc key = keys[i];

    if (i != RSA) { /* as an HSM reports it by itself */
        key.kcv_len = 3;
        memcpy(key.kcv, "\xfe\xdc\xba", 3);
    }
    return key;
}

/* What arrived, under another handle. */
static struct key_desc arrived_key(unsigned i)
{
    struct key_desc key = source_key(i);

    key.handle += 100;
    key.flags &= ~(uint32_t)KEY_EXTRACTABLE;
    return key;
}

static void prove(struct fixture *f, uint32_t key, enum step_id stage, int64_t utc_ms)
{
    struct event e = {.kind = EVENT_PROOF, .side = SIDE_DESTINATION, .key = key, .utc_ms = utc_ms};

    e.proof.state = EVENT_OK;
    e.proof.stage = stage;
    snprintf(e.proof.call[SIDE_SOURCE], HSM_CALL_MAX, "C_Sign CKM_RSA_PKCS");
    snprintf(e.proof.call[SIDE_DESTINATION], HSM_CALL_MAX, "PK11_SignWithMechanism");
    snprintf(e.proof.text, sizeof e.proof.text, "both sides signed a random challenge");
    app_event(f->app, &e);
}

static void check(struct fixture *f, uint32_t key, uint8_t octet)
{
    struct event e = {.kind = EVENT_KCV, .side = SIDE_RELAY, .key = key};

    e.kcv.method = KCV_ECB;
    e.kcv.value[SIDE_SOURCE] = (struct kcv_value){3, {0xab, 0xcd, 0xef}};
    e.kcv.value[SIDE_DESTINATION] = (struct kcv_value){3, {0xab, 0xcd, octet}};
    fixture_event(f, &e);
}

/* A ceremony of the three keys, run to its end; the first one's public half arrives as this. */
static void move_all(struct fixture *f, uint8_t octet)
{
    struct key_desc source[KEYS], arrived[KEYS];
    struct event e;

    for (unsigned i = 0; i < KEYS; i++) {
        source[i] = source_key(i);
        arrived[i] = arrived_key(i);
    }
    memset(arrived[RSA].spki_sha256, octet, sizeof arrived[RSA].spki_sha256);
    fixture_new(f);
    fixture_list(f, &(struct key_list){source, KEYS, 0}, &(struct key_list){0});
    for (uint32_t i = 1; i <= KEYS; i++) {
        e = (struct event){.kind = EVENT_PLANNED, .side = SIDE_SOURCE, .key = i};
        e.planned.desc = source[i - 1];
        e.planned.route = ROUTE_ENVELOPE;
        fixture_event(f, &e);
    }
    for (uint32_t i = 1; i <= KEYS; i++) {
        prove(f, i, STEP_PROVE, kept_ms - 1000);
        prove(f, i, STEP_PROVE_AGAIN, kept_ms);
        check(f, i, 0xef);
        e = (struct event){.kind = EVENT_KEY_DONE, .side = SIDE_DESTINATION, .key = i};
        e.key_done.outcome = KEY_MIGRATED;
        e.key_done.desc = arrived[i - 1];
        fixture_event(f, &e);
        prove(f, i, STEP_PROVE_FRESH, kept_ms + 2000);
    }
    e = (struct event){.kind = EVENT_END, .side = SIDE_RELAY};
    fixture_event(f, &e);
    f->app->at.view = VIEW_END;
    app_take_keys(f->app, SIDE_SOURCE, &(struct key_list){source, KEYS, 0});
    app_take_keys(f->app, SIDE_DESTINATION, &(struct key_list){arrived, KEYS, 0});
    app_take_verdicts(f->app, NULL);
}

static void test_pictures_of_both_public_keys(void **state)
{
    static const int sizes[][2] = {{80, 24}, {120, 40}};
    struct key_desc key = source_key(RSA);
    struct randomart art;
    struct fixture f;

    (void)state;
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    randomart_draw(key.spki_sha256, sizeof key.spki_sha256, "RSA 2048", "SHA256", &art);
    for (unsigned at = 0; at < 2; at++)
        for (int i = 0; i < RANDOMART_LINES; i++)
            assert_true(shows(&f, sizes[at][0], sizes[at][1], art.line[i]));
    for (unsigned at = 0; at < 2; at++) { /* in words, too, and the whole card without scrolling */
        int w = sizes[at][0], h = sizes[at][1];
        assert_true(shows(&f, w, h, "2727 2727 2727 2727"));
        assert_true(shows(&f, w, h, "[ ok ] the same public key"));
        assert_true(shows(&f, w, h, "migrated, key 1 of 3"));
        assert_true(shows(&f, w, h, "[ ok ] before it was kept  17:01:00.234Z"));
        assert_true(shows(&f, w, h, "[ ok ] after it was kept   17:01:01.234Z"));
        assert_true(shows(&f, w, h, "[ ok ] by a fresh process  17:01:03.234Z"));
        assert_true(shows(&f, w, h, "SOURCE C_Sign CKM_RSA_PKCS, DESTINATION PK11_SignWith"));
        assert_true(shows(&f, w, h, "extractable yes -> no (tightened)"));
        assert_true(shows(&f, w, h, "brackish celebrate"));
    }
    fixture_free(&f);
}

/* No picture is called a proof, and two that differ are said to differ. */
static void test_other_public_key(void **state)
{
    struct fixture f;

    (void)state;
    move_all(&f, 0x28);
    fixture_press(&f, PRESS_F6);
    assert_true(shows(&f, 80, 24, "[FAIL] THE PUBLIC KEYS DIFFER"));
    assert_true(hides(&f, "the same public key"));
    fixture_free(&f);
}

static void test_check_value_in_place_of_a_picture(void **state)
{
    struct fixture f;

    (void)state;
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    fixture_press(&f, 'n');
    assert_true(shows(&f, 80, 24, "ECB of zeros        abcdef"));
    assert_true(shows(&f, 80, 24, "[ ok ] the same check value"));
    assert_true(hides(&f, "[SHA256]"));
    check(&f, 2, 0xee);
    assert_true(shows(&f, 80, 24, "[FAIL] THE CHECK VALUES DIFFER"));
    fixture_free(&f);
}

/* Before any ceremony, and before both HSMs were asked: what they list, unless it is a password. */
static void test_listed_check_values(void **state)
{
    struct key_desc source[KEYS], arrived[KEYS];
    struct fixture f;

    (void)state;
    for (unsigned i = 0; i < KEYS; i++) {
        source[i] = source_key(i);
        arrived[i] = arrived_key(i);
    }
    for (unsigned other = 0; other < 2; other++) {
        fixture_new(&f);
        arrived[AES].kcv[2] ^= (uint8_t)other;
        fixture_list(&f, &(struct key_list){source, KEYS, 0}, &(struct key_list){arrived, KEYS, 0});
        f.app->at.active = SIDE_SOURCE;
        inventory_find(&f.app->side[SIDE_SOURCE].inventory, "cipher", 0, 10);
        fixture_press(&f, 'v');
        assert_true(shows(&f, 80, 24, "listed: fedcba, ECB of zeros"));
        assert_true(shows(&f, 80, 24,
                          other ? "the listed check values differ; = asks"
                                : "both HSMs list the same check value; = asks"));
        assert_true(hides(&f, "no check value is known"));
        app_go(f.app, VIEW_INVENTORY);
        inventory_find(&f.app->side[SIDE_SOURCE].inventory, "password", 0, 10);
        fixture_press(&f, 'v');
        assert_true(hides(&f, "fedcba"));
        fixture_free(&f);
    }
}

/* Whatever an engine or a journal says: of a password nothing is shown by which a guess could be
 * tried. The control is the AES key above, with the same events. */
static void test_nothing_to_guess_a_password_by(void **state)
{
    struct fixture f;

    (void)state;
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    fixture_type(&f, "nn");
    assert_true(shows(&f, 80, 24, "migrated, key 3 of 3"));
    assert_true(hides(&f, "abcdef"));
    assert_true(hides(&f, "fedcba"));
    assert_true(hides(&f, "[SHA256]"));
    assert_true(hides(&f, "ECB of zeros"));
    fixture_press(&f, 'p');
    assert_true(shows(&f, 200, 100, "fedcba")); /* the control: of the AES key it is shown */
    app_go(f.app, VIEW_INVENTORY);              /* and so in the details */
    f.app->at.active = SIDE_SOURCE;
    inventory_find(&f.app->side[SIDE_SOURCE].inventory, "password", 0, 10);
    fixture_press(&f, PRESS_F3);
    assert_true(shows(&f, 80, 24, "DETAILS"));
    assert_int_equal(times(&f, "fedcba"), 2); /* in the rows of the AES key, one on each side */
    fixture_press(&f, PRESS_ESC);
    inventory_find(&f.app->side[SIDE_SOURCE].inventory, "cipher", 0, 10);
    fixture_press(&f, PRESS_F3);
    assert_int_equal(times(&f, "fedcba"), 3);
    fixture_free(&f);
}

/* A type is shortened to a word that can be read, not cut. */
static void test_types_fit(void **state)
{
    const struct key_desc cert = {.class = KEY_CLASS_CERTIFICATE};
    const struct key_desc secret = {.class = KEY_CLASS_SECRET, .kind = KEY_KIND_GENERIC};
    char text[KEY_TYPE_TEXT];

    (void)state;
    assert_string_equal(sheet_type(&cert, 11, text), "certificate");
    assert_string_equal(sheet_type(&cert, 9, text), "cert");
    assert_non_null(strchr(sheet_type(&secret, 80, text), ','));
    assert_string_equal(sheet_type(&secret, 9, text), "secret");
}

/* What has no room in two columns is whole in the details. */
static void test_details_show_both_sides(void **state)
{
    struct sheet *sheet = calloc(1, sizeof *sheet);
    struct fixture f;

    (void)state;
    assert_non_null(sheet);
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    fixture_press(&f, PRESS_F3);
    assert_int_equal(app_dialog(f.app), DIALOG_DETAILS);
    dialog_page(f.app, DIALOG_DETAILS, sheet);
    assert_string_equal(sheet->title, "DETAILS: Verification");
    assert_non_null(strstr(sheet->text, "label                "));
    assert_non_null(
        strstr(sheet->text, "extractable          yes\n  destination        no  tightened"));
    free(sheet);
    fixture_free(&f);
}

/* From the last screen and from either pane of the inventory the card is the same. */
static void test_same_card_from_everywhere(void **state)
{
    char *from_end, *from_pane;
    struct fixture f;

    (void)state;
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    fixture_press(&f, 'n');
    fixture_press(&f, 'p');
    from_end = screen_of(&f, 80, 24);
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        app_go(f.app, VIEW_INVENTORY);
        f.app->at.active = side;
        inventory_find(&f.app->side[side].inventory, "root", 0, 10);
        fixture_press(&f, 'v');
        from_pane = screen_of(&f, 80, 24);
        assert_string_equal(from_end, from_pane);
        free(from_pane);
    }
    free(from_end);
    fixture_free(&f);
}

/* The object that is listed as AES on the destination gets this handle and this first letter. */
static void list_again(struct fixture *f, uint64_t handle, uint8_t letter)
{
    struct inventory *inv = &f->app->side[SIDE_DESTINATION].inventory;
    struct key_list list = {0};
    struct err err;

    for (size_t i = 0; i < inv->count; i++)
        assert_true(key_list_add(&list, inventory_key(inv, i)));
    list.keys[AES].handle = handle;
    list.keys[AES].label[0] = letter;
    assert_true(inventory_take(inv, &list, &err));
    key_list_free(&list);
    app_take_verdicts(f->app, NULL);
}

static void test_inventory_says_when_it_was_proven(void **state)
{
    const struct inventory *inv;
    struct fixture f;
    uint64_t handle;

    (void)state;
    move_all(&f, 0x27);
    app_go(f.app, VIEW_INVENTORY);
    inv = &f.app->side[SIDE_DESTINATION].inventory;
    handle = inventory_key(inv, AES)->handle;
    assert_true(shows(&f, 80, 24, "cipher       AES 256   proven 17:01Z"));
    assert_true(hides(&f, "same name"));
    /* the control: an object that is not the one that arrived */
    list_again(&f, handle + 50, 'c');
    assert_true(shows(&f, 80, 24, "cipher       AES 256   same name"));
    /* nor is it one that has the handle, but another name */
    list_again(&f, handle, 'X');
    assert_int_equal(inv->verdicts[AES].key, 0);
    list_again(&f, handle, 'c');
    assert_int_not_equal(inv->verdicts[AES].key, 0);
    fixture_free(&f);
}

/* Small windows stack it, and all of it can be reached. */
static void test_small_window_scrolls(void **state)
{
    struct fixture f;

    (void)state;
    move_all(&f, 0x27);
    fixture_press(&f, PRESS_F6);
    assert_true(shows(&f, 60, 20, "+---[RSA 2048]----+           +---[RSA 2048]----+"));
    assert_true(shows(&f, 60, 20, ", PgDn"));
    app_size(f.app, 60, 20);
    for (int i = 0; i < 12; i++)
        fixture_press(&f, PRESS_DOWN);
    assert_true(shows(&f, 60, 20, "by a fresh process  17:01:03.234Z"));
    fixture_press(&f, PRESS_END);
    assert_true(shows(&f, 60, 20, "copyable"));
    fixture_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_of_both_public_keys),
        cmocka_unit_test(test_other_public_key),
        cmocka_unit_test(test_check_value_in_place_of_a_picture),
        cmocka_unit_test(test_listed_check_values),
        cmocka_unit_test(test_nothing_to_guess_a_password_by),
        cmocka_unit_test(test_types_fit),
        cmocka_unit_test(test_details_show_both_sides),
        cmocka_unit_test(test_same_card_from_everywhere),
        cmocka_unit_test(test_inventory_says_when_it_was_proven),
        cmocka_unit_test(test_small_window_scrolls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
