/* SPDX-License-Identifier: Apache-2.0 */
/* The model of the setup view: API, module and slot of each side. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/app_parts.h"

static const char *const apis[] = {"pkcs11", "nss"};

enum { APIS = sizeof apis / sizeof apis[0] };

static bool named(const struct app *app, enum side side)
{
    return app->config->side[side].where.module[0] != '\0';
}

static bool both_named(const struct app *app)
{
    return named(app, SIDE_SOURCE) && named(app, SIDE_DESTINATION);
}

static bool both_chosen(const struct app *app)
{
    return app->config->side[SIDE_SOURCE].token.text[0] &&
           app->config->side[SIDE_DESTINATION].token.text[0];
}

size_t app_setup_rows(const struct app *app, enum side side)
{
    return SETUP_SLOTS + app->side[side].slots.count;
}

const struct hsm_slot *app_setup_slot(const struct app *app, enum side side, size_t row)
{
    const struct hsm_slot_list *slots = &app->side[side].slots;

    return row >= SETUP_SLOTS && row - SETUP_SLOTS < slots->count ? &slots->slots[row - SETUP_SLOTS]
                                                                  : NULL;
}

bool app_slot_is_chosen(const struct app *app, enum side side, const struct hsm_slot *slot)
{
    const struct uri *token = &app->config->side[side].token;

    return token->text[0] && uri_matches_slot(token, slot) && !hsm_slot_obstacle(slot);
}

/* A new worker for what the configuration says now; what was known of the old one is forgotten. */
void setup_restart(struct app *app)
{
    static const struct key_list none;

    run_free(&app->run);
    app->report = (struct app_report){0};
    app->pin.open = false;
    app->phase = PHASE_IDLE;
    explicit_bzero(app->answer.data, app->answer.cap);
    app->answer.len = 0;
    app_ask(app, REQUEST_START, SIDE_RELAY);
    for (unsigned i = 0; i < 2; i++) {
        struct app_side *side = &app->side[i];
        side->state = SIDE_CLOSED;
        side->has_token = false;
        side->slots.count = 0;
        app_take_keys(app, (enum side)i, &none);
        if (named(app, (enum side)i))
            app_ask(app, REQUEST_OPEN, (enum side)i);
    }
}

/* A ceremony that nobody has named is named by its day: its report and its file need a name. */
static void name_ceremony(struct app *app)
{
    char today[32];

    text_time(app->utc_ms, false, today);
    if (!app->config->title[0])
        snprintf(app->config->title, sizeof app->config->title, "Ceremony of %.10s", today);
}

void setup_begin(struct app *app)
{
    name_ceremony(app);
    for (unsigned i = 0; i < 2; i++)
        if (!app->config->side[i].where.api[0])
            snprintf(app->config->side[i].where.api, sizeof app->config->side[i].where.api, "%s",
                     apis[0]);
    app->view = app->under = both_named(app) && both_chosen(app) ? VIEW_INVENTORY : VIEW_SETUP;
    setup_restart(app);
    app->phase = app->view == VIEW_INVENTORY ? PHASE_CHOOSING : PHASE_IDLE;
}

/* The ceremony is no longer as its file says. */
static void forget_file(struct app *app)
{
    memset(app->config->sha256, 0, sizeof app->config->sha256);
}

/* The token of another module is another token. */
static void changed(struct app *app)
{
    forget_file(app);
    memset(&app->config->side[app->active].token, 0, sizeof app->config->side[app->active].token);
    setup_restart(app);
}

static void next_api(struct app *app)
{
    struct hsm_where *where = &app->config->side[app->active].where;
    unsigned at = 0;

    while (at < APIS && strcmp(apis[at], where->api) != 0)
        at++;
    snprintf(where->api, sizeof where->api, "%s", apis[(at + 1) % APIS]);
    where->module[0] = '\0';
    changed(app);
}

static void choose_module(struct app *app)
{
    const struct hsm_where *where = &app->config->side[app->active].where;

    if (strcmp(where->api, apis[0]) != 0) {
        app_open_input(app, INPUT_MODULE, where->module[0] ? where->module : "sql:/");
        return;
    }
    modules_find(&app->modules, NULL);
    app->dialog = DIALOG_MODULES;
    app->dialog_scroll = (struct scroll){0};
}

