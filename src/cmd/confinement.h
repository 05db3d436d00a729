/* SPDX-License-Identifier: Apache-2.0 */
/* What the box of each command lets through: the system's files, and what the command is about. */
#ifndef HSMFERRY_CMD_CONFINEMENT_H
#define HSMFERRY_CMD_CONFINEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "confine/box.h"

enum { CONFINEMENT_OWN = 24 };

/* The rules of one command. {0} is empty. */
struct confinement {
    struct land_rule rules[CONFINEMENT_OWN];
    size_t count;
};

/* Adds a rule; path must live until confinement_enter(). NULL and an empty path add none. */
void confinement_add(struct confinement *c, const char *path, enum land_use use);

/* Puts this process into its box; see box_console(). screen: it also draws on a terminal. */
bool confinement_enter(const struct confinement *c, bool screen, struct box *box, struct err *err);

/* For a command that only reads files, each of which may have others beside it. files: NULL at
 * the end. screen: it also draws on a terminal. */
bool confinement_reader(const char *const *files, bool screen, struct err *err);

#endif
