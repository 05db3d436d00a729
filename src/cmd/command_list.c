/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry list FILE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/command.h"
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

/* What was found out about keys of one name, below the list. */
static void print_compared(const char *lines)
{
    printf("\nKeys of one name, an operation on each where no public half tells it:\n%s", lines);
}

static int list_both(struct session *s, bool compare)
{
    struct config_side *side = s->config->side;
    struct worker *worker;
    struct err err = {0};
    char *lines = NULL;
    FILE *compared = NULL;
    size_t len;

    if (!session_start(s, false, false, &worker, &err))
        return command_failed(&err);
    if (compare)
        compared = open_memstream(&lines, &len);
    struct plain_result result = plain_run(&(struct plain_job){
        .worker = worker,
        .token = {&side[SIDE_SOURCE].token, &side[SIDE_DESTINATION].token},
        .compared = compared,
    });
    print_both(s->config, worker);
    worker_free(worker);
    if (compared && fclose(compared) == 0)
        print_compared(lines);
    free(lines);
    return result.exit_code;
}

int command_list(const struct invocation *in)
{
    struct session s = {.host = in->host};
    struct err err = {0};
    int code;

    code = session_load(&s, in->words[0], &err) && session_confine(&s, SESSION_LOOK, NULL, &err)
               ? list_both(&s, in->compare)
               : command_failed(&err);
    session_free(&s);
    return code;
}
