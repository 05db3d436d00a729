/* SPDX-License-Identifier: Apache-2.0 */
/* hsmferry replay JOURNAL: a ceremony again, as its journal has it, on the screen or in line mode.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/message.h"
#include "cmd/recorded.h"
#include "ui/model/replay.h"
#include "ui/plain/plain.h"
#include "ui/plain/plain_log.h"
#include "ui/screen/loop.h"

/* No line may be taken for one of a ceremony. */
static bool print_lines(const struct recorded *recorded, struct err *err)
{
    const struct recording *recording = &recorded->recording;
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
    plain_log_recorded(log, recording->path, recorded->log.head);
    plain_log_free(log);
    fclose(out);
    return true;
}

int command_replay(const struct invocation *in)
{
    bool screen = !in->plain && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    struct recorded recorded;
    struct err err = {0};
    int code = EX_OK;

    if (!recorded_read(in->words[0], &recorded, &err) || (!screen && !print_lines(&recorded, &err)))
        code = command_failed(&err);
    else if (screen && console_replay(&recorded.recording, &in->screen, &err) != EX_OK)
        code = command_failed(&err);
    if (code == EX_OK && recorded.recording.torn)
        fputs("hsmferry: the journal's last line was not written to its end: it is left out\n",
              stderr);
    recorded_free(&recorded);
    return code;
}
