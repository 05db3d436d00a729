/* SPDX-License-Identifier: Apache-2.0 */
#include "ui/model/marks.h"

#include <stdlib.h>

static void mark_named(struct app *app, const struct uri *uri, uint64_t *handles)
{
    struct inventory *inv = &app->side[SIDE_SOURCE].inventory;
    size_t found = 0;

    for (size_t i = 0; i < inv->list.count; i++)
        if ((key_is_movable_class(&inv->list.keys[i]) || uri->type != KEY_CLASS_OTHER) &&
            uri_matches_key(uri, &inv->list.keys[i]))
            handles[found++] = inv->list.keys[i].handle;
    inventory_mark_handles(inv, handles, found);
    if (found == 0)
        app_say(app, "The ceremony file names a key that is not here: %.200s", uri->text);
}

void marks_take(struct app *app)
{
    size_t count = app->side[SIDE_SOURCE].inventory.list.count;
    uint64_t *handles = calloc(count + 1, sizeof *handles);

    for (size_t u = 0; handles && u < app->config->key_count; u++)
        mark_named(app, &app->config->keys[u], handles);
    free(handles);
    app->side[SIDE_SOURCE].inventory.toggled_count = 0; /* the file's: no change to undo */
    app->inventory.marks_are_files = app->config->key_count > 0;
}

void marks_changed(struct app *app)
{
    app->inventory.marks_are_files = false;
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
    config->keys = uris;
    config->key_count = count;
    app->inventory.marks_are_files = count > 0;
    return true;
}

bool marks_selection(const struct app *app, struct selection *selection, uint64_t **handles,
                     struct err *err)
{
    const struct inventory *inv = &app->side[SIDE_SOURCE].inventory;

    *handles = NULL;
    if (app->inventory.marks_are_files) {
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
