/* SPDX-License-Identifier: Apache-2.0 */
/* The model of the inventory view: moving, marking, finding, comparing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ui/model/app_parts.h"

static struct inventory *current(struct app *app)
{
    return &app->side[app->active].inventory;
}

void inventory_view_move(struct app *app, long delta)
{
    struct inventory *inv = current(app);

    scroll_move(&inv->scroll, delta, inv->shown_count, app_page(app, app->active));
}

void inventory_view_mark(struct app *app)
{
    struct inventory *inv = current(app);
    const struct key_desc *key = inventory_row(inv, inv->scroll.at);
    const struct verdict *verdict = inventory_verdict(inv, inv->scroll.at);
    bool marked = inventory_is_marked(inv, inv->scroll.at);

    if (app->active != SIDE_SOURCE)
        app_say(app, "Keys are marked on the source; this is the destination.");
    else if (key && !inventory_can_mark(inv, inv->scroll.at))
        app_say(app, "It cannot go: %s.",
                verdict->known ? verdict->reason : key_class_name(key->class));
    else if (key && !marked && verdict->known && !verdict->goes)
        app_say(app, "It cannot go: %s.", verdict->reason);
    else if (key) {
        inventory_mark(inv, inv->scroll.at, !marked);
        app->marks_are_files = false;
        inventory_view_move(app, 1);
    }
}

static bool line_holds(const struct log_line *line, const char *text)
{
    return strcasestr(line->text, text) != NULL;
}

static bool log_find(struct app *app, const char *text, size_t from)
{
    for (size_t i = 0; i < app->log.count; i++) {
        size_t at = (from + i) % app->log.count;
        if (!line_holds(log_at(&app->log, at), text))
            continue;
        app->log_follows = false;
        scroll_move(&app->log_scroll, (long)at - (long)app->log_scroll.at, app->log.count,
                    app_page(app, SIDE_SOURCE));
        return true;
    }
    return false;
}

void inventory_view_find(struct app *app, const char *text, bool next)
{
    struct inventory *inv = current(app);
    size_t skip = next ? 1 : 0;
    bool found;

    if (!text[0])
        return;
    found = app->view == VIEW_LOG
                ? log_find(app, text, app->log_scroll.at + skip)
                : inventory_find(inv, text, inv->scroll.at + skip, app_page(app, app->active));
    if (!found)
        app_say(app, "Nothing here holds \"%s\".", text);
}

void inventory_view_compare(struct app *app)
{
    const struct key_desc *source, *destination;

    app->verify_at = 0;
    app_pair(app, &source, &destination);
    if (!source || !destination) {
        app_say(app, "The other side holds no key of this name.");
        return;
    }
    app->dialog_scroll = (struct scroll){0};
    app_go(app, VIEW_VERIFY);
}

/* An operation on both keys, so only when it is asked for. */
void inventory_view_ask_same(struct app *app)
{
    const struct key_desc *source, *destination;

    app_pair(app, &source, &destination);
    if (app->verify_at)
        app_say(app, "The ceremony proves these itself.");
    else if (!source || !destination)
        app_say(app, "The other side holds no key of this name.");
    else if (!key_is_movable_class(source))
        app_say(app, "Only secret and private keys have something to ask the HSMs for.");
    else if (app_is_running(app) || app->commands)
        app_say(app, "The HSMs are at work; ask again when they are done.");
    else {
        app_say(app, "Both HSMs are asked ...");
        app_ask(app, REQUEST_COMPARED, SIDE_RELAY);
    }
}

void inventory_view_compared(struct app *app, const struct compared *compared)
{
    char text[EVENT_COMPARED_TEXT];

    comparisons_add(&app->comparisons, compared); /* else it is told, and not kept */
    app_say(app, "%.100s: %.300s", compared->label, event_compared_text(compared, text));
}

enum relation app_relation(const struct app *app, enum side side, const struct key_desc *key)
{
    enum side other = side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
    const struct compared *asked = comparisons_find(&app->comparisons, side, key->handle);
    const struct key_desc *there;
    enum relation relation = inventory_counterpart(&app->side[other].inventory, key, &there);

    if (relation != RELATION_NAME || !asked || asked->handle[other] != there->handle ||
        asked->result == COMPARED_UNKNOWN)
        return relation;
    return asked->result == COMPARED_SAME ? RELATION_SAME : RELATION_OTHER;
}

void app_pair(const struct app *app, const struct key_desc **source,
              const struct key_desc **destination)
{
    const struct run_key *key = run_key_at(&app->run, app->verify_at);
    const struct inventory *inv = &app->side[app->active].inventory;
    const struct key_desc *here = inventory_row(inv, inv->scroll.at);
    const struct key_desc *there = NULL;
    enum side other = app->active == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;

    *source = *destination = NULL;
    if (key) {
        *source = &key->source;
        *destination = key->outcome == KEY_MIGRATED || key->outcome == KEY_UNKNOWN ||
                               key->outcome == KEY_UNPROVEN
                           ? &key->destination
                           : NULL;
        return;
    }
    if (here)
        inventory_counterpart(&app->side[other].inventory, here, &there);
    *source = app->active == SIDE_SOURCE ? here : there;
    *destination = app->active == SIDE_SOURCE ? there : here;
}

/* Marks what the ceremony file names, and says so where it names something that is not there. */
static void mark_files_keys(struct app *app)
{
    struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    uint64_t *handles = calloc(inv->list.count + 1, sizeof *handles);

    for (size_t u = 0; handles && u < app->config->key_count; u++) {
        const struct uri *uri = &app->config->keys[u];
        size_t found = 0;
        for (size_t i = 0; i < inv->list.count; i++)
            if ((key_is_movable_class(&inv->list.keys[i]) || uri->type != KEY_CLASS_OTHER) &&
                uri_matches_key(uri, &inv->list.keys[i]))
                handles[found++] = inv->list.keys[i].handle;
        inventory_mark_handles(inv, handles, found);
        if (found == 0)
            app_say(app, "The ceremony file names a key that is not here: %.200s", uri->text);
    }
    free(handles);
    app->marks_are_files = app->config->key_count > 0;
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
    for (size_t i = 0; i < inv->list.count; i++)
        if (inv->marked[i] &&
            !uri_parse(uri_of_key(&inv->list.keys[i], text), &(*uris)[(*count)++], err)) {
            free(*uris);
            return false;
        }
    return true;
}

bool inventory_view_keep_marks(struct app *app, struct err *err)
{
    struct config *config = app->config;
    struct uri *uris;
    size_t count;

    if (app->view != VIEW_INVENTORY || app->marks_are_files)
        return true;
    if (!marked_uris(&app->side[SIDE_SOURCE].inventory, &uris, &count, err))
        return false;
    free(config->keys);
    config->keys = uris;
    config->key_count = count;
    app->marks_are_files = count > 0;
    return true;
}

void inventory_view_listed(struct app *app)
{
    mark_files_keys(app);
    app_ask(app, REQUEST_VERDICTS, SIDE_RELAY);
}

bool app_selection(const struct app *app, struct selection *selection, uint64_t **handles,
                   struct err *err)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;

    *handles = NULL;
    if (app->marks_are_files) {
        *selection =
            (struct selection){.uris = app->config->keys, .uri_count = app->config->key_count};
        return true;
    }
    *handles = calloc(inv->marked_count + 1, sizeof **handles);
    if (!*handles)
        return err_set(err, ERR_FAILED, "There is no memory for %zu marked keys",
                       inv->marked_count);
    inventory_handles(inv, *handles);
    *selection = (struct selection){.handles = *handles, .handle_count = inv->marked_count};
    return true;
}
