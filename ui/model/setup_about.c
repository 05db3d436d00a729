/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/setup_about.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/model/text_page.h"

void about_forget_file(struct app *app)
{
    memset(app->config->sha256, 0, sizeof app->config->sha256);
}

/* The worker that is at work was made for another ceremony than this. */
static void changed(struct app *app)
{
    about_forget_file(app);
    app->setup.stale = true;
}

/* Copies the part of text between its blanks; false: it does not fit. */
static bool trim(const char *text, size_t len, char *out, size_t size)
{
    while (len > 0 && text[0] == ' ')
        text++, len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

/* --- the title -------------------------------------------------------------------------------- */

static void title_done(struct app *app)
{
    char title[sizeof app->config->title];

    if (!trim(app->dialog.field.text, app->dialog.field.len, title, sizeof title))
        app_say(app, "A title has at most %zu bytes.", sizeof title - 1);
    else if (!title[0])
        app_say(app, "A ceremony has a title: its report is named after it.");
    else {
        memcpy(app->config->title, title, sizeof title);
        changed(app);
    }
}

static const struct input title_input = {
    .title = "TITLE", .prompt = "What this ceremony is called:", .done = title_done};

/* --- its kind, and who answers ---------------------------------------------------------------- */

/* All gates at which it will ask; production asks at the devices in any case. */
static uint32_t all_gates(const struct config *config)
{
    return config->policy.gates | (config->rehearsal ? 0 : 1U << GATE_DEVICES);
}

static void next_gates(struct app *app)
{
    struct policy *policy = &app->config->policy;

    policy->two_officers = policy->two_officers ? 0 : all_gates(app->config);
    changed(app);
    app_say(app, "%s",
            policy->two_officers
                ? "Each gate is answered by both: first the source officer, then the other."
                : "Each gate is answered once.");
}

static void next_kind(struct app *app)
{
    struct config *config = app->config;

    config->rehearsal = !config->kind_open && !config->rehearsal;
    config->kind_open = false;
    if (config->rehearsal || !config->policy.two_officers)
        config->policy.two_officers = config->rehearsal ? 0 : all_gates(config);
    changed(app);
    app_say(app, "%s",
            config->rehearsal
                ? "A rehearsal migrates the keys all the same; screens and report say REHEARSAL."
                : "Production: both officers by name; the devices are compared before any PIN.");
}

/* --- its officers ----------------------------------------------------------------------------- */

static bool has_side(const struct officer *officer)
{
    return text_typed_equal(officer->role, officer_roles[SIDE_SOURCE], true) ||
           text_typed_equal(officer->role, officer_roles[SIDE_DESTINATION], true);
}

static void remove_officer(struct config *config, unsigned i)
{
    config->officer_count--;
    memmove(&config->officers[i], &config->officers[i + 1],
            (config->officer_count - i) * sizeof config->officers[0]);
}

static bool add_officer(struct config *config, const struct officer *officer)
{
    if (config->officer_count == OFFICERS_MAX)
        return false;
    config->officers[config->officer_count++] = *officer;
    return true;
}

/* The name of a side's officer was typed; without one, nobody is asked by name. */
static bool put_officer(struct config *config, enum side side, const struct field *typed)
{
    struct officer officer = {.name = ""};
    unsigned i = 0;

    if (!trim(typed->text, typed->len, officer.name, sizeof officer.name))
        return false;
    snprintf(officer.role, sizeof officer.role, "%s", officer_roles[side]);
    while (i < config->officer_count &&
           !text_typed_equal(config->officers[i].role, officer.role, true))
        i++;
    if (i == config->officer_count)
        return !officer.name[0] || add_officer(config, &officer);
    if (officer.name[0])
        config->officers[i] = officer;
    else
        remove_officer(config, i);
    return true;
}

/* "Grace Hopper, witness; Alan Turing": those who are there besides. */
static bool put_others(struct config *config, const struct field *typed)
{
    const char *text = typed->text;

    for (unsigned i = config->officer_count; i-- > 0;)
        if (!has_side(&config->officers[i]))
            remove_officer(config, i);
    while (*text) {
        size_t len = strcspn(text, ";");
        const char *comma = memrchr(text, ',', len);
        size_t name = comma ? (size_t)(comma - text) : len;
        struct officer officer = {.name = ""};
        if (!trim(text, name, officer.name, sizeof officer.name) ||
            (comma && !trim(comma + 1, len - name - 1, officer.role, sizeof officer.role)) ||
            (officer.name[0] && !add_officer(config, &officer)))
            return false;
        text += len + (text[len] == ';');
    }
    return true;
}

static void ask_part(struct app *app, unsigned part);

static void take_part(struct app *app, unsigned part)
{
    const struct field *typed = &app->dialog.field;
    bool ok = part < SIDE_RELAY ? put_officer(app->config, (enum side)part, typed)
                                : put_others(app->config, typed);

    changed(app);
    if (!ok)
        app_say(app, "A name has at most %d bytes, a role %d, and there are at most %d officers.",
                OFFICER_NAME_MAX - 1, OFFICER_ROLE_MAX - 1, OFFICERS_MAX);
    else if (part < SIDE_RELAY)
        ask_part(app, part + 1);
}

static void source_done(struct app *app)
{
    take_part(app, SIDE_SOURCE);
}

static void destination_done(struct app *app)
{
    take_part(app, SIDE_DESTINATION);
}

static void others_done(struct app *app)
{
    take_part(app, SIDE_RELAY);
}

/* By enum side; last those of none. */
static const struct input officer_inputs[] = {
    {.title = "OFFICERS", .prompt = "The name of the source officer:", .done = source_done},
    {.title = "OFFICERS",
     .prompt = "The name of the destination officer:",
     .done = destination_done},
    {.title = "OFFICERS",
     .prompt = "Others who are present, as  name, role; name, role  (Enter: none):",
     .done = others_done},
};

static void ask_part(struct app *app, unsigned part)
{
    const struct config *config = app->config;
    char text[FIELD_MAX] = "";
    size_t len = 0;

    for (unsigned i = 0; i < config->officer_count && len < sizeof text; i++) {
        const struct officer *officer = &config->officers[i];
        bool asked = part == SIDE_RELAY
                         ? !has_side(officer)
                         : text_typed_equal(officer->role, officer_roles[part], true);
        if (asked && part == SIDE_RELAY)
            len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%s", len ? "; " : "",
                                    officer->name, officer->role[0] ? ", " : "", officer->role);
        else if (asked)
            len = (size_t)snprintf(text, sizeof text, "%s", officer->name);
    }
    app_open_input(app, &officer_inputs[part], text);
}

