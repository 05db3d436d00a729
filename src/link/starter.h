/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that starts agents. The console makes it first of all; then it names the programs,
 * once; then it parses what comes from HSMs and files, and can start no program itself any more.
 * All that it can ask for is one of those programs by its number, so that a console that was taken
 * over cannot ask for another. The console is the agents' parent all the same.
 */
#ifndef HSMFERRY_LINK_STARTER_H
#define HSMFERRY_LINK_STARTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum {
    STARTER_PROGRAMS = 3,         /* source, destination, signer */
    STARTER_MESSAGE = 128 * 1024, /* one message, in bytes: more than a ceremony file holds */
    STARTER_WORDS = 512,          /* in a command, or an environment */
    STARTER_FOLDERS = 4,
};

struct starter;

/* How one agent is started. */
struct starter_program {
    const char *const *argv;        /* NULL: our own agent, for this module and no other */
    const char *const *environment; /* all of it, NULL at the end */
    const char *module;             /* empty: not chosen yet */
};

/* Forks the process; call it before there are threads. own_agent: the path of hsmferry-agent.
 * Errors: ERR_FAILED. Freed with starter_free(), which ends it; NULL is fine. */
bool starter_new(const char *own_agent, struct starter **out, struct err *err);
void starter_free(struct starter *s);

/* Names program number index, before starter_seal(). */
bool starter_name(struct starter *s, unsigned index, const struct starter_program *program,
                  struct err *err);

/* From now on no command can be named. chooses: environments and modules still can be, by
 * starter_choose(), since officers choose devices on the screen. folders: those that the console
 * may write to, NULL at the end; no program or module is started that was written there since it
 * began. Errors: ERR_FAILED. */
bool starter_seal(struct starter *s, bool chooses, const char *const *folders, struct err *err);
bool starter_is_sealed(const struct starter *s);

/* Gives program number index this environment and module. Its command must be as it was named.
 * Errors: ERR_DENIED (it is not, or it names what the console could have written), ERR_FAILED. */
bool starter_choose(struct starter *s, unsigned index, const struct starter_program *program,
                    struct err *err);

/* Starts program number index with channel as its standard input and output and log as its standard
 * error. Returns 0, or errno; *pid is then a child of the caller's to be waited for, or 0. Safe in
 * any thread. */
int starter_start(struct starter *s, unsigned index, int channel, int log, pid_t *pid);

/* Sends SIGTERM or SIGKILL to an agent that was started so, and to its group. */
void starter_signal(struct starter *s, pid_t pid, int signal);

#endif
