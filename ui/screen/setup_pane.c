/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/setup_pane.h"

#include <inttypes.h>
#include <string.h>

#include "ui/model/setup_view.h"
#include "ui/screen/pane.h"

/* --- the ceremony ----------------------------------------------------------------------------- */

static void draw_about(const struct app *app, struct canvas *c, struct rect r)
{
    struct rect in = layout_inside(r);
    char text[2048];

    if (r.h == 0)
        return;
    draw_frame(c, r, STYLE_STRONG, "CEREMONY");
    for (size_t row = 0; row < ABOUT_ROWS; row++) {
        int y = in.y + (int)row;
        draw_text(c, in.x + 1, y, 10, STYLE_DIM, about_name(row));
        draw_text(c, in.x + 11, y, in.w - 12, row == ABOUT_KIND ? STYLE_STRONG : STYLE_NORMAL,
                  about_text(app->config, row, text, sizeof text));
        if (app->setup.scroll[app->at.active].at == row)
            pane_draw_cursor(app, c, app->at.active, (struct rect){in.x, y, in.w, 1});
    }
}

/* --- slots ------------------------------------------------------------------------------------ */

/* Widths of the columns of slots in a pane that is w wide inside: label and serial of both HSMs are
 * on the screen together; the slot's number has a column if there is room. */
struct slot_columns {
    int slot, label, serial, state;
};

static struct slot_columns slot_columns_for(int w)
{
    const int serial = 16, narrow = 9, wide = 22, slot = 12;
    int left = w - 2 - 2 - serial; /* sign and mark; a gap before serial and state */

    if (left < 8 + narrow)
        return (struct slot_columns){0, left - narrow, serial, narrow};
    if (left < slot + 16 + wide)
        return (struct slot_columns){0, left - narrow, serial, narrow};
    return (struct slot_columns){slot, left - slot - wide, serial, wide};
}

/* Why a slot cannot be used, or what to know of its PIN, or that it is ready. */
static const char *slot_words(enum side side, const struct hsm_slot *slot, int width)
{
    static const struct {
        const char *words, *narrow; /* in nine columns, as at 80; the details have it in full */
    } table[] = {
        {"not initialised", "not init."},
        {"in error state", "error"},
        {"PIN must be changed", "PIN old"},
        {"user PIN not set", "no PIN"},
        {"ready, write-protected", "ready"},
        {"write-protected", "protected"},
        {"PIN locked", "locked"},
        {"last PIN try", "last try"},
        {"PIN tries low", "tries low"},
    };
    const char *words = hsm_slot_obstacle(slot);

    if (!words && (slot->flags & HSM_TOKEN_WRITE_PROTECTED))
        words = side == SIDE_SOURCE ? "ready, write-protected" : "write-protected";
    else if (!words && (slot->flags & HSM_TOKEN_PIN_FINAL_TRY))
        words = "last PIN try";
    else if (!words)
        words = slot->flags & HSM_TOKEN_PIN_COUNT_LOW ? "PIN tries low" : "ready";
    for (size_t i = 0; (int)strlen(words) > width && i < sizeof table / sizeof table[0]; i++)
        if (strcmp(words, table[i].words) == 0)
            return table[i].narrow;
    return words;
}

static void draw_slot_heads(struct canvas *c, struct rect r, struct slot_columns w)
{
    int x = r.x + 2;

    if (w.slot)
        draw_text(c, x, r.y, w.slot, STYLE_DIM, "slot");
    x += w.slot;
    draw_text(c, x, r.y, w.label, STYLE_DIM, "token");
    draw_text(c, x + w.label + 1, r.y, w.serial, STYLE_DIM, "serial");
    draw_text(c, x + w.label + w.serial + 2, r.y, w.state, STYLE_DIM, "state");
}

static void draw_slot(const struct app *app, struct canvas *c, enum side side, size_t row,
                      struct rect r)
{
    const struct hsm_slot *slot = setup_slot(app, side, row);
    struct slot_columns w = slot_columns_for(r.w);
    bool chosen = setup_slot_is_chosen(app, side, slot);
    enum style style = chosen ? STYLE_STRONG : STYLE_NORMAL;
    int x = r.x + 2;

    if (chosen)
        draw_text(c, r.x + 1, r.y, 1, STYLE_STRONG, "*");
    if (w.slot)
        draw_format(c, x, r.y, w.slot - 1, style, "0x%" PRIx64, slot->id);
    x += w.slot;
    draw_text(c, x, r.y, w.label, style, slot->label[0] ? slot->label : "-");
    draw_text(c, x + w.label + 1, r.y, w.serial, style, slot->serial[0] ? slot->serial : "-");
    draw_text(c, x + w.label + w.serial + 2, r.y, w.state, style, slot_words(side, slot, w.state));
    if (row == app->setup.scroll[side].at)
        pane_draw_cursor(app, c, side, r);
}

