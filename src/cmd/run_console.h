/* SPDX-License-Identifier: Apache-2.0 */
/* A session on the screen. */
#ifndef HSMFERRY_CMD_RUN_CONSOLE_H
#define HSMFERRY_CMD_RUN_CONSOLE_H

#include "cmd/session.h"
#include "ui/model/modules.h"
#include "ui/model/settle.h"
#include "ui/screen/term.h"

/* Can this process run one? plain: it shall not. */
bool console_is_possible(bool plain);

/* What is found and opened before the process is in its box, and is used on the screen. */
struct console_finds {
    struct modules stores; /* NSS databases */
    int recent;            /* the file of the last HSMs; -1: none */
};

void console_find(struct console_finds *finds);

/* Runs the console until the officers leave. settle: the interrupted ceremony that it asks about,
 * or settles, if the session has it; its how is afterwards SETTLE_RESUMES or SETTLE_CLEANS if that
 * was asked for. finds may be NULL; its file is closed. Returns the exit code. */
int command_run_console(struct session *s, const struct term_options *options,
                        struct settle *settle, const struct console_finds *finds);

#endif
