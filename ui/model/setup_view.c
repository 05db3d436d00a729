/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/setup_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/route.h"
#include "base/text.h"
#include "ui/model/key_rows.h"
#include "ui/model/opening.h"
#include "ui/model/text_page.h"

/* A key file (openssl) is the last, and only a source. */
static const char *const apis[] = {"pkcs11", "nss", "openssl"};

enum { APIS = sizeof apis / sizeof apis[0], PKCS11 = 0, NSS = 1 };

static struct config_side *current(struct app *app)
{
    return &app->config->side[app->at.active];
}

static bool both_chosen(const struct app *app)
{
    return app->config->side[SIDE_SOURCE].token.text[0] &&
           app->config->side[SIDE_DESTINATION].token.text[0];
}

size_t setup_rows(const struct app *app, enum side side)
{
    return SETUP_SLOTS + app->side[side].slots.count;
}

const struct hsm_slot *setup_slot(const struct app *app, enum side side, size_t row)
{
    const struct hsm_slot_list *slots = &app->side[side].slots;

    return row >= SETUP_SLOTS && row - SETUP_SLOTS < slots->count ? &slots->slots[row - SETUP_SLOTS]
                                                                  : NULL;
}

bool setup_slot_is_chosen(const struct app *app, enum side side, const struct hsm_slot *slot)
{
    const struct uri *token = &app->config->side[side].token;

    return token->text[0] && uri_matches_slot(token, slot) && !hsm_slot_obstacle(slot);
}

/* The token of another module is another token. */
static void changed(struct app *app)
{
    about_forget_file(app);
    memset(&current(app)->token, 0, sizeof current(app)->token);
    opening_restart(app);
}

/* --- the rows of a side ----------------------------------------------------------------------- */

static void next_api(struct app *app)
{
    struct hsm_where *where = &current(app)->where;
    const unsigned count = app->at.active == SIDE_SOURCE ? APIS : APIS - 1;
    unsigned at = 0;

    while (at < count && strcmp(apis[at], where->api) != 0)
        at++;
    snprintf(where->api, sizeof where->api, "%s", apis[(at + 1) % count]);
    where->module[0] = '\0';
    changed(app);
}

void setup_set_module(struct app *app, const char *path)
{
    struct hsm_where *where = &current(app)->where;

    if (path[0] != '/' && strcmp(where->api, apis[NSS]) != 0) {
        app_say(app, "A %s is named by its whole path, beginning with a slash.",
                strcmp(where->api, apis[PKCS11]) == 0 ? "module" : "key file");
        return;
    }
    snprintf(where->module, sizeof where->module, "%s", path);
    changed(app);
}

static void module_done(struct app *app)
{
    setup_set_module(app, app->dialog.field.text);
}

static const struct input module_input = {
    .title = "MODULE",
    .prompt = "The module's path, or sql: and the folder of an NSS store (Tab completes):",
    .done = module_done,
    .is_path = true};

static const struct input key_file_input = {
    .title = "KEY FILE",
    .prompt = "The path of the PKCS#12, PKCS#8 or PEM file (Tab completes):",
    .done = module_done,
    .is_path = true};

void setup_ask_module(struct app *app)
{
    const struct hsm_where *where = &current(app)->where;
    bool store = strcmp(where->api, apis[NSS]) == 0;
    bool module = strcmp(where->api, apis[PKCS11]) == 0;

    app_open_input(app, store || module ? &module_input : &key_file_input,
                   where->module[0] ? where->module
                   : store          ? "sql:/"
                                    : "/");
}

static void choose_module(struct app *app)
{
    struct modules *modules = &app->setup.modules;

    *modules = (struct modules){0};
    if (strcmp(current(app)->where.api, apis[PKCS11]) == 0)
        modules_find(modules, NULL);
    else if (strcmp(current(app)->where.api, apis[NSS]) != 0) {
        setup_ask_module(app); /* a key file has no usual place */
        return;
    } else if (app->setup.stores)
        *modules = *app->setup.stores;
    app_open(app, DIALOG_MODULES);
}

void environment_free(char **environment)
{
    for (char **variable = environment; variable && *variable; variable++)
        free(*variable);
    free(environment);
}

