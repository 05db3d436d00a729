/* SPDX-License-Identifier: Apache-2.0 */
/* The files that the confinement of each command permits: the system's, and those of the
 * command. */
#ifndef HSMFERRY_CMD_CONFINEMENT_H
#define HSMFERRY_CMD_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/box.h"

enum { CONFINEMENT_OWN = 48 };

/* The rules of one command. {0} is empty. */
struct confinement {
    struct land_rule rules[CONFINEMENT_OWN];
    size_t count;
};

/* Adds a rule; path must live until confinement_enter(). NULL or an empty path adds none. */
void confinement_add(struct confinement *c, const char *path, enum land_use use);

/* Confines this process; see box_console(). screen: it also draws on a terminal. */
bool confinement_enter(const struct confinement *c, bool screen, struct box *box, struct err *err);

/* For a command that only reads files, each of which may have others next to it. files: NULL at
 * the end. screen: it also draws on a terminal. */
bool confinement_reader(const char *const *files, bool screen, struct err *err);

#endif
