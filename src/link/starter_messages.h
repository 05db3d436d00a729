/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between the console and the process that starts agents; see link/starter.h. */
#ifndef HSMFERRY_LINK_STARTER_MESSAGES_H
#define HSMFERRY_LINK_STARTER_MESSAGES_H

#include <stdint.h>

enum starter_kind {
    STARTER_NAME,   /* program, words */
    STARTER_SEAL,   /* chooses, words: the folders */
    STARTER_CHOOSE, /* program, words */
    STARTER_START,  /* program; with two descriptors */
    STARTER_SIGNAL, /* pid, signal */
    STARTER_KINDS
};

/* One request is one packet: this header, then its words, each terminated by a NUL. The words of a
 * program are its command (none: our own agent), its module, its environment. */
struct starter_request {
    uint32_t kind, program;
    uint32_t command_words, words; /* command_words of words are the command */
    int32_t pid, signal;
    uint32_t chooses;
};

struct starter_answer {
    int32_t error; /* errno; 0: done */
    int32_t pid;   /* for STARTER_START: also set for a child whose program could not be started */
};

/* Serves requests on fd until it ends; never returns. */
_Noreturn void starter_serve(int fd, const char *own_agent);

#endif
