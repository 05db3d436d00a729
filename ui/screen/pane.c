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

enum style pane_style(enum side side)
{
    return side == SIDE_SOURCE ? STYLE_SOURCE : STYLE_DESTINATION;
}

void pane_draw_cursor(const struct app *app, struct canvas *c, enum side side, struct rect row)
{
    draw_text(c, row.x, row.y, 1, STYLE_STRONG, draw_sign(c, SIGN_CURRENT));
    if (app->at.active != side)
        return;
    draw_restyle(c, row, STYLE_CURRENT);
    draw_cursor(c, row.x, row.y);
}

void pane_draw_frame(struct canvas *c, enum side side, const struct rect pane[2], const char *title)
{
    char other[32];
    int room = pane[side].w - 4 - text_width(title);

    draw_frame(c, pane[side], pane_style(side), title);
    if (pane[app_other(side)].h > 0)
        return;
    snprintf(other, sizeof other, " Tab: %s ", pane_side_title(app_other(side)));
    if (room >= (int)strlen(other))
        draw_right(c, pane[side].x + 1, pane[side].y, pane[side].w - 3, STYLE_STRONG, other);
    else
        draw_right(c, pane[side].x + 1, pane[side].y, pane[side].w - 3, STYLE_STRONG, " Tab ");
}

/* --- inventory -------------------------------------------------------------------------------- */

enum { PROVEN_WIDTH = 13 }; /* "proven 16:46Z" */
enum { PRINT_WIDTH = 21, PRINT_LEAST = 43 };

/* Widths of the columns in a pane that is w wide inside; 0: there is no room for it. */
struct columns {
    int label, type, id, uses, print, verdict;
};

static struct columns columns_for(int w, int verdict_min)
{
    struct columns c = {.id = w >= 54 ? 10 : 0, .uses = w >= 74 ? 18 : 0};
    int left = w - 2 - 2; /* sign and mark; a gap before each of the others */

    left -= c.id + c.uses;
    if (left >= PRINT_LEAST + PRINT_WIDTH) { /* the label is not to be narrower for it */
        c.print = PRINT_WIDTH;
        left -= PRINT_WIDTH;
    }
    c.type = left / 4 < 9 ? 9 : left / 4 > 22 ? 22 : left / 4;
    c.verdict = (left - c.type) * 2 / 5;
    if (w >= 64 && c.verdict < 20) /* a reason in full */
        c.verdict = 20;
    c.verdict = c.verdict < verdict_min ? verdict_min : c.verdict;
    c.label = left - c.type - c.verdict;
    return c;
}

/* One word for each use, short enough for a column. */
static char *uses_text(const struct key_desc *key, char *out, size_t size)
{
    static const struct {
        uint32_t use;
        const char *word;
    } words[] = {
        {KEY_ENCRYPT, "enc"}, {KEY_DECRYPT, "dec"}, {KEY_SIGN, "sign"},  {KEY_VERIFY, "ver"},
        {KEY_WRAP, "wrap"},   {KEY_UNWRAP, "unwr"}, {KEY_DERIVE, "der"},
    };
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0] && len < size; i++)
        if (key_is(key, words[i].use))
            len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " " : "", words[i].word);
    return out;
}

/* The check value, or the first 64 bits of the public key's SHA-256, if the HSM reports one; of a
 * stored password nothing by which a guess could be tried. */
static const char *print_text(const struct key_desc *key, char out[TEXT_GROUPS_SIZE])
{
    if (key->has_public)
        return text_groups(key->spki_sha256, 4, out);
    return key->kcv_len && !key_kind_is(key->kind, KEY_FAMILY_VALUE) ? key_kcv_text(key, out) : "-";
}

/* The cells between type and verdict; returns the column after them. */
static int draw_more(struct canvas *c, int x, int y, const struct columns *w, enum style style,
                     const struct key_desc *key)
{
    char text[2 * KEY_ID_MAX + 1 + TEXT_GROUPS_SIZE];

    if (w->id)
        draw_text(c, x, y, w->id - 1, style,
                  key->id_len
                      ? text_hex(key->id, key->id_len < KEY_ID_MAX ? key->id_len : KEY_ID_MAX, text)
                      : "-");
    x += w->id;
    if (w->uses)
        draw_text(c, x, y, w->uses - 1, style, uses_text(key, text, sizeof text));
    x += w->uses;
    if (w->print)
        draw_text(c, x, y, w->print - 1, style, print_text(key, text));
    return x + w->print;
}

/* The names of the columns; the one by which the list is sorted has a sign. */
static void draw_heads(struct canvas *c, struct rect r, const struct columns *w,
                       enum inventory_sort sort, const char *verdict)
{
    const struct {
        const char *name;
        int width;
        enum inventory_sort sort;
    } heads[] = {
        {"label", w->label + 1, SORT_LABEL},
        {"type", w->type + 1, SORT_TYPE},
        {"id", w->id, SORT_ID},
        {"uses", w->uses, SORTS},
        {"KCV or public key", w->print, SORTS},
        {verdict, w->verdict, SORTS},
    };
    int x = r.x + 2;

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        if (heads[i].width == 0)
            continue;
        draw_format(c, x, r.y, heads[i].width - (i < 5), STYLE_DIM, "%s%s%s", heads[i].name,
                    heads[i].sort == sort ? " " : "",
                    heads[i].sort == sort ? draw_sign(c, SIGN_SORTED) : "");
        x += heads[i].width;
    }
}

