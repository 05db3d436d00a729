/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/pin_entry.h"

#include <string.h>

#include "base/text.h"

void pin_entry_make(struct pin_entry *entry, const struct config *config, enum side side,
                    const struct config_side *device)
{
    char title[256], token[256];

    *entry = (struct pin_entry){.id = ""};
    if (!device || !device->asks_elsewhere)
        return;
    text_safe(config->title, strlen(config->title), title, sizeof title);
    text_safe(device->token.text, strlen(device->token.text), token, sizeof token);
    text_print(entry->id, sizeof entry->id, "--id=hsmferry:%s", side_name(side));
    text_print(entry->prompt, sizeof entry->prompt, "hsmferry, %.150s: PIN of %.200s (%s)", title,
               token, side == SIDE_RELAY ? "to sign the report" : side_name(side));
    const char *const argv[PIN_ENTRY_WORDS] = {PIN_ENTRY_PROGRAM, "--no-tty", "--timeout=0",
                                               entry->id,         "--",       entry->prompt};
    memcpy(entry->argv, argv, sizeof argv);
}
