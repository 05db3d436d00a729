/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/screen/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/pair.h"
#include "ui/model/setup_view.h"
#include "ui/model/text_page.h"

const char *pane_side_title(enum side side)
{
    return side == SIDE_SOURCE ? "SOURCE" : side == SIDE_DESTINATION ? "DESTINATION" : "RELAY";
}

static enum style side_style(enum side side)
{
    return side == SIDE_SOURCE ? STYLE_SOURCE : STYLE_DESTINATION;
}

/* The sign, and the real cursor, of a row in a pane; the row of the active pane stands out. */
static void draw_cursor_row(const struct app *app, struct canvas *c, enum side side,
                            struct rect row)
{
    draw_text(c, row.x, row.y, 1, STYLE_STRONG, draw_sign(c, SIGN_CURRENT));
    if (app->at.active != side)
        return;
    draw_restyle(c, row, STYLE_CURRENT);
    draw_cursor(c, row.x, row.y);
}

/* --- inventory -------------------------------------------------------------------------------- */

enum { PROVEN_WIDTH = 13 }; /* "proven 16:46Z" */

/* Widths of the columns in a pane that is w wide inside. */
struct columns {
    int label, type, verdict;
};

static struct columns columns_for(int w, int verdict_min)
{
    int left = w - 2 - 2; /* sign and mark; a gap before each of the others */
    int type = left / 4 < 9 ? 9 : left / 4 > 22 ? 22 : left / 4;
    int verdict = (left - type) * 2 / 5;

    verdict = verdict < verdict_min ? verdict_min : verdict;
    return (struct columns){left - type - verdict, type, verdict};
}

static char *type_text(const struct key_desc *key, char *out)
{
    if (key->class == KEY_CLASS_PUBLIC)
        snprintf(out, KEY_TYPE_TEXT, "%s pub", key_kind_name(key->kind));
    else
        key_type_text(key, out);
    return out;
}

/* The reason in a column of any width: the line below the panes tells it in full. */
static const char *why_not(const char *reason, int width, char *out, size_t size)
{
    static const struct {
        const char *reason, *narrow; /* how it begins; in ten columns, as at 80 */
    } table[] = {
        {"not extractable", "not extr."},
        {"the source does not say that it is extractable", "not extr.?"},
        {"unsupported type", "no: type"},
        {"a data object", "no: data"},
        {"its public half is not on the source", "no public"},
        {"needs a trusted wrapping key", "no: trust"},
        {"asks for its PIN at every use", "no: PIN"},
        {"its uses allow no proof", "no proof"},
        {"the destination offers no operation", "no use"},
        {"two keys on the source", "no: twins"},
        {"canary", "no: canary"},
    };

    snprintf(out, size, "no: %s", reason);
    for (size_t i = 0; (int)strlen(out) > width && i < sizeof table / sizeof table[0]; i++)
        if (strncmp(reason, table[i].reason, strlen(table[i].reason)) == 0)
            return table[i].narrow;
    return out;
}

/* After a ceremony the match column says more than a name. */
static struct columns columns_of(const struct app *app, enum side side, int w)
{
    return columns_for(w, side == SIDE_DESTINATION && app->run.over ? PROVEN_WIDTH : 0);
}

/* What this ceremony knows of a key that it put there. */
static const char *arrived_word(const struct run_key *key, char *out, size_t size)
{
    char time[32];

    if (!key->stages)
        return "unproven";
    snprintf(out, size, "proven %.5sZ", text_time(key->proven_ms, false, time) + 11);
    return out;
}

