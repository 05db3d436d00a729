/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program of ours in a process of its own: how it is started, what it inherits (nothing but its
 * two pipes), and how it ended.
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
    int status;              /* as waitpid(2) tells it, once reaped; -1: never known */
    int channel;             /* its standard input and output: a socket, non-blocking at our end */
    int log;                 /* its standard error: the reading end of a pipe, non-blocking */
    struct starter *starter; /* who started it for us; NULL: we did */
};

/* What is started. */
struct process_program {
    const char *const *argv;        /* argv[0] an absolute path */
    const char *const *environment; /* all of it, NULL at the end */
    struct starter *starter;        /* what may start programs; NULL: we do it ourselves ... */
    unsigned index;                 /* ... else this one of its programs, whatever argv says */
};

/* Starts a program with exactly this environment. It gets descriptors 0, 1 and 2 and no other, no
 * blocked or ignored signals, and a session of its own: a ^C on our terminal does not reach it,
 * nor can it reach our terminal. A socket, not a pipe, because /proc lets nobody open a socket a
 * second time. Errors: ERR_CONFIG (no such program), ERR_IO. */
bool process_start(const struct process_program *program, struct process *out, struct err *err);

/* Has it ended? Reaps it if so. Never waits. */
bool process_ended(struct process *p);

/* Sends signal to it and its helpers, unless it has ended. */
void process_signal(struct process *p, int signal);

/* How it ended: "exit 1", "killed by signal 11, Segmentation fault", "still running". out has
 * PROCESS_HOW_SIZE bytes. Returns out. */
enum { PROCESS_HOW_SIZE = 80 };
const char *process_how(struct process *p, char *out);

/* Closes our ends. Its end is the caller's business. */
void process_close(struct process *p);

#endif
