/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/marks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void mark_named(struct app *app, const struct uri *uri, uint64_t *handles)
{
    struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    size_t found = 0;

    for (size_t i = 0; i < inv->count; i++)
        if ((key_is_movable_class(inventory_key(inv, i)) || uri->type != KEY_CLASS_OTHER) &&
            uri_matches_key(uri, inventory_key(inv, i)))
            handles[found++] = inventory_key(inv, i)->handle;
    inventory_mark_handles(inv, handles, found);
    if (found == 0)
        app_say(app, "The ceremony file names a key that is not here: %.200s", uri->text);
}

/* --- the script ------------------------------------------------------------------------------- */

struct chosen {
    struct app *app;
    const uint32_t *rows;
};

static bool note(void *ctx, const struct script_difference *it, struct err *err)
{
    const struct chosen *c = ctx;
    const struct inventory *inv = &c->app->side[SIDE_SOURCE].inventory;
    struct script_summary *differs = &c->app->inventory.differs;
    char text[KEY_LABEL_TEXT];

    (void)err;
    if (it->what == SCRIPT_LEFT_OUT)
        script_note(differs, it->what, script_key_text(it->key, text));
    else if (it->what == SCRIPT_ADDED)
        script_note(differs, it->what,
                    key_label_text(inventory_key(inv, c->rows[it->chosen]), text));
    else {
        const struct script_line *line = &c->app->inventory.script.lines[it->line - 1];
        snprintf(text, sizeof text, "line %u names %u, not %u", it->line, line->found,
                 line->expect);
        script_note(differs, it->what, text);
    }
    return true;
}

static void note_settings(struct app *app)
{
    const struct config *config = app->config;
    uint32_t bits = script_settings(&config->script, &config->policy, config->rehearsal);

    for (unsigned i = 0; i < SCRIPT_SETTINGS; i++)
        if (bits & UINT32_C(1) << i)
            script_note(&app->inventory.differs, SCRIPT_POLICY, script_setting_name(i));
}

/* Will the ceremony file's own lines be the selection? Marks that were saved since are others. */
static bool are_script(const struct app *app)
{
    const struct config *config = app->config;

    if (!app->inventory.marks_are_files || config->key_count != config->script.count)
        return false;
    for (size_t i = 0; i < config->key_count; i++)
        if (strcmp(config->keys[i].text, config->script.lines[i].uri) != 0)
            return false;
    return true;
}

/* The lines of the script choose whatever they name, also what nobody can mark. */
static size_t list_chosen(const struct app *app, uint64_t *handles, uint32_t *rows)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    const bool script = are_script(app);
    size_t count = 0;

    for (size_t i = 0; i < inv->count; i++) {
        const struct key_desc *key = inventory_key(inv, i);
        if (script ? !script_find(&app->inventory.script, key->handle) : !inv->marked[i])
            continue;
        handles[count] = key->handle;
        rows[count++] = (uint32_t)i;
    }
    return count;
}

static void compare(struct app *app)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    uint64_t *handles = calloc(inv->count + 1, sizeof *handles);
    uint32_t *rows = calloc(inv->count + 1, sizeof *rows);
    struct err ignored;

    app->inventory.differs = (struct script_summary){0};
    if (handles && rows && app->inventory.script.opened) {
        struct chosen chosen = {app, rows};
        size_t count = list_chosen(app, handles, rows);
        script_compare(&app->inventory.script, handles, count, note, &chosen, &ignored);
        note_settings(app);
    }
    free(handles);
    free(rows);
}

void marks_event(struct app *app, const struct event *e)
{
    struct err err;

    if (e->kind == EVENT_BEGIN)
        script_free(&app->inventory.script);
    if (e->kind == EVENT_SCRIPT && !script_take(&app->inventory.script, &e->script, &err))
        app_show_error(app, &err);
}

void marks_take(struct app *app)
{
    size_t count = app->side[SIDE_SOURCE].inventory.count;
    uint64_t *handles = calloc(count + 1, sizeof *handles);

    for (size_t u = 0; handles && u < app->config->key_count; u++)
        mark_named(app, &app->config->keys[u], handles);
    free(handles);
    app->side[SIDE_SOURCE].inventory.toggled_count = 0; /* the file's: no change to undo */
    app->inventory.marks_are_files = app->config->key_count > 0;
    compare(app);
}

void marks_changed(struct app *app)
{
    app->inventory.marks_are_files = false;
    compare(app);
}

/* The marks, as the ceremony file names keys; *uris is the caller's. */
static bool marked_uris(const struct inventory *inv, struct uri **uris, size_t *count,
                        struct err *err)
{
    char text[URI_TEXT_MAX];

    *count = 0;
    *uris = calloc(inv->marked_count + 1, sizeof **uris);
    if (!*uris)
        return err_set(err, ERR_FAILED, "There is no memory for %zu keys", inv->marked_count);
    for (size_t i = 0; i < inv->count; i++)
        if (inv->marked[i] &&
            !uri_parse(uri_of_key(inventory_key(inv, i), text), &(*uris)[(*count)++], err)) {
            free(*uris);
            return false;
        }
    return true;
}

bool marks_keep(struct app *app, struct err *err)
{
    struct config *config = app->config;
    struct uri *uris;
    size_t count;

    if (app->inventory.marks_are_files)
        return true;
    if (!marked_uris(&app->side[SIDE_SOURCE].inventory, &uris, &count, err))
        return false;
    free(config->keys);
    free(config->expect);
    config->expect = NULL;
    config->keys = uris;
    config->key_count = count;
    app->inventory.marks_are_files = count > 0;
    return true;
}

/* Is anything marked that the map shows on the destination? Then it is to be brought up to date. */
static bool are_there(const struct app *app)
{
    const struct map *map = &app->inventory.mapped.map;
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;

    for (size_t i = 0; i < map->count; i++) {
        const struct map_row *row = &map->rows[i];
        const uint32_t here = row->object[SIDE_SOURCE];
        if (here && here <= inv->count && inv->marked[here - 1] && row->object[SIDE_DESTINATION] &&
            (row->outdated || (row->state != MAP_NAME_TAKEN && row->state != MAP_NOT_KNOWN)))
            return true;
    }
    return false;
}

bool marks_selection(const struct app *app, struct selection *selection, uint64_t **handles,
                     struct err *err)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    const struct renames *renames = &app->inventory.renames;

    *handles = NULL;
    if (app->inventory.marks_are_files) {
        *selection = (struct selection){.uris = app->config->keys,
                                        .uri_count = app->config->key_count,
                                        .known = renames->at,
                                        .known_count = renames->count};
        return true;
    }
    *handles = calloc(inv->marked_count + 1, sizeof **handles);
    if (!*handles)
        return err_set(err, ERR_FAILED, "There is no memory for %zu marked keys",
                       inv->marked_count);
    inventory_handles(inv, *handles);
    *selection = (struct selection){.resync = are_there(app),
                                    .handles = *handles,
                                    .handle_count = inv->marked_count,
                                    .known = renames->at,
                                    .known_count = renames->count};
    return true;
}