void setup_pick_module(struct app *app, size_t row)
{
    app->dialog = DIALOG_NONE;
    if (row < app->modules.count)
        setup_set_module(app, app->modules.found[row].path);
    else
        app_open_input(app, INPUT_MODULE, app->config->side[app->active].where.module);
}

void setup_set_module(struct app *app, const char *path)
{
    struct hsm_where *where = &app->config->side[app->active].where;

    if (path[0] != '/' && strcmp(where->api, apis[0]) == 0) {
        app_say(app, "A module is named by its whole path, beginning with a slash.");
        return;
    }
    snprintf(where->module, sizeof where->module, "%s", path);
    changed(app);
}

static void edit_environment(struct app *app)
{
    char **environment = app->config->side[app->active].environment;
    char text[FIELD_MAX] = "";
    size_t len = 0;

    for (char **variable = environment; variable && *variable; variable++) {
        int n = snprintf(text + len, sizeof text - len, "%s%s", len ? " " : "", *variable);
        if ((size_t)n >= sizeof text - len)
            break;
        len += (size_t)n;
    }
    app_open_input(app, INPUT_ENVIRONMENT, text);
}

void environment_free(char **environment)
{
    for (char **variable = environment; variable && *variable; variable++)
        free(*variable);
    free(environment);
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

void setup_set_environment(struct app *app, const char *text)
{
    struct config_side *side = &app->config->side[app->active];
    char **environment = environment_parse(text);
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
    environment_free(app->old_environment);
    app->old_environment = side->environment; /* the worker that goes may still read it */
    side->environment = environment;
    changed(app);
}

static void choose_slot(struct app *app, const struct hsm_slot *slot)
{
    struct uri *token = &app->config->side[app->active].token;
    const char *obstacle = hsm_slot_obstacle(slot);
    char text[URI_TEXT_MAX];
    struct err err;

    if (obstacle)
        app_say(app, "This token cannot be used: %s.", obstacle);
    else if (app->active == SIDE_DESTINATION && (slot->flags & HSM_TOKEN_WRITE_PROTECTED))
        app_say(app, "This token cannot be the destination: it is write-protected.");
    else if (!uri_parse(uri_of_slot(slot, text), token, &err))
        app_show_error(app, &err);
    else {
        forget_file(app);
        app_say(app, both_chosen(app) ? "%s is the %s. F8 goes on." : "%s is the %s.", slot->label,
                side_name(app->active));
    }
}

void setup_choose(struct app *app)
{
    struct scroll *at = &app->side[app->active].setup;
    const struct hsm_slot *slot = app_setup_slot(app, app->active, at->at);

    if (slot)
        choose_slot(app, slot);
    else if (at->at == SETUP_API)
        next_api(app);
    else if (at->at == SETUP_MODULE)
        choose_module(app);
    else
        edit_environment(app);
}

void setup_next(struct app *app)
{
    for (unsigned i = 0; i < 2; i++) {
        if (app->side[i].state != SIDE_OPEN || !app->config->side[i].token.text[0]) {
            app_say(app, "Choose a token of the %s first.", side_name((enum side)i));
            app->active = (enum side)i;
            return;
        }
    }
    app->phase = PHASE_CHOOSING;
    app->view = app->under = VIEW_INVENTORY;
    app_ask(app, REQUEST_CHOOSE, SIDE_SOURCE);
    app_ask(app, REQUEST_CHOOSE, SIDE_DESTINATION);
    app_size(app, app->columns, app->lines);
}

/* In the setup view also a side that is only open: a token may have been put in since. */
static bool may_reopen(const struct app *app)
{
    enum side_state state = app->side[app->active].state;

    return named(app, app->active) &&
           (state == SIDE_FAILED || (app->view == VIEW_SETUP && state == SIDE_OPEN));
}

/* A failed side is opened again, never by itself: a PIN has only so many tries. It is the side that
 * failed, wherever the cursor is: to open the healthy one again would ask for the other officer's
 * PIN. */
void setup_retry(struct app *app)
{
    enum side other = app->active == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;

    if (app->side[app->active].state != SIDE_FAILED && app->side[other].state == SIDE_FAILED)
        app->active = other;
    if (app->commands > 0)
        app_say(app, "The HSMs are busy; try again in a moment.");
    else if (!may_reopen(app))
        app_say(app, "Neither HSM failed; there is nothing to open again.");
    else
        app_ask(app, REQUEST_OPEN, app->active);
    app_size(app, app->columns, app->lines); /* one pane alone shows the active side */
}
