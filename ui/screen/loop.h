/* SPDX-License-Identifier: Apache-2.0 */
/* The console at work: keys, events and signals in; the screen and the worker's commands out. */
#ifndef HSMFERRY_UI_SCREEN_LOOP_H
#define HSMFERRY_UI_SCREEN_LOOP_H

#include <stdbool.h>

#include "base/err.h"
#include "config/config.h"
#include "ui/model/app.h"
#include "ui/model/recording.h"
#include "ui/screen/term.h"
#include "worker/worker.h"

/* What the console needs of its surroundings. */
struct console_host {
    void *ctx;

    /* Makes the worker for a ceremony as config has it now, with calls told. Called again whenever
     * an officer chose another HSM or begins another ceremony; the worker before was freed then.
     * config lives as long as the worker. */
    bool (*start)(void *ctx, const struct config *config, struct worker **out, struct err *err);

    /* Keeps what resuming this ceremony would need, before its first step. */
    bool (*keep)(void *ctx, struct err *err);

    /* Returns the path and the digest of the report of the ceremony that has just ended; false,
     * with the reason, if none was written. Called after EVENT_DONE of WORKER_RUN. */
    bool (*report)(void *ctx, struct app_report *report, struct err *err);

    /* Writes the ceremony file as the officers have made it, under this path. */
    bool (*save)(void *ctx, const char *path, struct err *err);

    /* Reads the journal of the ceremony that is over; it is there until the next call. */
    bool (*recording)(void *ctx, const struct recording **out, struct err *err);

    /* Keeps both HSMs for the next console. */
    void (*remember)(void *ctx);

    enum visit visit; /* of a ceremony in two rooms, in the place of a whole ceremony; or none */
    enum removal removal; /* likewise; or none */

    /* To be chosen from: NSS databases, and the HSMs of the last ceremony. */
    const struct modules *stores;
    const struct recent *recent;

    /* A ceremony that was interrupted, and is asked about first, or settled on this console; NULL:
     * none. start() may change its journal, "own". settle() takes the answer: what is to be done
     * once the console has left. */
    struct settle *interrupted;
    void (*settle)(void *ctx, bool clean);
};

/* Replays recordings on the screen, one after the other, until the officer leaves or a signal ends
 * it. Returns the process's exit code; *err as console_run(), or ERR_DATA (nothing is in the first
 * one), ERR_FAILED. */
int console_replay(const struct recording *const *recordings, size_t count,
                   const struct term_options *options, struct err *err);

/* Runs the console until the officer leaves or a signal ends it. config may be empty except for
 * its policy: then both HSMs are chosen on the screen, and config holds the choice, which
 * config_free() frees. Returns the process's exit code; *err holds why the console
 * could not start at all (ERR_USAGE: no terminal), its code is ERR_NONE otherwise. */
int console_run(struct config *config, const struct console_host *host,
                const struct term_options *options, struct err *err);

#endif
