/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of systemd-ask-password(1), one for each device whose PIN it asks for. */
#ifndef HSMFERRY_CMD_PIN_ENTRY_H
#define HSMFERRY_CMD_PIN_ENTRY_H

#include "config/config.h"
#include "protocol/side.h"

#define PIN_ENTRY_PROGRAM "/usr/bin/systemd-ask-password"
enum { PIN_ENTRY_WORDS = 8 };

struct pin_entry {
    char id[32], prompt[512];
    const char *argv[PIN_ENTRY_WORDS]; /* NULL at the end; empty: another entry is configured */
};

/* Makes the command for this device; it is fixed before anything of an HSM is read. side:
 * SIDE_RELAY for the signer. *entry must not be moved afterwards. */
void pin_entry_make(struct pin_entry *entry, const struct config *config, enum side side,
                    const struct config_side *device);

#endif
