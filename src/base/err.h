/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A failure: its class, by which the caller decides, the HSM's name for it, and three sentences for
 * the officer. Plain data of fixed size: it can be copied, sent and put into an event.
 */
#ifndef HSMFERRY_BASE_ERR_H
#define HSMFERRY_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* The class of a failure, by which the caller decides. err_exit() returns the exit code of each. */
enum err_code {
    ERR_NONE,
    ERR_FAILED,      /* it failed and nothing has changed */
    ERR_UNFINISHED,  /* something may be left over, or the outcome is unknown */
    ERR_CONFLICT,    /* the state that was found is not the expected one; nothing was changed */
    ERR_USAGE,       /* the command line, or other input of a person */
    ERR_DATA,        /* data that must not be trusted or cannot be handled */
    ERR_NO_INPUT,    /* the named object or file does not exist */
    ERR_HSM,         /* the HSM refused or failed; it still answers */
    ERR_UNSUPPORTED, /* this HSM cannot do this; there may be another way */
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
    uint64_t hsm_code;           /* the HSM's error number; 0: none */
    char hsm_name[ERR_NAME_MAX]; /* its name, e.g. "CKR_KEY_NOT_WRAPPABLE"; may be empty */
    char what[ERR_WHAT_MAX];     /* what failed */
    char now[ERR_NOW_MAX];       /* what is true now; may be empty */
    char next[ERR_NEXT_MAX];     /* what to do next; may be empty */
};

/* Clears *err and sets code and the sentence that says what failed. Always returns false, so that a
 * function can end with `return err_set(err, ERR_DATA, "...")`. Text that does not fit is truncated
 * at the end of a character. err may be NULL. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set(), and stores the HSM's error number and name (name may be NULL). */
bool err_set_hsm(struct err *err, enum err_code code, uint64_t hsm_code, const char *name,
                 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* As err_set(), and appends ": " and the description of errno value no. */
bool err_set_errno(struct err *err, enum err_code code, int no, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Add what is true now / what to do next to a failure that is set. Both return false. */
bool err_now(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool err_next(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Clears a failure that was handled. */
void err_clear(struct err *err);

/* The name of code for logs and reports, e.g. "conflict". */
const char *err_code_name(enum err_code code);

/* The process exit code that belongs to code (0 for ERR_NONE), as the manual page lists them. */
int err_exit(enum err_code code);

/* The HSM's error number as its API writes it: "0x69"; "-8190" for negative numbers, which NSS
 * uses. out has ERR_NUMBER_SIZE bytes. Returns out. */
enum { ERR_NUMBER_SIZE = 24 };
char *err_number(uint64_t hsm_code, char *out);

/* The one-line form: "what (0x69 CKR_KEY_NOT_WRAPPABLE). now. next." into out of size bytes;
 * always terminated. Returns out. */
const char *err_line(const struct err *err, char *out, unsigned size);

#endif