/* What stands in the last column: may it go, or what is it to the source. */
static const char *word_for(const struct app *app, enum side side, size_t row, int width, char *out,
                            size_t size)
{
    static const char *const matches[RELATIONS] = {"only here", "same", "same name", "differs"};
    const struct inventory *inv = &app->side[side].inventory;
    const struct key_desc *key = inventory_row(inv, row);
    const struct verdict *verdict = inventory_verdict(inv, row);
    enum relation relation = pair_relation(app, side, key);

    if (side == SIDE_DESTINATION && run_key_at(&app->run, verdict->key))
        return arrived_word(run_key_at(&app->run, verdict->key), out, size);
    if (side == SIDE_DESTINATION)
        return app->side[SIDE_SOURCE].state == SIDE_LISTED ? matches[relation] : "";
    if (key->class == KEY_CLASS_OTHER)
        return "";
    if (verdict->key)
        return "moved";
    if (!verdict->known)
        return "";
    if (verdict->movable)
        return "yes";
    if (relation == RELATION_SAME)
        return "there: same";
    if (relation != RELATION_NONE)
        return relation == RELATION_OTHER ? "name taken: other key" : "name taken";
    return why_not(verdict->reason, width, out, size);
}

static void draw_object(const struct app *app, struct canvas *c, enum side side, size_t row,
                        struct rect r)
{
    const struct inventory *inv = &app->side[side].inventory;
    const struct key_desc *key = inventory_row(inv, row);
    struct columns w = columns_of(app, side, r.w);
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], word[200];
    bool marked = inventory_is_marked(inv, row);
    enum style style = marked ? STYLE_STRONG : STYLE_NORMAL;
    const char *verdict = word_for(app, side, row, w.verdict, word, sizeof word);

    if (marked)
        draw_text(c, r.x + 1, r.y, 1, STYLE_STRONG, "*");
    draw_text(c, r.x + 2, r.y, w.label, style, key_label_text(key, label));
    draw_text(c, r.x + 3 + w.label, r.y, w.type, style, type_text(key, type));
    draw_text(c, r.x + 4 + w.label + w.type, r.y, w.verdict, style, verdict);
    if (row == inv->scroll.at)
        draw_cursor_row(app, c, side, r);
}

enum { PATIENCE_S = 3 }; /* from then on a state that should pass shows its seconds */

static bool is_waiting(enum side_state state)
{
    return state == SIDE_OPENING || state == SIDE_LOGGED_IN;
}

static void draw_state(const struct app *app, struct canvas *c, enum side side, struct rect r)
{
    static const char *const words[SIDE_STATES] = {
        [SIDE_CLOSED] = "not open",
        [SIDE_OPENING] = "opening ...",
        [SIDE_OPEN] = "open; waits for its token",
        [SIDE_LOGGED_IN] = "logged in; reading its keys ...",
        [SIDE_LISTED] = "no objects",
        [SIDE_FAILED] = "",
    };
    const struct app_side *s = &app->side[side];
    int64_t seconds = (app->at.now_ms - s->since_ms) / 1000;
    int y;

    if (s->state == SIDE_LISTED && s->inventory.filter[0]) {
        draw_text(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, "nothing passes the filter");
        return;
    }
    if (s->state != SIDE_FAILED) {
        y = draw_text(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, words[s->state]);
        if (is_waiting(s->state) && seconds >= PATIENCE_S)
            draw_format(c, r.x + 2 + y, r.y, r.w - 2 - y, STYLE_WARN, "%" PRId64 " s", seconds);
        return;
    }
    draw_text(c, r.x + 1, r.y, r.w - 1, STYLE_BAD, "[FAIL] not open; R tries again");
    r = (struct rect){r.x + 1, r.y + 1, r.w - 1, r.h - 1};
    y = draw_wrapped(c, r, STYLE_NORMAL, s->err.what);
    draw_wrapped(c, (struct rect){r.x, r.y + y, r.w, r.h - y}, STYLE_NORMAL, s->err.next);
}

static void draw_foot(const struct app *app, struct canvas *c, enum side side, struct rect r)
{
    const struct inventory *inv = &app->side[side].inventory;
    char filtered[200] = "";

    if (app->side[side].state != SIDE_LISTED)
        return;
    if (inv->filter[0])
        snprintf(filtered, sizeof filtered, "   filter \"%.40s\": %zu shown", inv->filter,
                 inv->shown_count);
    if (side == SIDE_SOURCE)
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, "%zu of %zu marked%s", inv->marked_count,
                    inv->list.count, filtered);
    else
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, "%zu object%s%s", inv->list.count,
                    inv->list.count == 1 ? "" : "s", filtered);
}

