/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that starts agents. The console creates it first of all, and names the programs once.
 * Only then it parses data from HSMs and files; it can no longer start a program itself, and can
 * only request one of the named programs by its number, so that a compromised console cannot start
 * another one. The console is nevertheless the agents' parent.
 */
#ifndef HSMFERRY_LINK_STARTER_H
#define HSMFERRY_LINK_STARTER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum {
    STARTER_PROGRAMS = 6,         /* source, destination, signer; those that ask for their PINs */
    STARTER_MESSAGE = 128 * 1024, /* one message, in bytes: larger than any ceremony file */
    STARTER_WORDS = 512,          /* words in a command or an environment */
    STARTER_FOLDERS = 4,
};

struct starter;

/* How one agent is started. */
struct starter_program {
    const char *const *argv;        /* NULL: our own agent, restricted to this module */
    const char *const *environment; /* all of it, NULL at the end */
    const char *module;             /* empty: not chosen yet */
};

/* Forks the process; call it before there are threads. own_agent: the path of hsmferry-agent.
 * Errors: ERR_FAILED. The caller ends and frees it with starter_free(), which accepts NULL. */
bool starter_new(const char *own_agent, struct starter **out, struct err *err);
void starter_free(struct starter *s);

/* Names program number index, before starter_seal(). */
bool starter_name(struct starter *s, unsigned index, const struct starter_program *program,
                  struct err *err);

/* After this call no command can be named. chooses: environments and modules still can be, with
 * starter_choose(), because officers choose devices on the screen. folders: the folders that the
 * console may write to, NULL at the end; a program or module that was written there after the
 * console started is not started. Errors: ERR_FAILED. */
bool starter_seal(struct starter *s, bool chooses, const char *const *folders, struct err *err);
bool starter_is_sealed(const struct starter *s);

/* Sets the environment and module of program number index. Its command must be unchanged. Errors:
 * ERR_DENIED (it is not, or it names a file that the console could have written), ERR_FAILED. */
bool starter_choose(struct starter *s, unsigned index, const struct starter_program *program,
                    struct err *err);

/* Starts program number index with channel as its standard input and output and log as its standard
 * error. Returns 0, or errno; *pid is then a child process that the caller must wait for, or 0.
 * Safe in any thread. */
int starter_start(struct starter *s, unsigned index, int channel, int log, pid_t *pid);

/* Sends SIGTERM or SIGKILL to an agent started by starter_start(), and to its process group. */
void starter_signal(struct starter *s, pid_t pid, int signal);

#endif