static void ask_officers(struct app *app)
{
    ask_part(app, SIDE_SOURCE);
}

/* --- the rows --------------------------------------------------------------------------------- */

static void ask_title(struct app *app)
{
    app_open_input(app, &title_input, app->config->title);
}

static const struct {
    const char *name;
    void (*choose)(struct app *app);
} rows[ABOUT_ROWS] = {
    [ABOUT_TITLE] = {"Title", ask_title},
    [ABOUT_KIND] = {"Kind", next_kind},
    [ABOUT_OFFICERS] = {"Officers", ask_officers},
    [ABOUT_GATES] = {"Gates", next_gates},
};

void about_choose(struct app *app, size_t row)
{
    rows[row].choose(app);
}

const char *about_name(size_t row)
{
    return rows[row].name;
}

static void officers_text(const struct config *config, char *out, size_t size)
{
    char safe[TEXT_SAFE_SIZE(OFFICER_NAME_MAX)], role[TEXT_SAFE_SIZE(OFFICER_ROLE_MAX)];
    size_t len = 0;

    snprintf(out, size, "(Enter names them)");
    for (unsigned i = 0; i < config->officer_count && len < size; i++) {
        const struct officer *officer = &config->officers[i];
        text_safe(officer->name, strlen(officer->name), safe, sizeof safe);
        text_safe(officer->role, strlen(officer->role), role, sizeof role);
        len += (size_t)snprintf(out + len, size - len, "%s%s%s%s", len ? "; " : "", safe,
                                role[0] ? ", " : "", role);
    }
}

/* "both officers answer: review fingerprint" */
static void gates_text(const struct config *config, char *out, size_t size)
{
    uint32_t both = config->policy.two_officers;
    int len =
        snprintf(out, size, "%s", both ? "both officers answer in turn:" : "one officer answers");

    for (enum gate gate = 0; gate < GATES_OF_POLICY && (size_t)len < size; gate++)
        if (both & 1U << gate)
            len += snprintf(out + len, size - (size_t)len, " %s", gate_name(gate));
}

char *about_text(const struct config *config, size_t row, char *out, size_t size)
{
    if (row == ABOUT_TITLE)
        text_safe(config->title, strlen(config->title), out, size);
    else if (row == ABOUT_OFFICERS)
        officers_text(config, out, size);
    else if (row == ABOUT_GATES)
        gates_text(config, out, size);
    else
        snprintf(out, size, "%s",
                 config->kind_open   ? "(Enter chooses: production or rehearsal)"
                 : config->rehearsal ? "REHEARSAL: the keys are migrated all the same"
                                     : "PRODUCTION");
    return out;
}

void about_details(const struct config *config, struct sheet *s)
{
    char text[TEXT_SAFE_SIZE(EVENT_TEXT_MAX)], role[TEXT_SAFE_SIZE(OFFICER_ROLE_MAX)];

    snprintf(s->title, sizeof s->title, "DETAILS: the ceremony");
    s->hang = SHEET_FACTS;
    for (size_t row = 0; row < ABOUT_ROWS; row++)
        if (row != ABOUT_OFFICERS)
            sheet_line(s, "%-20s %s", rows[row].name, about_text(config, row, text, sizeof text));
    for (unsigned i = 0; i < config->officer_count; i++) {
        const struct officer *officer = &config->officers[i];
        text_safe(officer->name, strlen(officer->name), text, sizeof text);
        text_safe(officer->role, strlen(officer->role), role, sizeof role);
        sheet_line(s, "%-20s %s%s%s", "Officer", text, role[0] ? ", " : "", role);
    }
}

/* --- what is missing -------------------------------------------------------------------------- */

/* What may be set for a rehearsal alone was perhaps set while it was one. */
static bool environments_fit(struct app *app)
{
    struct err err;

    for (unsigned i = 0; i < 2; i++) {
        const struct config_side *side = &app->config->side[i];
        for (char **variable = side->environment; variable && *variable; variable++)
            if (!config_check_variable(side, app->config->rehearsal, *variable, &err)) {
                app_show_error(app, &err);
                return false;
            }
    }
    return true;
}

bool about_is_complete(struct app *app, size_t *row)
{
    const struct config *config = app->config;
    bool named = !config->rehearsal || config->policy.two_officers;

    *row = ABOUT_KIND;
    if (config->kind_open) {
        app_say(app, "Choose the kind first: production or rehearsal.");
        return false;
    }
    *row = ABOUT_OFFICERS;
    for (unsigned side = 0; named && side < 2; side++)
        if (!officer_find(config->officers, config->officer_count, officer_roles[side])) {
            app_say(app, "Name the %s first.", officer_roles[side]);
            return false;
        }
    *row = ABOUT_ROWS;
    return environments_fit(app);
}