/* What answers there, by the best name that it has. */
static const char *model_of(const struct app_side *s)
{
    if (!s->has_token)
        return "";
    return s->token.model[0] ? s->token.model : s->info.library;
}

void pane_draw_inventory(const struct app *app, struct canvas *c, enum side side)
{
    const struct app_side *s = &app->side[side];
    struct rect in = layout_inside(app->at.layout.pane[side]);
    struct columns w = columns_of(app, side, in.w);
    char title[256];

    if (in.h < 4)
        return;
    snprintf(title, sizeof title, "%s  %s%s%s%s%s", pane_side_title(side),
             app->config->side[side].where.api, s->has_token ? " " : "",
             s->has_token ? s->info.api_version : "", s->has_token ? " - " : "", model_of(s));
    draw_frame(c, app->at.layout.pane[side], side_style(side), title);
    if (s->has_token)
        draw_format(c, in.x + 1, in.y, in.w - 1, STYLE_STRONG, "%s  serial %s",
                    app_side_label(app, side), s->token.serial);
    draw_text(c, in.x + 2, in.y + 1, w.label, STYLE_DIM, "label");
    draw_text(c, in.x + 3 + w.label, in.y + 1, w.type, STYLE_DIM, "type");
    draw_text(c, in.x + 4 + w.label + w.type, in.y + 1, w.verdict, STYLE_DIM,
              side == SIDE_SOURCE ? "can go?" : "match");
    for (int i = 0; i < in.h - 3; i++) {
        struct rect row = {in.x, in.y + 2 + i, in.w, 1};
        size_t at = s->inventory.scroll.top + (size_t)i;
        if (inventory_row(&s->inventory, at))
            draw_object(app, c, side, at, row);
    }
    if (s->inventory.shown_count == 0)
        draw_state(app, c, side, (struct rect){in.x, in.y + 2, in.w, in.h - 3});
    draw_foot(app, c, side, (struct rect){in.x, in.y + in.h - 1, in.w, 1});
}

/* --- setup ------------------------------------------------------------------------------------ */

/* Why a slot cannot be used, or what to know of its PIN, or that it is ready. */
static const char *slot_words(enum side side, const struct hsm_slot *slot)
{
    const char *obstacle = hsm_slot_obstacle(slot);

    if (obstacle)
        return obstacle;
    if (slot->flags & HSM_TOKEN_WRITE_PROTECTED)
        return side == SIDE_SOURCE ? "ready, write-protected" : "write-protected";
    if (slot->flags & HSM_TOKEN_PIN_FINAL_TRY)
        return "last PIN try";
    return slot->flags & HSM_TOKEN_PIN_COUNT_LOW ? "PIN tries low" : "ready";
}

static void draw_slot(const struct app *app, struct canvas *c, enum side side, size_t row,
                      struct rect r)
{
    const struct hsm_slot *slot = setup_slot(app, side, row);
    int label = r.w - 38 > 8 ? r.w - 38 : 8;
    bool chosen = setup_slot_is_chosen(app, side, slot);
    enum style style = chosen ? STYLE_STRONG : STYLE_NORMAL;

    if (chosen)
        draw_text(c, r.x + 1, r.y, 1, STYLE_STRONG, "*");
    draw_format(c, r.x + 2, r.y, 11, style, "0x%" PRIx64, slot->id);
    draw_text(c, r.x + 14, r.y, label, style, slot->label[0] ? slot->label : "-");
    draw_text(c, r.x + 15 + label, r.y, r.w - 15 - label, style, slot_words(side, slot));
    if (row == app->setup.scroll[side].at)
        draw_cursor_row(app, c, side, r);
}

