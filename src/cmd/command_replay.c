/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry replay JOURNAL...: a ceremony again, as its journal has it, on the screen or in line
 * mode; of one in two rooms all visits. */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/recorded_visits.h"
#include "ui/model/replay.h"
#include "ui/plain/plain.h"
#include "ui/plain/plain_log.h"
#include "ui/screen/loop.h"

/* No line may be taken for one of a ceremony. */
static bool print_lines(const struct recording *recording, struct err *err)
{
    FILE *out = plain_stamped(stdout, PLAIN_REPLAY);
    struct plain_log *log = NULL;
    struct event event;

    if (!out || !plain_log_new(out, &log, err)) {
        if (out)
            fclose(out);
        return out || err_set(err, ERR_FAILED, "There is no memory for the log");
    }
    for (size_t i = 0; i < recording->count; i++) {
        recording->read(recording->ctx, i, &event);
        plain_log_tick(log, replay_ms(&event)); /* what took long was reported before its end */
        plain_log_event(log, &event, replay_ms(&event));
    }
    plain_log_recorded(log, recording->path, recording->head);
    plain_log_free(log);
    fclose(out);
    return true;
}

int command_replay(const struct invocation *in)
{
    bool screen = !in->plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct recorded_visits visits;
    struct err err = {0};
    int code = EX_OK;
    bool ok = recorded_visits_read(in->words, &visits, &err);

    for (size_t i = 0; ok && !screen && i < visits.count; i++)
        ok = print_lines(visits.at[i], &err);
    if (!ok || (screen && console_replay(visits.at, visits.count, &in->screen, &err) != EX_OK))
        code = command_failed(&err);
    for (size_t i = 0; code == EX_OK && i < visits.count; i++)
        if (visits.at[i]->torn)
            fprintf(stderr,
                    "hsmferry: the last line of %s was not written to its end: it is left out\n",
                    visits.at[i]->path);
    recorded_visits_free(&visits);
    return code;
}
