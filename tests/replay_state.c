/* SPDX-License-Identifier: Apache-2.0 */
/* Replays a journal to its end, there and back and there again, and prints what the console's model
 * knows then: for replay.py, which holds it against the report. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/recorded.h"
#include "ui/model/replay_app.h"

static void print_run(const struct run *run)
{
    printf("over %s\n", run->over ? "yes" : "no");
    printf("outcome %s\n", end_outcome_name(run->outcome));
    printf("exit-code %d\n", run->exit_code);
    printf("migrated %" PRIu32 "\nunproven %" PRIu32 "\nrefused %" PRIu32 "\nfailed %" PRIu32 "\n",
           run->migrated, run->unproven, run->refused, run->failed);
    printf("left-over %" PRIu32 "\n", run->left_over);
    for (size_t i = 0; i < run->key_count; i++)
        printf("key %zu %s\n", i + 1, key_outcome_name(run_key_at(run, i + 1)->outcome));
    printf("warnings-lost %u\n", run->notes_lost);
    for (unsigned i = 0; i < run->note_count; i++)
        if (run->notes[i].kind == EVENT_WARNING)
            printf("warning %s\n", run->notes[i].text);
}

static bool walk(struct replay *replay, struct err *err)
{
    const size_t end = replay->recording->count, ways[] = {end, 0, end / 2, 1, end};

    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        if (!replay_seek(replay, ways[i], err))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    struct replay_app *r = NULL;
    struct recorded recorded;
    struct err err = {0};
    int code = 0;

    if (argc != 2)
        return 64;
    if (recorded_read(argv[1], &recorded, &err) && replay_app_new(&recorded.recording, &r, &err) &&
        walk(&r->replay, &err))
        print_run(&r->app->run);
    else
        code = err_exit(err.code);
    replay_app_free(r);
    recorded_free(&recorded);
    return code;
}