static void draw_choices(const struct app *app, struct canvas *c, enum side side, struct rect in)
{
    const struct config_side *config = &app->config->side[side];
    char *const *environment = config->environment;
    bool store = strcmp(config->where.api, "nss") == 0;
    const char *unset = store ? "(Enter names its folder)" : "(Enter chooses one)";
    const struct {
        const char *name, *value;
    } rows[SETUP_SLOTS] = {
        [SETUP_API] = {"API", config->where.api},
        [SETUP_MODULE] = {store ? "Store" : "Module",
                          config->where.module[0] ? config->where.module : unset},
        [SETUP_ENVIRONMENT] = {"Environ",
                               environment && environment[0] ? environment[0] : "(nothing set)"},
    };
    for (int i = 0; i < SETUP_SLOTS; i++) {
        draw_text(c, in.x + 1, in.y + i, 8, STYLE_DIM, rows[i].name);
        draw_path(c, in.x + 9, in.y + i, in.w - 10, STYLE_NORMAL, rows[i].value);
        if (app->setup.scroll[side].at == (size_t)i)
            draw_cursor_row(app, c, side, (struct rect){in.x, in.y + i, in.w, 1});
    }
}

static void draw_slots(const struct app *app, struct canvas *c, enum side side, struct rect r)
{
    size_t at = app->setup.scroll[side].at;
    size_t first = SETUP_SLOTS;

    if (r.h > 0 && at >= first + (size_t)r.h)
        first = at - (size_t)r.h + 1;
    for (int i = 0; i < r.h; i++)
        if (setup_slot(app, side, first + (size_t)i))
            draw_slot(app, c, side, first + (size_t)i, (struct rect){r.x, r.y + i, r.w, 1});
    if (app->side[side].slots.count == 0)
        draw_state(app, c, side, r);
}

void pane_draw_setup(const struct app *app, struct canvas *c, enum side side)
{
    struct rect in = layout_inside(app->at.layout.pane[side]);
    const struct hsm_slot *slot = setup_slot(app, side, app->setup.scroll[side].at);

    if (in.h < 4)
        return;
    draw_frame(c, app->at.layout.pane[side], side_style(side), pane_side_title(side));
    draw_choices(app, c, side, in);
    draw_text(c, in.x + 2, in.y + 4, 13, STYLE_DIM, "slot");
    draw_text(c, in.x + 14, in.y + 4, in.w - 14, STYLE_DIM, "token and state");
    draw_slots(app, c, side, (struct rect){in.x, in.y + 5, in.w, in.h - 8});
    if (!slot)
        return;
    draw_format(c, in.x + 1, in.y + in.h - 2, in.w - 1, STYLE_NORMAL, "%s%sserial %s", slot->label,
                slot->label[0] ? "  " : "", slot->serial[0] ? slot->serial : "-");
    draw_format(c, in.x + 1, in.y + in.h - 1, in.w - 1, STYLE_NORMAL, "%s %s, fw %s",
                slot->manufacturer, slot->model, slot->firmware);
}

/* --- the line for what is at the cursor ------------------------------------------------------- */

static void current_object(const struct app *app, char *out, size_t size)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    const struct verdict *verdict = inventory_verdict(inv, inv->scroll.at);
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], flags[256], print[TEXT_GROUPS_SIZE];

    if (!key)
        return;
    key_label_text(key, label);
    key_type_text(key, type);
    if (app->at.active == SIDE_SOURCE && verdict->known && !verdict->movable && !verdict->key) {
        snprintf(out, size, "%.300s: %s, cannot go: %s", label, type, verdict->reason);
        return;
    }
    sheet_flags(key, KEY_USES | KEY_SENSITIVE | KEY_EXTRACTABLE, flags, sizeof flags);
    snprintf(out, size, "%.300s: %s%s%s%s%s", label, type, flags[0] ? ", " : "", flags,
             key->has_public ? ", sha256 " : "",
             key->has_public ? text_groups(key->spki_sha256, 4, print) : "");
}

void pane_current(const struct app *app, char *out, size_t size)
{
    const struct config_side *side = &app->config->side[app->at.active];

    out[0] = '\0';
    if (app->at.view == VIEW_INVENTORY)
        current_object(app, out, size);
    else if (app->setup.scroll[app->at.active].at == SETUP_MODULE && side->where.module[0])
        snprintf(out, size, "%.480s", side->where.module);
    else
        snprintf(out, size, "Compare label and serial with the script on paper before you go on.");
}
