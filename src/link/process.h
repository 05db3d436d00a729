/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of ours in a separate process: how it is started, what it inherits (only its two
 * pipes), and how it ended.
 */
#ifndef HSMFERRY_LINK_PROCESS_H
#define HSMFERRY_LINK_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "link/starter.h"

struct process {
    pid_t pid;               /* 0: never started, or reaped */
    int status;              /* from waitpid(2), once reaped; -1: never known */
    int channel;             /* its standard input and output: a socket, non-blocking at our end */
    int log;                 /* its standard error: the reading end of a pipe, non-blocking */
    struct starter *starter; /* the process that started it for us; NULL: this process did */
};

/* The program to start. */
struct process_program {
    const char *const *argv;        /* argv[0] an absolute path */
    const char *const *environment; /* all of it, NULL at the end */
    struct starter *starter;        /* the process that starts it; NULL: this process does ... */
    unsigned index; /* ... otherwise the number of the program there; argv is then ignored */
};

/* Starts a program with exactly this environment. It inherits descriptors 0, 1 and 2 only, no
 * blocked or ignored signals, and runs in a separate session: a ^C on our terminal does not reach
 * it, and it cannot access our terminal. The channel is a socket, not a pipe, because a socket
 * cannot be opened a second time through /proc. Errors: ERR_CONFIG (no such program), ERR_IO. */
bool process_start(const struct process_program *program, struct process *out, struct err *err);

/* Has it ended? Reaps it if it has. Never waits. */
bool process_ended(struct process *p);

/* Sends signal to the process and its helpers, unless it has ended. */
void process_signal(struct process *p, int signal);

/* How it ended: "exit 1", "killed by signal 11, Segmentation fault", "still running". out has
 * PROCESS_HOW_SIZE bytes. Returns out. */
enum { PROCESS_HOW_SIZE = 80 };
const char *process_how(struct process *p, char *out);

/* Closes our ends. Ending the process is left to the caller. */
void process_close(struct process *p);

#endif
