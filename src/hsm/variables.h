/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which environment variables may reach a module. Many of them name code to load, or files and
 * hosts to use in place of others; so what a dialect lists is allowed, and of the rest only what is
 * not known to do harm.
 */
#ifndef HSMFERRY_HSM_VARIABLES_H
#define HSMFERRY_HSM_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum variable_rank {
    VARIABLE_PLAIN,     /* nothing is known against it */
    VARIABLE_SESSION,   /* of a login session, for programs; a module never gets it */
    VARIABLE_REHEARSAL, /* shows a PIN, or loads another module on purpose */
    VARIABLE_NEVER,     /* loads code, or turns libraries to other files and hosts */
    VARIABLE_LOADER,    /* the same, and in force before a program can drop it */
};

/* The rank of "NAME" or "NAME=value". *why (may be NULL): what a variable does that is not plain, a
 * phrase that follows its name: "names code to load". A value that names code, where its variable
 * may also hold something harmless, makes it VARIABLE_NEVER. */
enum variable_rank variable_rank(const char *variable, const char **why);

/* Does the name of "NAME=value" match one of these patterns, in which '*' stands for any run of
 * characters? */
bool variable_is_listed(const char *variable, const char *const *patterns, size_t count);

/* Takes away from this list, which NULL ends, what no module gets: all but plain variables and
 * those for rehearsals. Those of the loader stay, to be refused: they were in force already. */
void variables_drop(char **list);

/* Is there none of the loader's in this list? Errors: ERR_CONFIG. */
bool variables_loader(const char *const *list, struct err *err);

/* Is each plain variable of this list among the patterns? whose: what has these patterns, for the
 * message. Errors: ERR_CONFIG. */
bool variables_allowed(const char *const *list, const char *const *patterns, size_t count,
                       const char *whose, struct err *err);

#endif
