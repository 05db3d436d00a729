/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/compare_json.h"

#include "base/json_writer.h"
#include "base/text.h"
#include "cmd/list_json.h"
#include "cmd/probe_json.h"
#include "hsm/fidelity.h"
#include "plan/map_text.h"

const struct key_desc *compared_object(const struct compared_lists *lists, size_t row,
                                       enum side side)
{
    const uint32_t number = lists->map->rows[row].object[side];

    return number ? &lists->keys[side]->keys[number - 1] : NULL;
}

struct err compared_reason(const struct compared_lists *lists, size_t row)
{
    const uint32_t number = lists->map->rows[row].object[SIDE_SOURCE];

    if (!number || !lists->verdicts || lists->map->rows[row].state != MAP_CANNOT)
        return (struct err){0};
    return err_note_get(&lists->verdicts->at[number - 1].reason);
}

static void put_counts(struct json_writer *j, const struct map *map)
{
    json_list(j, "counts");
    for (enum map_state state = 0; state < MAP_STATES; state++) {
        json_map(j, NULL);
        json_text(j, "state", map_state_name(state));
        json_number(j, "rows", (int64_t)map->counts[state]);
        json_end(j);
    }
    json_end(j);
}

static void put_object(struct json_writer *j, const struct compared_lists *lists, size_t row,
                       enum side side)
{
    const struct key_desc *key = compared_object(lists, row, side);

    if (!key)
        return;
    json_map(j, side_name(side));
    list_json_name(j, key);
    json_end(j);
}

/* Attributes that are not as a migration would make them, each with its values. */
static void put_attributes(struct json_writer *j, const struct compared_lists *lists, size_t at)
{
    const struct map_row *row = &lists->map->rows[at];
    const struct key_desc *source = compared_object(lists, at, SIDE_SOURCE);
    const struct key_desc *found = compared_object(lists, at, SIDE_DESTINATION);
    const uint32_t asked = source ? map_asked_flags(lists->policy, source) : 0;
    const struct fidelity_pair pair = {source, &asked, found, false};
    struct fidelity_row attribute;

    if (!row->differs || !source || !found)
        return;
    json_list(j, "attributes");
    for (unsigned i = 0; fidelity_row(&pair, i, &attribute); i++) {
        if (!(row->differs & UINT64_C(1) << i))
            continue;
        json_map(j, NULL);
        json_text(j, "name", attribute.name);
        json_some(j, "source", attribute.source);
        json_some(j, "planned", attribute.asked);
        json_some(j, "destination", attribute.found);
        json_end(j);
    }
    json_end(j);
}

static void put_row(struct json_writer *j, const struct compared_lists *lists, size_t i)
{
    const struct map_row *row = &lists->map->rows[i];
    const struct err reason = compared_reason(lists, i);
    char text[MAP_TEXT_MAX];

    json_map(j, NULL);
    json_text(j, "state", map_state_name((enum map_state)row->state));
    if (row->object[SIDE_SOURCE] && row->object[SIDE_DESTINATION])
        json_text(j, "by", map_by_name((enum map_by)row->by));
    put_object(j, lists, i, SIDE_SOURCE);
    put_object(j, lists, i, SIDE_DESTINATION);
    if (row->missing) {
        json_list(j, "missing");
        if (row->missing & MAP_NO_PUBLIC)
            json_text(j, NULL, key_class_name(KEY_CLASS_PUBLIC));
        if (row->missing & MAP_NO_CERTIFICATE)
            json_text(j, NULL, key_class_name(KEY_CLASS_CERTIFICATE));
        json_end(j);
    }
    put_attributes(j, lists, i);
    json_some(j, "reason", reason.what);
    json_text(j, "text",
              map_row_text(row, compared_object(lists, i, SIDE_SOURCE),
                           compared_object(lists, i, SIDE_DESTINATION), reason.what, text));
    json_end(j);
}

void compare_json(const struct config *config, const struct kept_events *kept,
                  const struct compared_lists *lists, int exit_code)
{
    struct json_writer j = {.out = stdout};
    const struct event *event;
    char time[32];

    json_map(&j, NULL);
    json_text(&j, "format", "hsmferry-compare/1");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        probe_json_side(&j, side, &config->side[side], kept);
    if (lists->map) {
        json_text(&j, "made", text_time(lists->map->utc_ms, true, time));
        put_counts(&j, lists->map);
    }
    json_list(&j, "objects");
    for (size_t i = 0; lists->map && i < lists->map->count; i++)
        put_row(&j, lists, i);
    json_end(&j);
    json_list(&j, "errors");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_ERROR, &at));)
        list_json_error(&j, event->side, event->key, &event->error);
    json_end(&j);
    json_number(&j, "exit-code", exit_code);
    json_end(&j);
}