static char **environment_copy(char *const *from)
{
    size_t count = 0;
    char **copy;

    while (from && from[count])
        count++;
    copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(from[i]))) {
            environment_free(copy);
            return NULL;
        }
    return copy;
}

/* "NAME=value NAME=value" as a list; NULL: not of this form, or no memory. */
static char **environment_parse(const char *text)
{
    char **environment = calloc(strlen(text) / 2 + 2, sizeof *environment);
    size_t count = 0;

    for (; environment && *text; text += strspn(text, " ")) {
        size_t len = strcspn(text, " ");
        if (len == 0)
            continue;
        environment[count] = strndup(text, len);
        if (!environment[count] || !strchr(environment[count] + 1, '=')) {
            environment_free(environment);
            return NULL;
        }
        count++;
        text += len;
    }
    return environment;
}

static void environment_done(struct app *app)
{
    struct config_side *side = current(app);
    char **environment = environment_parse(app->dialog.field.text);
    struct err err;

    if (!environment) {
        app_say(app, "Write it as NAME=value, several with a blank between them.");
        return;
    }
    for (char **variable = environment; *variable; variable++)
        if (!config_check_variable(side, app->config->rehearsal, *variable, &err)) {
            app_show_error(app, &err);
            environment_free(environment);
            return;
        }
    environment_free(app->setup.old_environment);
    app->setup.old_environment = side->environment; /* the worker that goes may still read it */
    side->environment = environment;
    changed(app);
}

static const struct input environment_input = {
    .title = "ENVIRONMENT",
    .prompt = "What the module's agent finds set, as NAME=value:",
    .done = environment_done};

static void edit_environment(struct app *app)
{
    char **environment = current(app)->environment;
    char text[FIELD_MAX] = "";
    size_t len = 0;

    for (char **variable = environment; variable && *variable; variable++) {
        int n = snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "", *variable);
        if ((size_t)n >= sizeof text - len)
            break;
        len += (size_t)n;
    }
    app_open_input(app, &environment_input, text);
}

/* Is it the token that was chosen for the other side, whatever the path to it? */
static bool is_chosen_there(const struct app *app, const struct hsm_slot *slot)
{
    enum side other = app_other(app->at.active);
    const struct hsm_slot_list *slots = &app->side[other].slots;

    for (size_t i = 0; i < slots->count; i++)
        if (setup_slot_is_chosen(app, other, &slots->slots[i]) &&
            hsm_same_token(&slots->slots[i], slot))
            return true;
    return false;
}

/* One token is not both: the last choice holds. */
static void take_slot(struct app *app, const struct hsm_slot *slot)
{
    const enum side side = app->at.active, other = app_other(side);
    bool was_there = is_chosen_there(app, slot);
    char text[URI_TEXT_MAX];
    struct err err;

    if (!uri_parse(uri_of_slot(slot, text), &current(app)->token, &err)) {
        app_show_error(app, &err);
        return;
    }
    if (was_there)
        memset(&app->config->side[other].token, 0, sizeof app->config->side[other].token);
    about_forget_file(app);
    if (was_there)
        app_say(app, "%s is the %s now: choose another token as the %s.", slot->label,
                side_name(side), side_name(other));
    else if (both_chosen(app))
        app_say(app, "%s is the %s. Press F8 to continue.", slot->label, side_name(side));
    else
        app_say(app, "%s is the %s. Tab leads to the other HSM.", slot->label, side_name(side));
}

static void choose_slot(struct app *app, const struct hsm_slot *slot)
{
    const char *obstacle = hsm_slot_obstacle(slot);

    if (obstacle)
        app_say(app, "This token cannot be used: %s.", obstacle);
    else if (app->at.active == SIDE_DESTINATION && (slot->flags & HSM_TOKEN_WRITE_PROTECTED))
        app_say(app, "This token cannot be the destination: it is write-protected.");
    else
        take_slot(app, slot);
}

/* --- the HSMs of the last ceremony --------------------------------------------------------------
 */

