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

/* The text of one side's list. */
struct side_text {
    char module[TEXT_SAFE_SIZE(HSM_PATH_MAX)], api[HSM_DIALECT_TEXT + 16];
};

/* What is listed: printed as it comes if a terminal shows it, otherwise once it is complete. */
struct listing {
    const struct config *config;
    struct worker *worker;
    struct kept_events kept;
    struct list_print print;
    bool shows_rows;
    bool entered[2];         /* by side: logged in to, or failed */
    struct key_list rows[2]; /* by side: that came so far ... */
    bool waits[2];           /* ... and no more of them until the list is complete */
    bool complete[2];        /* by side: worker_keys() has them */
    bool over;               /* no more of them will come */
    struct side_text text[2];
};

static void describe(struct listing *l, struct list_side sides[2])
{
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++) {
        const struct config_side *from = &l->config->side[side];
        struct side_text *text = &l->text[side];
        char dialect[HSM_DIALECT_TEXT];
        text_safe(from->where.module, strlen(from->where.module), text->module,
                  sizeof text->module);
        hsm_dialect_text(&worker_info(l->worker, side)->dialect, dialect);
        text_print(text->api, sizeof text->api, "%s%s%s", from->where.api, dialect[0] ? ", " : "",
                   dialect);
        sides[side] = (struct list_side){
            .api = text->api,
            .module = text->module,
            .token = &from->token,
            .slots = worker_slots(l->worker, side),
            .keys = l->complete[side] || l->over ? worker_keys(l->worker, side) : &l->rows[side],
            .listed = l->complete[side],
        };
    }
}

/* An object that could not be read is read again: it waits, with those after it. */
static void take_rows(struct listing *l, enum side side)
{
    struct key_list some;
    size_t count;

    do {
        worker_rows(l->worker, side, &some);
        count = some.count;
        for (size_t i = 0; i < count && !l->waits[side]; i++)
            l->waits[side] = (some.keys[i].class == KEY_CLASS_OTHER && some.keys[i].unread[0]) ||
                             !key_list_add(&l->rows[side], &some.keys[i]);
        key_list_free(&some);
    } while (count > 0);
}

/* Nothing is printed before both sides are entered: a PIN may be asked for until then. */
static void print_more(struct listing *l)
{
    struct list_side sides[2];

    if (!l->entered[SIDE_SOURCE] || !l->entered[SIDE_DESTINATION])
        return;
    describe(l, sides);
    list_print_more(&l->print, sides);
}

static void take(void *ctx, const struct event *event)
{
    struct listing *l = ctx;
    const bool of_side = event->side == SIDE_SOURCE || event->side == SIDE_DESTINATION;

    kept_events_take(&l->kept, event);
    if (of_side && event->kind == EVENT_DONE && event->done.command == WORKER_CHOOSE)
        l->complete[event->side] = event->done.ok;
    if (!l->shows_rows || !of_side)
        return;
    if (event->kind == EVENT_SIDE)
        l->entered[event->side] |=
            event->side_state.state == SIDE_LOGGED_IN || event->side_state.state == SIDE_FAILED;
    else if (event->kind == EVENT_ROWS)
        take_rows(l, event->side);
    else if (event->kind != EVENT_DONE || event->done.command != WORKER_CHOOSE)
        return;
    print_more(l);
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

static void print_json(const struct listing *l, bool compare, int exit_code)
{
    const struct kept_events *kept = &l->kept;
    struct json_writer j = {.out = stdout};
    const struct event *event;

    json_map(&j, NULL);
    json_text(&j, "format", "hsmferry-list/1");
    for (enum side side = SIDE_SOURCE; side <= SIDE_DESTINATION; side++)
        list_json_side(&j, side, &l->config->side[side], l->worker, l->complete[side]);
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

static void print(struct listing *l, bool json, bool compare, int exit_code)
{
    struct list_side sides[2];

    if (json) {
        print_json(l, compare, exit_code);
        return;
    }
    l->over = true;
    describe(l, sides);
    list_print_rest(&l->print, sides);
    if (compare)
        print_compared(&l->kept);
}

static int list_both(struct session *s, const struct invocation *in)
{
    struct config_side *side = s->config->side;
    struct listing l = {
        .config = s->config,
        .kept.kinds = UINT64_C(1) << EVENT_COMPARED | UINT64_C(1) << EVENT_ERROR,
        .print = {.out = stdout, .columns = output_columns()},
        .shows_rows = !in->json && isatty(STDOUT_FILENO),
    };
    struct err err = {0};

    if (!session_start(s, false, false, &l.worker, &err))
        return command_failed(&err);
    if (l.shows_rows)
        worker_show_rows(l.worker);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = l.worker,
        .token = {&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
        .compare = in->compare,
        .take = take,
        .ctx = &l,
    });
    if (l.kept.lost) {
        err_set(&err, ERR_FAILED, "There is no memory for all that the HSMs answered");
        result.exit_code = command_failed(&err);
    } else
        print(&l, in->json, in->compare, result.exit_code);
    worker_free(l.worker);
    kept_events_free(&l.kept);
    key_list_free(&l.rows[SIDE_SOURCE]);
    key_list_free(&l.rows[SIDE_DESTINATION]);
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
