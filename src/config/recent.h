/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two HSMs of the last ceremony, so that they need not be typed again: a file of a few lines in
 * the user's folder for states. It holds no PIN and no pin-source. It may have been written by
 * anybody who is this user, so it is checked like a ceremony file, and what is in it is shown
 * before it is used.
 */
#ifndef HSMFERRY_CONFIG_RECENT_H
#define HSMFERRY_CONFIG_RECENT_H

#include "config/config.h"

enum { RECENT_HSMS = 2, RECENT_SIZE = 16 * 1024 };

/* The source first. {0} is empty; freed with recent_free(). */
struct recent {
    struct config_side side[RECENT_HSMS];
    unsigned count;
};

/* Opens the file for reading and writing, and makes it if there is none: in $XDG_STATE_HOME or
 * ~/.local/state, hsmferry/recent, mode 0600. -1: it cannot be made, or it is no regular file of
 * this user alone. To be called before the process is in its box, which has no way to it. */
int recent_open(void);

/* Reads what is there. Errors: ERR_CONFIG (anything that this program does not write there, or that
 * a ceremony file may not say; *out is then empty), ERR_IO, ERR_FAILED. An empty file is fine. */
bool recent_read(int fd, struct recent *out, struct err *err);

/* Replaces it by the two HSMs of this configuration, if they can be chosen on the screen at all:
 * not one that names an agent. Errors: ERR_IO; ERR_CONFIG (they do not fit). */
bool recent_write(int fd, const struct config *config, struct err *err);

void recent_free(struct recent *recent);

#endif
