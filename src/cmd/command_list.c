/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry list FILE */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/command.h"
#include "cmd/kept_events.h"
#include "cmd/list_json.h"
#include "cmd/message.h"
#include "cmd/session.h"
#include "ui/plain/list.h"
#include "ui/plain/plain_loop.h"

static int output_columns(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return LIST_COLUMNS;
    return size.ws_col;
}

static void print_both(const struct config *config, const struct worker *worker)
{
    char module[2][TEXT_SAFE_SIZE(HSM_PATH_MAX)], api[2][HSM_DIALECT_TEXT + 16];
    char dialect[HSM_DIALECT_TEXT];
    struct list_side sides[2];

    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct config_side *from = &config->side[side];
        text_safe(from->where.module, strlen(from->where.module), module[side],
                  sizeof module[side]);
        hsm_dialect_text(&worker_info(worker, side)->dialect, dialect);
        text_print(api[side], sizeof api[side], "%s%s%s", from->where.api, dialect[0] ? ", " : "",
                   dialect);
        sides[side] = (struct list_side){
            .api = api[side],
            .module = module[side],
            .token = &from->token,
            .slots = worker_slots(worker, side),
            .keys = worker_keys(worker, side),
        };
    }
    list_print(stdout, output_columns(), sides);
}

/* The results for keys of one name, below the list: "payments-kek: same, aes-ecb: ..."; of
 * a key that is alone, on which side. */
static void print_compared(const struct kept_events *kept)
{
    const struct event *event;
    char text[EVENT_COMPARED_TEXT];

    puts("\nKeys with the same name, compared by an operation on each if no public half identifies "
         "them:");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_COMPARED, &at));) {
        const struct compared *compared = &event->compared;
        if (compared->result == COMPARED_ONLY_HERE)
            printf("%s: only on the %s\n", compared->label,
                   side_name(compared->handle[SIDE_SOURCE] ? SIDE_SOURCE : SIDE_DESTINATION));
        else
            printf("%s: %s\n", compared->label, event_compared_text(compared, text));
    }
}

static void print_json(const struct config *config, const struct worker *worker, bool compare,
                       const struct kept_events *kept, int exit_code)
{
    struct json_writer j = {.out = stdout};
    const struct event *event;

    json_map(&j, NULL);
    json_text(&j, "format", "hsmferry-list/1");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        list_json_side(&j, side, &config->side[side], worker);
    if (compare) {
        json_list(&j, "compared");
        for (size_t at = 0; (event = kept_events_next(kept, EVENT_COMPARED, &at));)
            list_json_compared(&j, &event->compared);
        json_end(&j);
    }
    json_list(&j, "errors");
    for (size_t at = 0; (event = kept_events_next(kept, EVENT_ERROR, &at));)
        list_json_error(&j, event->side, event->key, &event->error);
    json_end(&j);
    json_number(&j, "exit-code", exit_code);
    json_end(&j);
}

static int list_both(struct session *s, const struct invocation *in)
{
    struct config_side *side = s->config->side;
    struct kept_events kept = {.kinds = UINT64_C(1) << EVENT_COMPARED | UINT64_C(1) << EVENT_ERROR};
    struct worker *worker;
    struct err err = {0};

    if (!session_start(s, false, false, &worker, &err))
        return command_failed(&err);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
        .compare = in->compare,
        .take = kept_events_take,
        .ctx = &kept,
    });
    if (kept.lost) {
        err_set(&err, ERR_FAILED, "There is no memory for all that the HSMs answered");
        result.exit_code = command_failed(&err);
    } else if (in->json) {
        print_json(s->config, worker, in->compare, &kept, result.exit_code);
    } else {
        print_both(s->config, worker);
        if (in->compare)
            print_compared(&kept);
    }
    worker_free(worker);
    kept_events_free(&kept);
    return result.exit_code;
}

int command_list(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct err err = {0};
    int code;

    code = session_load(&s, in->words[0], &err) && session_confine(&s, SESSION_LOOK, NULL, &err)
               ? list_both(&s, in)
               : command_failed(&err);
    session_free(&s);
    return code;
}
