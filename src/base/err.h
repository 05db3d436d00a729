/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failure: what the caller may do about it, the HSM's own name for it, and three sentences for
 * the officer. Plain data of fixed size: it can be copied, sent and put into an event.
 */
#ifndef HSMFERRY_BASE_ERR_H
#define HSMFERRY_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* What the caller may do about a failure. err_exit() gives the exit code of each. */
enum err_code {
    ERR_NONE,
    ERR_FAILED,      /* it failed and nothing has changed */
    ERR_UNFINISHED,  /* something may be left over, or the outcome is unknown */
    ERR_CONFLICT,    /* what is there is not what was planned for; nothing was touched */
    ERR_USAGE,       /* the command line, or what was typed */
    ERR_DATA,        /* data that must not be trusted or cannot be carried */
    ERR_NO_INPUT,    /* what was named is not there */
    ERR_HSM,         /* the HSM refused or failed; it still answers */
    ERR_UNSUPPORTED, /* this HSM cannot do this; another way may exist */
    ERR_GONE,        /* the HSM or its agent is gone: no further call will be answered */
    ERR_IO,          /* our own files and pipes */
    ERR_DENIED,      /* policy, PIN or permission */
    ERR_CONFIG,      /* the ceremony file */
    ERR_STOPPED,     /* an officer or a signal stopped it */
    ERR_CODES        /* how many there are */
};

enum { ERR_NAME_MAX = 48, ERR_WHAT_MAX = 384, ERR_NOW_MAX = 160, ERR_NEXT_MAX = 224 };

struct err {
    enum err_code code;
    uint64_t hsm_code;           /* the HSM's own number; 0: it gave none */
    char hsm_name[ERR_NAME_MAX]; /* its name, e.g. "CKR_KEY_NOT_WRAPPABLE"; may be empty */
    char what[ERR_WHAT_MAX];     /* what failed */
    char now[ERR_NOW_MAX];       /* what is true now; may be empty */
    char next[ERR_NEXT_MAX];     /* what to do next; may be empty */
};

/* Starts *err anew with code and the sentence of what failed. Always returns false, so that a
 * function can end with `return err_set(err, ERR_DATA, "...")`. Text is cut, at a character's
 * end, where it does not fit. err may be NULL. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set(), and keeps the HSM's own number and name (name may be NULL). */
bool err_set_hsm(struct err *err, enum err_code code, uint64_t hsm_code, const char *name,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* As err_set(), and appends ": " and the words for errno value no. */
bool err_set_errno(struct err *err, enum err_code code, int no, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds what is true now / what to do next to a failure that is set. Both return false. */
bool err_now(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_next(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets a failure that was dealt with. */
void err_clear(struct err *err);

/* The name of code for logs and reports, e.g. "conflict". */
const char *err_code_name(enum err_code code);

/* The process exit code that belongs to code (0 for ERR_NONE), as the manual page lists them. */
int err_exit(enum err_code code);

/* The HSM's own number as its API writes it: "0x69"; "-8190" where it counts downwards, as NSS
 * does. out has ERR_NUMBER_SIZE bytes. Returns out. */
enum { ERR_NUMBER_SIZE = 24 };
char *err_number(uint64_t hsm_code, char *out);

/* The one-line form: "what (0x69 CKR_KEY_NOT_WRAPPABLE). now. next." into out of size bytes;
 * always terminated. Returns out. */
const char *err_line(const struct err *err, char *out, unsigned size);

#endif