static void recall(struct app *app, unsigned i)
{
    const struct recent *recent = app->setup.recent;
    struct config_side *side = current(app);
    char **environment;

    if (!recent || i >= recent->count) {
        app_say(app, "There is no HSM of a ceremony before.");
        return;
    }
    environment = environment_copy(recent->side[i].environment);
    if (!environment)
        return;
    environment_free(app->setup.old_environment);
    app->setup.old_environment = side->environment; /* the worker that goes may still read it */
    side->environment = environment;
    side->where = recent->side[i].where;
    side->token = recent->side[i].token;
    about_forget_file(app);
    opening_restart(app);
    app_say(app, "As it was the %s of the last ceremony.", side_name((enum side)i));
}

static void recall_source(struct app *app)
{
    recall(app, SIDE_SOURCE);
}

static void recall_destination(struct app *app)
{
    recall(app, SIDE_DESTINATION);
}

/* --- the keys --------------------------------------------------------------------------------- */

static void choose(struct app *app)
{
    struct scroll *at = &app->setup.scroll[app->at.active];
    const struct hsm_slot *slot = setup_slot(app, app->at.active, at->at);

    if (slot)
        choose_slot(app, slot);
    else if (at->at < ABOUT_ROWS)
        about_choose(app, at->at);
    else if (at->at == SETUP_API)
        next_api(app);
    else if (at->at == SETUP_MODULE)
        choose_module(app);
    else if (at->at == SETUP_ENVIRONMENT)
        edit_environment(app);
}

static void next(struct app *app)
{
    size_t row;

    if (!about_is_complete(app, &row)) {
        if (row < ABOUT_ROWS)
            app->setup.scroll[app->at.active].at = row;
        return;
    }
    opening_next(app);
}

static void details_open(struct app *app)
{
    app_open(app, DIALOG_DETAILS);
}

static void move(struct app *app, long delta)
{
    scroll_move(&app->setup.scroll[app->at.active], delta, setup_rows(app, app->at.active),
                SIZE_MAX / 2);
}

/* Too few lines for all: the ceremony's rows are there while the cursor is in them. */
void setup_place(const struct app *app, struct setup_places *out)
{
    enum { ABOUT_LINES = ABOUT_ROWS + 2, LEAST = SETUP_NO_SLOTS + 1 };
    enum layout_form form = app->at.layout.form;
    struct rect body = app->at.layout.body;
    bool roomy = body.h >= ABOUT_LINES + LEAST;

    *out = (struct setup_places){.about = {body.x, body.y, 0, 0}};
    if (roomy || app->setup.scroll[app->at.active].at < ABOUT_ROWS) {
        out->about = (struct rect){body.x, body.y, body.w, ABOUT_LINES};
        body.y += ABOUT_LINES;
        body.h -= ABOUT_LINES;
    }
    if (form == LAYOUT_STACKED && body.h < 2 * LEAST)
        form = LAYOUT_ONE;
    layout_panes(form, body, app->at.active, out->pane);
}

static size_t page(const struct app *app)
{
    struct setup_places places;

    setup_place(app, &places);
    int h = places.pane[app->at.active].h;
    return h > SETUP_NO_SLOTS ? (size_t)(h - SETUP_NO_SLOTS) : 1;
}

static void enter(struct app *app)
{
    app->at.under = VIEW_SETUP;
    opening_restart(app);
}

/* While a side is opened again, the cursor waits for its slots. */
static void size(struct app *app)
{
    for (unsigned i = 0; i < 2; i++) {
        enum side_state state = app->side[i].state;
        if (app->config->side[i].where.module[0] && (state == SIDE_CLOSED || state == SIDE_OPENING))
            continue;
        scroll_move(&app->setup.scroll[i], 0, setup_rows(app, (enum side)i), SIZE_MAX / 2);
    }
}

/* --- details ---------------------------------------------------------------------------------- */

static void slot_facts(const struct hsm_slot *slot, struct sheet *s)
{
    sheet_line(s, "%-20s 0x%" PRIx64, "slot", slot->id);
    sheet_line(s, "%-20s %s", "description", slot->description);
    sheet_line(s, "%-20s %s", "token", slot->label);
    sheet_line(s, "%-20s %s", "serial", slot->serial);
    sheet_line(s, "%-20s %s %s", "maker and model", slot->manufacturer, slot->model);
    sheet_line(s, "%-20s %s", "hardware version", slot->hardware);
    sheet_line(s, "%-20s %s", "firmware version", slot->firmware);
    for (unsigned i = 0; i < HSM_SLOT_FLAGS; i++)
        sheet_line(s, "%-20s %s", hsm_slot_flag_name(UINT32_C(1) << i),
                   slot->flags & UINT32_C(1) << i ? "yes" : "no");
}