static void draw_choices(const struct app *app, struct canvas *c, enum side side, struct rect in)
{
    const struct config_side *config = &app->config->side[side];
    char *const *environment = config->environment;
    bool store = strcmp(config->where.api, "nss") == 0;
    bool file = strcmp(config->where.api, "openssl") == 0;
    const char *unset = store  ? "(Enter names its folder)"
                        : file ? "(Enter names it)"
                               : "(Enter chooses one)";
    const struct {
        const char *name, *value;
    } rows[] = {
        {"API", config->where.api},
        {store  ? "Store"
         : file ? "File"
                : "Module",
         config->where.module[0] ? config->where.module : unset},
        {"Environ", environment && environment[0] ? environment[0] : "(nothing set)"},
    };
    for (int i = 0; i < SETUP_SLOTS - SETUP_API; i++) {
        draw_text(c, in.x + 1, in.y + i, 8, STYLE_DIM, rows[i].name);
        draw_path(c, in.x + 9, in.y + i, in.w - 10, STYLE_NORMAL, rows[i].value);
        if (app->setup.scroll[side].at == SETUP_API + (size_t)i)
            pane_draw_cursor(app, c, side, (struct rect){in.x, in.y + i, in.w, 1});
    }
}

/* If nothing is named yet: the HSMs that one key press names, each with token and module if there
 * is room. */
static void draw_recent(const struct app *app, struct canvas *c, struct rect r)
{
    const struct recent *recent = app->setup.recent;
    unsigned count = recent ? recent->count : 0;
    int each = r.h >= 3 * (int)count ? 3 : 1;

    for (unsigned i = 0; i < count && (int)(i + 1) * each <= r.h; i++) {
        const struct config_side *side = &recent->side[i];
        struct rect line = {r.x + 1, r.y + (int)i * each, r.w - 2, 1};
        draw_format(c, line.x, line.y, line.w, STYLE_STRONG, "%u  as last time's %s", i + 1,
                    side_name((enum side)i));
        if (each == 1)
            continue;
        draw_path(c, line.x + 3, line.y + 1, line.w - 3, STYLE_NORMAL, side->token.text);
        draw_path(c, line.x + 3, line.y + 2, line.w - 3, STYLE_NORMAL, side->where.module);
    }
}

static void draw_slots(const struct app *app, struct canvas *c, enum side side, struct rect r)
{
    size_t at = app->setup.scroll[side].at;
    size_t first = SETUP_SLOTS;

    if (app->side[side].slots.count == 0 || app->side[side].state == SIDE_FAILED) {
        if (app->side[side].state == SIDE_OPEN)
            draw_text(c, r.x + 1, r.y, r.w - 1, STYLE_WARN, "open, without a slot; R looks again");
        else
            pane_draw_state(app, c, side, r);
        if (!app->config->side[side].where.module[0])
            draw_recent(app, c, (struct rect){r.x, r.y + 2, r.w, r.h}); /* no slot has two lines */
        return;
    }
    if (r.h > 0 && at >= first + (size_t)r.h)
        first = at - (size_t)r.h + 1;
    for (int i = 0; i < r.h; i++)
        if (setup_slot(app, side, first + (size_t)i))
            draw_slot(app, c, side, first + (size_t)i, (struct rect){r.x, r.y + i, r.w, 1});
}

static void draw_pane(const struct app *app, struct canvas *c, enum side side,
                      const struct rect panes[2])
{
    struct rect pane = panes[side], in = layout_inside(pane);
    const int choices = SETUP_SLOTS - SETUP_API;
    const struct hsm_slot *slot = setup_slot(app, side, app->setup.scroll[side].at);

    if (in.h < choices)
        return;
    pane_draw_frame(c, side, panes, pane_side_title(side));
    draw_choices(app, c, side, in);
    draw_slot_heads(c, (struct rect){in.x, in.y + choices, in.w, 1}, slot_columns_for(in.w));
    draw_slots(app, c, side,
               (struct rect){in.x, in.y + choices + 1, in.w, in.h - SETUP_NO_SLOTS + 2});
    if (!slot)
        return;
    draw_place(c, pane, app->setup.scroll[side].at - SETUP_SLOTS + 1, app->side[side].slots.count);
    draw_format(c, in.x + 1, in.y + in.h - 2, in.w - 1, STYLE_NORMAL, "slot 0x%" PRIx64 "  %s",
                slot->id, slot->description);
    draw_format(c, in.x + 1, in.y + in.h - 1, in.w - 1, STYLE_NORMAL, "%s %s, fw %s",
                slot->manufacturer, slot->model, slot->firmware);
}

void setup_draw(const struct app *app, struct canvas *c)
{
    struct setup_places places;
    enum side other = app_other(app->at.active);

    setup_place(app, &places);
    draw_about(app, c, places.about);
    draw_pane(app, c, other, places.pane);
    draw_pane(app, c, app->at.active, places.pane); /* with the cursor */
}
