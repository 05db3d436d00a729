/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry compare FILE */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/compare_json.h"
#include "cmd/kept_events.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "plan/map_text.h"
#include "ui/plain/plain_loop.h"

enum { LABEL_COLUMNS = 24, TYPE_COLUMNS = 16, STATE_COLUMNS = 19 };

static void print_cell(const char *text, int columns)
{
    char fits[KEY_LABEL_TEXT];

    text_fit(text, columns, false, fits, sizeof fits);
    printf("%s%*s  ", fits, columns - text_width(fits), "");
}

static void print_row(const struct compared_lists *lists, size_t i)
{
    const struct map_row *row = &lists->map->rows[i];
    const struct key_desc *source = compared_object(lists, i, SIDE_SOURCE);
    const struct key_desc *there = compared_object(lists, i, SIDE_DESTINATION);
    const struct key_desc *key = source ? source : there;
    char label[KEY_LABEL_TEXT], type[KEY_TYPE_TEXT], text[MAP_TEXT_MAX], class[2 * KEY_TYPE_TEXT];
    const struct err reason = compared_reason(lists, i);

    key_type_text(key, type);
    text_print(class, sizeof class, "%s%s%s", type,
               key->class == KEY_CLASS_PRIVATE || key->class == KEY_CLASS_PUBLIC ? " " : "",
               key->class == KEY_CLASS_PRIVATE || key->class == KEY_CLASS_PUBLIC
                   ? key_class_name(key->class)
                   : "");
    print_cell(map_state_name((enum map_state)row->state), STATE_COLUMNS);
    print_cell(key_label_text(key, label), LABEL_COLUMNS);
    print_cell(class, TYPE_COLUMNS);
    puts(map_row_text(row, source, there, reason.what, text));
}

static void print_counts(const struct compared_lists *lists)
{
    const char *separator = "";
    char time[32];

    printf("\n%s: %zu objects on the source, %zu on the destination\n",
           text_time(lists->map->utc_ms, false, time), lists->keys[SIDE_SOURCE]->count,
           lists->keys[SIDE_DESTINATION]->count);
    for (enum map_state state = 0; state < MAP_STATES; state++)
        if (lists->map->counts[state]) {
            printf("%s%zu %s", separator, lists->map->counts[state], map_state_name(state));
            separator = ", ";
        }
    puts(separator[0] ? "" : "nothing to compare");
}

static void print(const struct config *config, const struct worker *worker, bool json,
                  const struct kept_events *kept, int exit_code)
{
    const struct map *map = worker_map_now(worker);
    const struct compared_lists lists = {
        map,
        {worker_keys(worker, SIDE_SOURCE), worker_keys(worker, SIDE_DESTINATION)},
        worker_verdicts_now(worker),
        &config->policy};

    if (json) {
        compare_json(config, kept, &lists, exit_code);
        return;
    }
    for (size_t i = 0; map && i < map->count; i++)
        print_row(&lists, i);
    if (map)
        print_counts(&lists);
}

static int compare_both(struct session *s, const struct invocation *in)
{
    struct config_side *side = s->config->side;
    struct kept_events kept = {.kinds = UINT64_C(1) << EVENT_HSM | UINT64_C(1) << EVENT_ERROR};
    struct worker *worker;
    struct err err = {0};

    if (!session_start(s, false, false, &worker, &err))
        return command_failed(&err);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
        .map = true,
        .map_asks = in->challenge,
        .take = kept_events_take,
        .ctx = &kept,
    });
    if (kept.lost) {
        err_set(&err, ERR_FAILED, "There is no memory for all that the HSMs answered");
        result.exit_code = command_failed(&err);
    } else
        print(s->config, worker, in->json, &kept, result.exit_code);
    worker_free(worker);
    kept_events_free(&kept);
    return result.exit_code;
}

int command_compare(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct err err = {0};
    int code;

    code = session_load(&s, in->words[0], &err) && session_confine(&s, SESSION_LOOK, NULL, &err)
               ? compare_both(&s, in)
               : command_failed(&err);
    session_free(&s);
    return code;
}
