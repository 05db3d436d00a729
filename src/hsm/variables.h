/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which environment variables may reach a module. Many of them name code to load, or files and
 * hosts to use instead of others; so the variables that a dialect lists are allowed, and of the
 * rest only those that are not known to do harm.
 */
#ifndef HSMFERRY_HSM_VARIABLES_H
#define HSMFERRY_HSM_VARIABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum variable_rank {
    VARIABLE_PLAIN,     /* not known to do harm */
    VARIABLE_SESSION,   /* belongs to a login session, for programs; a module never gets it */
    VARIABLE_REHEARSAL, /* reveals a PIN, or loads another module deliberately */
    VARIABLE_NEVER,     /* loads code, or directs libraries to other files and hosts */
    VARIABLE_LOADER,    /* the same, and takes effect before a program can remove it */
};

/* The rank of "NAME" or "NAME=value". *why (may be NULL): what a variable that is not plain does, a
 * phrase that follows its name: "names code to load". If a variable may also hold something
 * harmless, a value that names code makes it VARIABLE_NEVER. */
enum variable_rank variable_rank(const char *variable, const char **why);

/* Does the name of "NAME=value" match one of these patterns, in which '*' stands for any run of
 * characters? */
bool variable_is_listed(const char *variable, const char *const *patterns, size_t count);

/* Removes from this NULL-terminated list everything that no module gets: all but plain variables
 * and those for rehearsals. Variables of the loader are kept, to be refused later: they have
 * already taken effect. */
void variables_drop(char **list);

/* Is this list free of variables of the loader? Errors: ERR_CONFIG. */
bool variables_loader(const char *const *list, struct err *err);

/* Is each plain variable of this list among the patterns? whose: the owner of the patterns, for the
 * message. Errors: ERR_CONFIG. */
bool variables_allowed(const char *const *list, const char *const *patterns, size_t count,
                       const char *whose, struct err *err);

#endif