static void dialect(const struct app_side *side, struct sheet *s)
{
    const struct hsm_dialect *d = &side->info.dialect;
    struct key_desc passes = {.flags = d->not_enforced, .flags_known = d->not_enforced};
    char text[TEXT_GROUPS_SIZE + HSM_DIALECT_TEXT + 256];

    if (!side->has_token || !d->name[0])
        return;
    sheet_line(s, "%-20s %s", "spoken to in", hsm_dialect_text(d, text));
    sheet_line(s, "%-20s %s", "  file's sha256", text_groups(d->sha256, 8, text));
    if (d->not_enforced)
        sheet_line(s, "%-20s %s; hsmferry does", "  does not enforce",
                   sheet_flags(&passes, d->not_enforced, text, sizeof text));
}

static void running(const struct app_side *side, struct sheet *s)
{
    if (side->has_token && side->loading[0])
        sheet_line(s, "%-20s %s", "module loaded from", side->loading);
    if (side->has_token && side->confinement[0])
        sheet_line(s, "%-20s %s", "agent confined", side->confinement);
}

static void details(const struct app *app, struct sheet *s)
{
    const struct config_side *side = &app->config->side[app->at.active];
    const struct hsm_slot *slot =
        setup_slot(app, app->at.active, app->setup.scroll[app->at.active].at);
    char route[160];

    if (app->setup.scroll[app->at.active].at < ABOUT_ROWS) {
        about_details(app->config, s);
        return;
    }
    s->hang = SHEET_FACTS;
    sheet_line(s, "%-20s %s", "API", side->where.api);
    sheet_line(s, "%-20s %s", "module", side->where.module[0] ? side->where.module : "none yet");
    for (char **variable = side->environment; variable && *variable; variable++) {
        char safe[TEXT_SAFE_SIZE(FIELD_MAX)];
        text_safe(*variable, strlen(*variable), safe, sizeof safe);
        sheet_line(s, "%-20s %s", "environment", safe);
    }
    dialect(&app->side[app->at.active], s);
    if (route_text((const char *const *)side->agent, route, sizeof route))
        sheet_line(s, "%-20s %s", "reached through", route);
    if (side->agent)
        sheet_line(s, "%-20s %s", "agent", "named by the ceremony file; its code is not checked");
    running(&app->side[app->at.active], s);
    if (slot)
        slot_facts(slot, s);
    else if (app->side[app->at.active].state == SIDE_FAILED)
        sheet_line(s, "%-20s %s", "failed", app->side[app->at.active].err.what);
}

/* --- the view --------------------------------------------------------------------------------- */

static const struct key_row keys[] = {
    {.also = keys_help},
    {.also = keys_moving},
    {.also = keys_sides},
    {{PRESS_ENTER, ' '},
     1,
     "Choose",
     "Choose or type what is at the cursor: title, kind, API, module, slot.",
     choose,
     NULL},
    {{'1'}, 0, NULL, "Choose what was the source of the last ceremony.", recall_source, NULL},
    {{'2'},
     0,
     NULL,
     "Choose what was the destination of the last ceremony.",
     recall_destination,
     NULL},
    {.also = keys_save},
    {{PRESS_F3, 'd'},
     3,
     "Details",
     "Show everything that is known of this side's module and slot.",
     details_open,
     NULL},
    {.also = keys_retry},
    {{PRESS_F8, 'n'},
     1,
     "Next",
     "Compare both devices, log in to both tokens, and list their keys.",
     next,
     NULL},
    {.also = keys_leaving},
    {.help = NULL},
};

const struct view setup_view = {.name = "Setup",
                                .keys = keys,
                                .move = move,
                                .page = page,
                                .details = details,
                                .offers = key_rows_offer,
                                .enter = enter,
                                .size = size,
                                .event = opening_event,
                                .done = opening_done};