/* The reason in a column of any width: the line below the panes gives it in full. */
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
    char reason[VERDICT_REASON];

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
        return width < (int)sizeof "there: same" - 1 ? "there" : "there: same";
    if (relation != RELATION_NONE)
        return relation == RELATION_OTHER ? "name taken: other key" : "name taken";
    return why_not(inventory_reason(inv, verdict, reason), width, out, size);
}

/* Marked as the script says; beyond it; or left out of it. Of an interrupted ceremony, its journal
 * says which keys, and nothing is marked. */
static const char *mark_of(const struct app *app, const struct key_desc *key, bool marked)
{
    const struct script *script = &app->inventory.script;
    bool named = script->opened && !settle_is_on(&app->settle) && script_find(script, key->handle);

    if (marked)
        return named || !script->opened ? "*" : "+";
    return named && key->class != KEY_CLASS_DATA ? "-" : "";
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
    int x;

    if (side == SIDE_SOURCE)
        draw_text(c, r.x + 1, r.y, 1, STYLE_STRONG, mark_of(app, key, marked));
    draw_text(c, r.x + 2, r.y, w.label, style, key_label_text(key, label));
    draw_text(c, r.x + 3 + w.label, r.y, w.type, style, sheet_type(key, w.type, type));
    x = draw_more(c, r.x + 4 + w.label + w.type, r.y, &w, style, key);
    draw_text(c, x, r.y, w.verdict, style, verdict);
    if (row == inv->scroll.at)
        pane_draw_cursor(app, c, side, r);
    if (side == app->at.active) {
        draw_found(c, r.x + 2, r.y, w.label, label, app->at.find);
        draw_found(c, r.x + 3 + w.label, r.y, w.type, type, app->at.find);
    }
}

enum { PATIENCE_S = 3 }; /* from then on a state that should pass shows its seconds */

static bool is_waiting(enum side_state state)
{
    return state == SIDE_OPENING || state == SIDE_LOGGED_IN;
}

static int64_t seconds_in_state(const struct app *app, enum side side)
{
    return (app->at.now_ms - app->side[side].since_ms) / 1000;
}

void pane_draw_state(const struct app *app, struct canvas *c, enum side side, struct rect r)
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
    int64_t seconds = seconds_in_state(app, side);
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
    char filtered[200] = "", so_far[TEXT_COUNT_SIZE];

    if (app->side[side].state != SIDE_LISTED && inv->count == 0)
        return;
    if (inv->filter[0])
        snprintf(filtered, sizeof filtered, "   filter \"%.40s\": %zu shown", inv->filter,
                 inv->shown_count);
    if (app->side[side].state != SIDE_LISTED)
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_WARN, "%s so far, %" PRId64 " s%s",
                    text_count(inv->count, so_far), seconds_in_state(app, side), filtered);
    else if (side == SIDE_SOURCE && script_deviates(&app->inventory.differs))
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_WARN, "%zu of %zu marked, NOT AS THE SCRIPT%s",
                    inv->marked_count, inv->count, filtered);
    else if (side == SIDE_SOURCE)
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, "%zu of %zu marked%s", inv->marked_count,
                    inv->count, filtered);
    else
        draw_format(c, r.x + 1, r.y, r.w - 1, STYLE_DIM, "%zu object%s%s", inv->count,
                    inv->count == 1 ? "" : "s", filtered);
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
    pane_draw_frame(c, side, app->at.layout.pane, title);
    if (s->has_token)
        draw_format(c, in.x + 1, in.y, in.w - 1, STYLE_STRONG, "%s  serial %s",
                    app_side_label(app, side), s->token.serial);
    draw_heads(c, (struct rect){in.x, in.y + 1, in.w, 1}, &w, s->inventory.sort,
               side == SIDE_SOURCE ? "can go?" : "match");
    draw_place(c, app->at.layout.pane[side], s->inventory.scroll.at + 1, s->inventory.shown_count);
    for (int i = 0; i < in.h - 3; i++) {
        struct rect row = {in.x, in.y + 2 + i, in.w, 1};
        size_t at = s->inventory.scroll.top + (size_t)i;
        if (inventory_row(&s->inventory, at))
            draw_object(app, c, side, at, row);
    }
    if (s->inventory.shown_count == 0)
        pane_draw_state(app, c, side, (struct rect){in.x, in.y + 2, in.w, in.h - 3});
    draw_foot(app, c, side, (struct rect){in.x, in.y + in.h - 1, in.w, 1});
}

/* --- the line for what is at the cursor ------------------------------------------------------- */

static void current_object(const struct app *app, char *out, size_t size)
{
    const struct inventory *inv = &app->side[app->at.active].inventory;
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    const struct verdict *verdict = inventory_verdict(inv, inv->scroll.at);
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], flags[256], print[TEXT_GROUPS_SIZE];
    char reason[VERDICT_REASON];

    if (!key)
        return;
    key_label_text(key, label);
    key_type_text(key, type);
    if (app->at.active == SIDE_SOURCE && verdict->known && !verdict->movable && !verdict->key) {
        snprintf(out, size, "%.300s: %s, cannot go: %s", label, type,
                 inventory_reason(inv, verdict, reason));
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
    else if (app->setup.scroll[app->at.active].at == ABOUT_OFFICERS)
        about_text(app->config, ABOUT_OFFICERS, out, size);
    else if (app->setup.scroll[app->at.active].at == SETUP_MODULE && side->where.module[0])
        snprintf(out, size, "%.480s", side->where.module);
    else
        snprintf(out, size, "Compare label and serial with the script on paper first.");
}
